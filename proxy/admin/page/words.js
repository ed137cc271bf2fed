// What the API's fixed words mean, for people. A word that is not here is shown as it is.

export const dispositions = {
  direct: 'forwarded by the kernel, end to end',
  splice: 'relayed unread',
  inspect: 'plain HTTP, read',
  decrypt: 'TLS opened, read',
  block: 'refused, and told so',
  reset: 'refused by a reset',
};

export const causes = {
  client_certificate: 'origin asks for a client certificate',
  protocol: 'no version that may be spoken',
  ech: 'client insists on its encrypted hello',
  rejected: 'client refused the certificate',
  closed: 'client closed without a word',
  not_tls: 'not TLS',
};

export const codes = {
  finished: 'closed in order',
  reset: 'reset',
  refused: 'refused',
  unreachable: 'unreachable',
  timeout: 'not answered in time',
  idle: 'idle for too long',
  drained: 'still open at the end of a drain',
  limit: 'no room: a limit was met',
  blocked: 'blocked by policy',
  denied: 'reset by policy',
  flood: 'flood of useless frames',
  malformed: 'malformed',
  untrusted: 'origin not to be believed',
  rejected: 'certificate refused',
  undecryptable: 'cannot be decrypted, blocked',
  tls: 'TLS error',
  not_intercepted: 'was for the gateway itself',
  lost: 'stopped answering',
  failed: 'failed',
};

// Ends that are no errors: what /api/v1/history does not count.
export function isError(end) {
  if (['finished', 'idle', 'drained', 'blocked', 'denied'].includes(end.code)) return false;
  return !(end.code === 'reset' && end.side === 'client');
}

export const verdicts = {
  intercepted: 'came to weir',
  direct: 'went direct',
  direct_full: 'came to weir: the set of direct flows was full',
  stripped: 'stripped of MPTCP',
  denied: 'reset',
  postponed: 'joins dropped until their connection is known',
  joins_dropped: 'unknown joins dropped',
  refused: 'for the gateway itself, reset',
  quic: 'QUIC packets refused',
};

export const learnedBy = {
  resolved: 'resolved by weir',
  seen: 'seen in a flow',
  answered: 'seen in a DNS answer',
};

const events = {
  mptcp_syn: ['info', 'SYN with option 30'],
  join_failed: ['warning', 'Join failed'],
  untrusted_origin: ['warning', 'Origin not trusted'],
  alerts_dropped: ['warning', 'Alerts missed'],
  rules_restored: ['warning', 'Kernel rules put back'],
  rules_lost: ['bad', 'Kernel rules lost'],
  reload: ['good', 'Configuration reloaded'],
  reload_refused: ['bad', 'Reload refused'],
  bypass_added: ['info', 'Bypass added'],
  bypass_removed: ['info', 'Bypass removed'],
  tls_exception: ['warning', 'TLS exception made'],
  tls_exception_removed: ['info', 'TLS exception removed'],
  drain: ['warning', 'Draining'],
};

export function event(kind) {
  const [level, title] = Object.hasOwn(events, kind) ? events[kind] : ['info', kind.replaceAll('_', ' ')];
  return { level, title };
}

export const say = (words, word) => (Object.hasOwn(words, word) ? words[word] : word);

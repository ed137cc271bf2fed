// The first view: is it well, how much flows, and what becomes of it.

import { get } from '/api.js';
import { bars } from '/bars.js';
import { at, element, facts, setClass, setText, sync } from '/dom.js';
import { bitRate, bytes, count, date, duration, plural, rate, share, time } from '/format.js';
import * as plots from '/plots.js';
import { polled } from '/poll.js';
import * as words from '/words.js';

const JOINS_EVERY = 10_000;
const CA_WARNING_DAYS = 30;
const sum = (object) => Object.values(object).reduce((total, number) => total + number, 0);

// What an operator should look at: each a sentence.
function concerns(status) {
  const { counters, tls } = status;
  const said = [];
  if (!status.ready) said.push(['bad', `${status.not_ready}.`]);
  if (status.reload_refused) said.push(['bad', `The last reload was refused: ${status.reload_refused}.`]);
  if (!status.mptcp) said.push(['warning', 'This kernel has no MPTCP, or it is off: weir runs as plain TCP.']);
  if (counters.accept_paused > 0)
    said.push(['warning', `Accepting was paused ${plural(counters.accept_paused, 'time', 'times')} for want of room.`]);
  if (counters.records_dropped > 0)
    said.push(['warning', `${plural(counters.records_dropped, 'record', 'records')} could not be written in time.`]);
  const days = tls.decrypts ? (new Date(tls.ca.expires) - Date.now()) / 86_400_000 : Infinity;
  if (days < CA_WARNING_DAYS) said.push(['warning', `The certificate authority's time is over on ${date(tls.ca.expires)}.`]);
  return said;
}

function showHealth(status) {
  const said = concerns(status);
  const level = status.ready ? (said.length > 0 ? 'warning' : 'good') : 'bad';
  const title = { good: 'Healthy', warning: 'Running, with remarks', bad: 'Not ready' }[level];
  setClass(at('health'), `card health ${level}`);
  setText(at('health-title'), title);
  setText(at('health-reason'), said.length > 0 ? '' :
    `Kernel rules ${status.manage_network ? 'are installed' : 'are the operator’s own'}; flows are taken.`);
  sync(at('concerns'), said, ([, text]) => text, () => element('li'), (node, [kind, text]) => {
    setClass(node, kind);
    setText(node, text);
  });
  facts(at('health-facts'), [
    ['version', status.version],
    ['up', duration(status.uptime_ms)],
    ['ports', status.intercept_ports.join(', ')],
    ['interfaces', status.client_interfaces.join(', ')],
    ['MPTCP SYNs', status.mptcp ? status.on_syn : 'off'],
    ['policy', `${plural(status.rules, 'rule', 'rules')}, ${plural(status.bypasses, 'bypass', 'bypasses')}`],
    ['workers', status.workers],
    ['configuration', status.configuration],
    ['read', time(status.configuration_read)],
  ]);
}

function tile(id, value, note) {
  setText(at(id).querySelector('.value'), value);
  setText(at(id).querySelector('.note'), note);
}

function showTiles(status) {
  const { flows_live: live, flows_accepted: accepted } = status.counters;
  tile('tile-live', count(sum(live)), `${count(live.mptcp)} MPTCP, ${count(live.tcp)} TCP`);
  tile('tile-mptcp', share(accepted.mptcp, sum(accepted)), `of ${plural(sum(accepted), 'flow', 'flows')} since start`);
  tile('tile-subflows', count(status.counters.subflows_joined),
    `joined; ${plural(status.counters.fallbacks, 'fallback', 'fallbacks')}`);
}

function showRates() {
  const { sample, interval } = plots.newest();
  if (!sample) return;
  const all = sample.bytes_from_client + sample.bytes_to_client;
  tile('tile-rate', bitRate(8 * all / interval),
    `↓ ${bitRate(8 * sample.bytes_to_client / interval)}, ↑ ${bitRate(8 * sample.bytes_from_client / interval)}`);
  tile('tile-requests', rate(sample.requests / interval), `${count(plots.sum((one) => one.requests))} in 15 min`);
  const errors = plots.sum((one) => one.errors);
  tile('tile-errors', count(errors), 'in 15 min');
  at('tile-errors').classList.toggle('bad', errors > 0);
}

function showTls(status) {
  const { tls } = status.counters;
  const outcomes = [
    { name: 'decrypted', note: `${count(sum(tls.resumed))} sessions resumed`, value: tls.decrypted, kind: 'decrypt' },
    ...Object.entries(tls.not_decrypted).map(([cause, value]) =>
      ({ key: cause, name: words.say(words.causes, cause), note: 'not decrypted', value, kind: 'splice' })),
    { name: 'origin not believed', note: 'blocked or mirrored', value: tls.untrusted, kind: 'block' },
    { name: 'handshake with client failed', value: tls.handshake_failed.client, kind: 'block' },
    { name: 'handshake with origin failed', value: tls.handshake_failed.upstream, kind: 'block' },
  ];
  setText(at('tls-off'), status.tls.decrypts ? '' : 'Decryption is off.');
  bars(at('tls-outcomes'), outcomes.filter((one) => one.value > 0), { empty: 'No handshakes yet' });
}

function showCache(status) {
  const { leaves } = status.tls;
  facts(at('leaves'), leaves ? [
    ['cached', count(leaves.cached)], ['made', count(leaves.made)], ['from the cache', count(leaves.cache_hits)],
    ['hits', share(leaves.cache_hits, leaves.cache_hits + leaves.made)],
    ['exceptions', count(status.tls.exceptions)],
  ] : [['exceptions', count(status.tls.exceptions)]]);
}

function showRequests(status) {
  const { http } = status.counters;
  const kinds = { '2xx': 'good', '3xx': 'splice', '4xx': 'decrypt', '5xx': 'block' };
  const ended = Object.entries(http.requests).map(([end, value]) =>
    ({ key: `end ${end}`, name: end, note: 'request', value, kind: end === 'finished' ? 'good' : '' }));
  const answered = Object.entries(http.responses).map(([kind, value]) =>
    ({ name: kind, note: 'response', value, kind: kinds[kind] ?? '' }));
  bars(at('requests'), [...ended, ...answered].filter((one) => one.value > 0), { empty: 'No request was read yet' });
}

function showDispositions(summary) {
  const items = Object.entries(summary.dispositions).map(([name, value]) =>
    ({ name, note: words.say(words.dispositions, name), value, kind: name }));
  bars(at('dispositions'), items, { total: sum(summary.dispositions) });
}

function showSubflows(summary) {
  const total = summary.subflows.reduce((flows, one) => flows + one.flows, 0);
  const most = Math.max(0, ...summary.subflows.filter((one) => one.flows > 0).map((one) => one.subflows));
  bars(at('subflows'), summary.subflows.filter((one) => one.subflows <= most).map((one) =>
    ({ key: one.subflows, name: plural(one.subflows, 'subflow', 'subflows'), value: one.flows, kind: 'mptcp' })),
  { total, empty: 'No MPTCP flow has ended yet' });
}

function showMatches(summary) {
  bars(at('rule-matches'), summary.rules.map((one) => ({
    key: one.rule, name: one.rule, value: one.flows + one.requests,
    note: `${plural(one.flows, 'flow', 'flows')}, ${plural(one.requests, 'request', 'requests')}`,
  })), { empty: 'No rule has decided yet' });
  bars(at('bypass-matches'), summary.bypasses.map((one) =>
    ({ name: one.name, value: one.syns, note: 'SYNs', kind: 'direct' })), { empty: 'No bypass is configured' });
}

function domainRow() {
  return element('tr', { role: 'row' },
    element('th', { scope: 'row', role: 'rowheader', class: 'name' }),
    ...['flows', 'requests', 'from clients', 'to clients'].map((label) =>
      element('td', { role: 'cell', class: 'number', 'data-label': label })));
}

function showDomains(summary) {
  at('domains-empty').hidden = summary.domains.length > 0;
  at('domains-table').hidden = summary.domains.length === 0;
  sync(at('domains'), summary.domains, (one) => one.name, domainRow, (row, one) => {
    const [name, flows, requests, from, to] = row.children;
    setText(name, one.name);
    name.title = one.name;
    setText(flows, count(one.flows));
    setText(requests, count(one.requests));
    setText(from, bytes(one.bytes_from_client));
    setText(to, bytes(one.bytes_to_client));
  });
}

function showEnds(summary) {
  const errors = summary.ends.filter(words.isError);
  const inOrder = summary.ends.filter((end) => !words.isError(end)).reduce((total, end) => total + end.flows, 0);
  setText(at('ends-in-order'), `${plural(inOrder, 'flow', 'flows')} ended without an error.`);
  bars(at('ends'), errors.map((end) => ({
    key: `${end.stage} ${end.side} ${end.code}`, name: words.say(words.codes, end.code),
    note: `${end.side}, ${end.stage}`, value: end.flows, kind: 'block',
  })), { empty: 'No errors' });
}

function showKernel(summary) {
  const syns = Object.entries(summary.kernel.syns).filter(([, value]) => typeof value === 'number');
  syns.push(['quic', summary.kernel.quic_refused ?? 0]);
  bars(at('syns'), syns.map(([name, value]) =>
    ({ key: name, name: words.say(words.verdicts, name), value, kind: name === 'direct' ? 'direct' : '' }))
    .filter((one) => one.value > 0), { empty: 'No SYN has come yet' });
  const counters = Object.entries(summary.kernel.mptcp).filter(([, value]) => value > 0);
  facts(at('kernel-mptcp'), counters.map(([name, value]) => [name, count(value)]));
  setText(at('kernel-mptcp-note'), counters.length > 0 ? `${counters.length} of the kernel’s MPTCP counters`
    : 'The kernel’s MPTCP counters are all zero');
}

const joins = polled(async (isWanted) => {
  const answer = await get('/api/v1/joins').catch(() => null);
  if (answer && isWanted()) showJoins(answer);
}, JOINS_EVERY);

function showJoins(answer) {
  const said = [...answer.paths.slice(0, 20).map((path) => path.sentence), ...answer.kernel];
  sync(at('joins'), said, (text) => text, () => element('li'), setText);
  at('joins').dataset.empty = 'No join has failed, and none has been tried';
}

export function enter(state) {
  joins.again();
  update(state);
  plots.drawAll();
}

export const leave = joins.stop;

export function update({ status, summary }) {
  if (status) {
    showHealth(status);
    showTiles(status);
    showTls(status);
    showCache(status);
    showRequests(status);
  }
  if (!summary) return;
  showDispositions(summary);
  showSubflows(summary);
  showMatches(summary);
  showDomains(summary);
  showEnds(summary);
  showKernel(summary);
}

export function sampled() {
  showRates();
  plots.drawAll();
}

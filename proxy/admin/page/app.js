// The status page: asks the API every two seconds and shows what it says. What comes from the network is only ever set
// as text.
'use strict';

const SHOWN = 200;
const EVERY = 2000;
let chosen = location.hash.slice(1);

const at = (id) => document.getElementById(id);

function bytes(count) {
  if (count < 1024) return `${count} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let unit = -1;
  do { count /= 1024; unit += 1; } while (count >= 1023.95 && unit < units.length - 1);
  return `${count.toFixed(1)} ${units[unit]}`;
}

function duration(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor(seconds / 3600) % 24} h`;
}

function cell(content, number) {
  const element = document.createElement('td');
  if (content instanceof Node) element.append(content); else element.textContent = content;
  if (number) element.className = 'number';
  return element;
}

function facts(list, pairs) {
  list.replaceChildren(...pairs.map(([name, value]) => {
    const group = document.createElement('div');
    const term = document.createElement('dt');
    const description = document.createElement('dd');
    term.textContent = name;
    description.textContent = value;
    group.append(term, description);
    return group;
  }));
}

async function get(path) {
  const response = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(8000) });
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.detail), { status: response.status });
  return answer;
}

function showHealth(text, good) {
  at('health').textContent = text;
  at('health').className = good ? 'badge good' : 'badge bad';
}

function showStatus(status) {
  const { counters } = status;
  showHealth(status.ready ? 'ready' : status.not_ready, status.ready);
  at('about').textContent = `${status.version}, up ${duration(status.uptime_ms)}, ports ` +
    `${status.intercept_ports.join(', ')} from ${status.client_interfaces.join(', ')}` +
    (status.mptcp ? '' : '; this kernel has no MPTCP');
  facts(at('glance'), [
    ['MPTCP flows', counters.flows_live.mptcp],
    ['TCP flows', counters.flows_live.tcp],
    ['accepted', counters.flows_accepted.mptcp + counters.flows_accepted.tcp],
    ['ended', counters.flows_ended],
    ['from clients', bytes(counters.bytes_from_client)],
    ['to clients', bytes(counters.bytes_to_client)],
    ['subflows joined', counters.subflows_joined],
    ['fallbacks to TCP', counters.fallbacks],
    ['accept paused', counters.accept_paused],
    ['records dropped', counters.records_dropped],
    ['requests', Object.values(counters.http.requests).reduce((sum, count) => sum + count, 0)],
    ['decryption', status.tls.decrypts ? status.tls.ca.subject : 'off'],
    ['flows decrypted', counters.tls.decrypted],
    ['TLS exceptions', status.tls.exceptions],
  ]);
}

function exceptionRow(exception) {
  const row = document.createElement('tr');
  row.append(cell(exception.client ?? exception.destination), cell(exception.name), cell(exception.reason),
    cell(duration(exception.expires_in_s * 1000), true));
  return row;
}

async function showExceptions(count) {
  at('exceptions').hidden = count === 0;
  if (count === 0) return;
  const { exceptions } = await get('/api/v1/exceptions');
  at('exceptions-list').replaceChildren(...exceptions.slice(0, SHOWN).map(exceptionRow));
}

function choose(id) {
  chosen = id;
  history.replaceState(null, '', id ? `#${id}` : location.pathname);
  at('flow').hidden = !id;
  if (id) showFlow().then(() => at('flow').scrollIntoView({ block: 'nearest' }));
}

function flowRow(flow) {
  const row = document.createElement('tr');
  const button = document.createElement('button');
  button.type = 'button';
  button.dataset.id = flow.id;
  button.textContent = flow.id;
  if (flow.id === chosen) row.className = 'chosen';
  row.append(cell(button), cell(flow.client), cell(flow.destination), cell(flow.domain ?? ''),
    cell(flow.transport === 'mptcp' ? 'MPTCP' : 'TCP'), cell(flow.transport === 'mptcp' ? flow.subflows_now : '', true),
    cell(bytes(flow.bytes_from_client), true), cell(bytes(flow.bytes_to_client), true),
    cell(duration(flow.duration_ms), true));
  return row;
}

function showFlows(answer) {
  const focused = document.activeElement?.dataset?.id;
  at('flows').replaceChildren(...answer.flows.map(flowRow));
  for (const button of at('flows').querySelectorAll('button')) if (button.dataset.id === focused) button.focus();
  const shown = answer.flows.length;
  at('flows-note').textContent = shown === answer.matched ? `${shown} shown of ${answer.total}`
    : `the first ${shown} of ${answer.matched} shown; ${answer.total} in all`;
}

function decider(rule) {
  if (!rule) return 'the defaults';
  return rule.startsWith('bypass ') ? rule : `rule ${rule}`;
}

function pathRow(path, index) {
  const row = document.createElement('tr');
  const state = path.live ? (path.backup ? 'backup' : 'live') : `ended: ${path.end ?? 'cause unknown'}`;
  row.append(cell(index + 1), cell(path.client), cell(path.local), cell(bytes(path.bytes_from_client), true),
    cell(bytes(path.bytes_to_client), true), cell(`${(path.round_trip_us / 1000).toFixed(1)} ms`, true),
    cell(path.retransmissions, true), cell(state));
  return row;
}

async function showFlow() {
  const id = chosen;
  at('flow-title').textContent = `Flow ${id}`;
  try {
    const flow = await get(`/api/v1/flows/${encodeURIComponent(id)}`);
    if (id !== chosen) return;
    at('flow-note').textContent = '';
    facts(at('flow-facts'), [
      ['client', flow.client],
      ['destination', flow.destination],
      ['transport', flow.transport === 'mptcp' ? (flow.fallback ? 'MPTCP, fell back to TCP' : 'MPTCP') : 'TCP'],
      ['name', flow.domain ? flow.domain + (flow.encrypted_client_hello ? ' (of the outer hello)' : '') : 'none given'],
      ['disposition', flow.disposition],
      ['decided by', decider(flow.rule)],
      ...('requests' in flow ? [['requests', flow.requests]] : []),
      ['from client', bytes(flow.bytes_from_client)],
      ['to client', bytes(flow.bytes_to_client)],
      ['age', duration(flow.duration_ms)],
      ['idle', duration(flow.idle_ms)],
      ['dialled from', flow.upstream_from ?? 'not dialled yet'],
    ]);
    at('paths').replaceChildren(...(flow.paths ?? []).map(pathRow));
  } catch (error) {
    if (id === chosen) at('flow-note').textContent = error.status === 404 ? 'This flow has ended.' : error.message;
  }
}

async function refresh() {
  try {
    const query = new URLSearchParams({ limit: SHOWN, sort: at('sort').value });
    if (at('transport').value) query.set('transport', at('transport').value);
    const [status, flows] = await Promise.all([get('/api/v1/status'), get(`/api/v1/flows?${query}`)]);
    showStatus(status);
    showFlows(flows);
    await showExceptions(status.tls.exceptions);
    if (chosen) await showFlow();
  } catch (error) {
    showHealth(error.status ? error.message : 'weir does not answer', false);
  }
}

async function keepRefreshing() {
  if (!document.hidden) await refresh();
  setTimeout(keepRefreshing, EVERY);
}

at('flows').addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (button) choose(button.dataset.id);
});
at('flow-close').addEventListener('click', () => choose(''));
at('sort').addEventListener('change', refresh);
at('transport').addEventListener('change', refresh);
if (chosen) choose(chosen);
keepRefreshing();

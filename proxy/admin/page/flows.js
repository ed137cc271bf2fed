// The live flows: a table that follows them, sorted and filtered by weir.

import { get, query } from '/api.js';
import { at, element, setClass, setText, sync } from '/dom.js';
import { bytes, count, decider, duration } from '/format.js';
import { polled } from '/poll.js';

const EVERY = 2000;
const SHOWN = 200;
const TYPING = 250;

// `first`: the order that a click on another column begins with.
const COLUMNS = [
  { sort: 'client', label: 'Client', first: 'asc' },
  { sort: 'destination', label: 'Destination', first: 'asc' },
  { sort: 'transport', label: 'Transport', first: 'asc' },
  { sort: 'subflows', label: 'Subflows', first: 'desc', isNumber: true },
  { sort: 'disposition', label: 'Disposition', first: 'asc' },
  { sort: 'rule', label: 'Decided by', first: 'asc' },
  { sort: 'bytes_from_client', label: 'From client', first: 'desc', isNumber: true },
  { sort: 'bytes_to_client', label: 'To client', first: 'desc', isNumber: true },
  { sort: 'age', label: 'Age', first: 'asc', isNumber: true },
  { sort: 'idle', label: 'Idle', first: 'desc', isNumber: true },
];

let sort = 'age';
let order = 'asc';
let typing = 0;

function row() {
  const made = element('tr', { role: 'row' });
  for (const { label, isNumber } of COLUMNS)
    made.append(element('td', { role: 'cell', 'data-label': label, class: isNumber ? 'number' : '' }));
  const [client, destination, , , disposition] = made.children;
  client.append(element('a', { class: 'address' }));
  destination.append(element('span', { class: 'name' }), element('span', { class: 'address' }));
  disposition.append(element('span'));
  return made;
}

function update(node, flow) {
  const [client, destination, transport, subflows, disposition, rule, from, to, age, idle] = node.children;
  const isMptcp = flow.transport === 'mptcp';
  client.firstChild.href = `#/flow/${flow.id}`;
  setText(client.firstChild, flow.client);
  setText(destination.firstChild, flow.domain ?? '');
  destination.title = flow.domain ?? '';
  setText(destination.lastChild, flow.destination);
  setText(transport, isMptcp ? (flow.fallback ? 'MPTCP, fell back' : 'MPTCP') : 'TCP');
  setClass(transport, isMptcp ? 'mptcp' : '');
  setText(subflows, isMptcp ? flow.subflows_now : '–');
  setText(disposition.firstChild, flow.disposition);
  setClass(disposition.firstChild, `badge ${flow.disposition}`);
  setText(rule, decider(flow.rule));
  setText(from, bytes(flow.bytes_from_client));
  setText(to, bytes(flow.bytes_to_client));
  setText(age, duration(flow.duration_ms));
  setText(idle, duration(flow.idle_ms));
}

const isFiltered = () => at('flows-text').value.trim() || at('flows-transport').value || at('flows-disposition').value;

function show(answer) {
  sync(at('flows'), answer.flows, (flow) => flow.id, row, update);
  const shown = answer.flows.length;
  setText(at('flows-note'), shown < answer.matched
    ? `The first ${count(shown)} of ${count(answer.matched)} that match; ${count(answer.total)} live flows in all.`
    : isFiltered() ? `${count(shown)} of ${count(answer.total)} live flows.` : `${count(answer.total)} live flows.`);
  at('flows-table').hidden = shown === 0;
  at('flows-empty').hidden = shown > 0;
  setText(at('flows-empty'), answer.total === 0 ? 'No flow is live now. One appears here as soon as a client connects.'
    : 'No live flow matches.');
}

function showOrder() {
  for (const head of at('flows-head').children) {
    if (head.dataset.sort === sort) head.setAttribute('aria-sort', order === 'asc' ? 'ascending' : 'descending');
    else head.removeAttribute('aria-sort');
  }
  at('flows-sort').value = sort;
  setText(at('flows-order'), order === 'asc' ? 'Ascending' : 'Descending');
}

const polling = polled(async (isWanted) => {
  try {
    const answer = await get(query('/api/v1/flows', {
      limit: SHOWN, sort, order, text: at('flows-text').value.trim(),
      transport: at('flows-transport').value, disposition: at('flows-disposition').value,
    }));
    if (!isWanted()) return;
    setText(at('flows-error'), '');
    if (!at('flows-pause').checked) show(answer);
  } catch (error) {
    if (isWanted()) setText(at('flows-error'), error.status ? error.message : '');  // gone: the page's head says so
  }
}, EVERY);

function sortBy(column) {
  if (column === sort) order = order === 'asc' ? 'desc' : 'asc';
  else order = COLUMNS.find((one) => one.sort === column).first;
  sort = column;
  showOrder();
  polling.again();
}

export function start() {
  for (const { sort: name, label, isNumber } of COLUMNS) {
    const button = element('button', { type: 'button', text: label });
    button.addEventListener('click', () => sortBy(name));
    at('flows-head').append(element('th',
      { scope: 'col', role: 'columnheader', class: isNumber ? 'number' : '', 'data-sort': name }, button));
    at('flows-sort').append(element('option', { value: name, text: label }));
  }
  at('flows-sort').addEventListener('change', () => sortBy(at('flows-sort').value));
  at('flows-order').addEventListener('click', () => sortBy(sort));
  at('flows-filter').addEventListener('submit', (event) => { event.preventDefault(); polling.again(); });
  for (const id of ['flows-transport', 'flows-disposition', 'flows-pause']) at(id).addEventListener('change', polling.again);
  at('flows-text').addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(polling.again, TYPING);
  });
  showOrder();
}

export const enter = polling.again;

export function leave() {
  clearTimeout(typing);
  polling.stop();
}

// The bypass list: configured, learned and run-time entries; adding and removing.

import { get, post, query, remove } from '/api.js';
import { at, setText, sync } from '/dom.js';
import { count, duration, plural } from '/format.js';
import { notify } from '/notice.js';
import { polled } from '/poll.js';
import { removal, rowOf } from '/table.js';
import { learnedBy, say } from '/words.js';

const EVERY = 2000;
const SHOWN = 300;

const left = (one) => duration(one.left_s * 1000);

async function drop(what) {
  try {
    await remove(query('/api/v1/bypass', { what }));
    notify(`${what} is no longer bypassed; flows that went direct go on.`);
  } catch (error) {
    notify(error.message, 'bad');
  }
  await polling.again();
}

const ADDED = [{ label: 'Address or name', kind: 'name' }, { label: 'Flows' }, { label: 'Ends in', kind: 'number' },
  { label: '', kind: 'act' }];
const CONFIGURED = [{ label: 'Name', kind: 'name' }, { label: 'Flows' }, { label: 'Takes' }, { label: 'Ports' },
  { label: 'Learns for', kind: 'number' }, { label: 'SYNs', kind: 'number' }];
const LEARNED = [{ label: 'Address', kind: 'address' }, { label: 'Name', kind: 'name' }, { label: 'Reason' },
  { label: 'By bypass' }, { label: 'Ends in', kind: 'number' }, { label: '', kind: 'act' }];
const WITHHELD = [{ label: 'Address', kind: 'address' }, { label: 'Name', kind: 'name' }, { label: 'Ends in', kind: 'number' }];

function withRemoval(columns, what) {
  return (one) => {
    const row = rowOf(columns);
    row.lastChild.append(removal(`Remove ${what(one)}`, () => drop(what(one))));
    return row;
  };
}

function fill(row, texts) {
  texts.forEach((text, index) => setText(row.children[index], text));
}

// What an entry of the configuration takes, in numbers: a list may have a hundred thousand.
function takes(one) {
  const parts = [];
  if (one.destinations > 0) parts.push(plural(one.destinations, 'destination', 'destinations'));
  if (one.domains) parts.push('names');
  if (one.sources > 0) parts.push(`from ${plural(one.sources, 'source', 'sources')}`);
  return parts.join(', ') || 'all destinations';
}

function showList(id, items, key, make, texts) {
  sync(at(id), items.slice(0, SHOWN), key, make, (row, one) => fill(row, texts(one)));
  at(`${id}-table`).hidden = items.length === 0;
  at(`${id}-empty`).hidden = items.length > 0;
  setText(at(`${id}-count`), items.length > SHOWN ? `first ${SHOWN} of ${count(items.length)}` : count(items.length));
}

function show(list) {
  showList('added', list.added, (one) => `${one.what} ${one.flows}`, withRemoval(ADDED, (one) => one.what),
    (one) => [one.what, one.flows, left(one)]);
  showList('configured', list.configured, (one) => one.name, () => rowOf(CONFIGURED), (one) => [one.name, one.flows,
    takes(one), one.ports.length > 0 ? one.ports.join(', ') : 'all intercepted',
    one.learn_for_s > 0 ? duration(one.learn_for_s * 1000) : 'never', count(one.syns)]);
  showList('learned', list.learned, (one) => `${one.address} ${one.bypass} ${one.name}`,
    withRemoval(LEARNED, (one) => one.address),
    (one) => [one.address, one.name, say(learnedBy, one.reason), one.bypass, left(one)]);
  showList('withheld', list.withheld, (one) => `${one.address} ${one.name}`, () => rowOf(WITHHELD),
    (one) => [one.address, one.name, left(one)]);
  at('withheld-card').hidden = list.withheld.length === 0;
}

const polling = polled(async (isWanted) => {
  try {
    const answer = await get('/api/v1/bypass');
    if (!isWanted()) return;
    setText(at('bypass-error'), '');
    show(answer);
  } catch (error) {
    setText(at('bypass-error'), error.status ? error.message : '');  // gone: the page's head says so
  }
}, EVERY);

async function add(event) {
  event.preventDefault();
  const what = at('add-what').value.trim();
  if (!what) return;
  at('add-submit').disabled = true;
  try {
    await post('/api/v1/bypass', { what, for: at('add-for').value, flows: at('add-flows').value });
    setText(at('add-error'), '');
    at('add-what').value = '';
    notify(`${what} is bypassed from the next connection on.`);
    await polling.again();
  } catch (error) {
    setText(at('add-error'), error.message);
  }
  at('add-submit').disabled = false;
}

export function start() {
  at('add-form').addEventListener('submit', add);
}

export const enter = polling.again;
export const leave = polling.stop;

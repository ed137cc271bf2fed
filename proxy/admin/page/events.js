// What has happened besides flows: alerts, reloads, changes of the bypass list, exceptions.

import { at, element, onceAFrame, setText, sync } from '/dom.js';
import { count, plural, time } from '/format.js';
import { event as meaning } from '/words.js';

const KEPT = 2000;
const SHOWN = 300;
const MARKS = { good: '✓', info: 'i', warning: '!', bad: '✕' };
let events = [];
let isHere = false;
const kinds = new Map();

function fields(event) {
  return Object.entries(event).filter(([name]) => !['event', 'at', 'sequence'].includes(name));
}

function make(event) {
  const { level, title } = meaning(event.event);
  const list = element('dl', { class: 'inline' });
  for (const [name, value] of fields(event))
    list.append(element('div', {}, element('dt', { text: name.replaceAll('_', ' ') }), element('dd', { text: value })));
  return element('li', { class: `event ${level}` },
    element('span', { class: 'mark', 'aria-hidden': 'true', text: MARKS[level] }),
    element('time', { datetime: event.at, text: time(event.at) }),
    element('span', { class: 'event-title', text: title }), list);
}

function matches(event, kind, text) {
  if (kind && event.event !== kind) return false;
  if (!text) return true;
  const said = [meaning(event.event).title, event.event, ...fields(event).flat()].join(' ').toLowerCase();
  return said.includes(text);
}

function showKinds() {
  const options = [...kinds].sort(([a], [b]) => a.localeCompare(b));
  sync(at('events-kinds'), options, ([kind]) => kind, ([kind]) => element('option', { value: kind }),
    (node, [kind, number]) => setText(node, `${meaning(kind).title} (${count(number)})`));
}

const draw = onceAFrame(() => {
  if (!isHere) return;
  showKinds();
  const text = at('events-text').value.trim().toLowerCase();
  const found = events.filter((event) => matches(event, at('events-kind').value, text));
  sync(at('events'), found.slice(0, SHOWN), (event) => event.sequence, make, () => {});
  setText(at('events-note'), found.length > SHOWN ? `The newest ${SHOWN} of ${count(found.length)}.`
    : found.length < events.length ? `${count(found.length)} of ${plural(events.length, 'event', 'events')}.`
      : `${plural(events.length, 'event', 'events')}.`);
  at('events-empty').hidden = found.length > 0;
  setText(at('events-empty'), events.length === 0 ? 'Nothing has happened since weir started.' : 'No event matches.');
});

// A stream that begins tells all that are kept, also what was known before; another weir counts from 1 again.
export function begin() {
  events = [];
  kinds.clear();
  draw();
}

export function add(event) {
  events.unshift(event);
  kinds.set(event.event, (kinds.get(event.event) ?? 0) + 1);
  if (events.length > KEPT) {
    const gone = events.pop().event;
    kinds.set(gone, kinds.get(gone) - 1);
  }
  draw();
}

export function start() {
  at('events-filter').addEventListener('submit', (event) => event.preventDefault());
  at('events-kind').addEventListener('change', draw);
  at('events-text').addEventListener('input', draw);
}

export function enter() {
  isHere = true;
  draw();
}

export function leave() { isHere = false; }

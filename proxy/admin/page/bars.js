// A list of names with how many each has, as numbers and as bars.

import { element, setClass, setText, sync } from '/dom.js';
import { count, share } from '/format.js';

function make() {
  return element('li', {}, element('span', { class: 'bar-name' }), element('span', { class: 'bar-note' }),
    element('span', { class: 'bar-count' }), element('span', { class: 'bar-share' }),
    element('span', { class: 'bar', 'aria-hidden': 'true' }, element('span')));
}

function update(node, item, most, total) {
  const [name, note, number, part, bar] = node.children;
  setClass(node, `${item.kind ?? ''} ${item.value === 0 ? 'none' : ''}`.trim());
  setText(name, item.name);
  name.title = item.name;
  setText(note, item.note ?? '');
  setText(number, item.text ?? count(item.value));
  setText(part, total === null ? '' : share(item.value, total));
  bar.firstChild.style.width = `${most > 0 ? 100 * item.value / most : 0}%`;
}

// `items`: { name, note, value, text, kind }. `total`: what 100 % are; null: no shares. `empty`: said where there is none.
export function bars(list, items, { total = null, empty = 'Nothing yet' } = {}) {
  const most = Math.max(0, ...items.map((item) => item.value));
  sync(list, items, (item) => item.key ?? item.name, make, (node, item) => update(node, item, most, total));
  list.dataset.empty = empty;
}

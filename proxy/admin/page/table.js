// Rows of a table that are cards on a small screen: each cell has its column's name with it.

import { element } from '/dom.js';

export function rowOf(columns) {
  return element('tr', { role: 'row' }, ...columns.map(({ label, kind }) =>
    element('td', { role: 'cell', 'data-label': label, class: kind ?? '' })));
}

export function removal(label, act) {
  const button = element('button', { type: 'button', class: 'quiet', text: 'Remove', 'aria-label': label });
  button.addEventListener('click', async () => {
    button.disabled = true;
    await act();
    button.disabled = false;
  });
  return button;
}

// What is not decrypted any more, by experience, and having it decrypted again.

import { get, query, remove } from '/api.js';
import { at, setText, sync } from '/dom.js';
import { count, duration } from '/format.js';
import { notify } from '/notice.js';
import { polled } from '/poll.js';
import { removal, rowOf } from '/table.js';

const EVERY = 3000;
const SHOWN = 300;
const COLUMNS = [{ label: 'Client or origin', kind: 'address' }, { label: 'Name', kind: 'name' }, { label: 'Why' },
  { label: 'Ends in', kind: 'number' }, { label: '', kind: 'act' }];

const whose = (one) => one.client ?? one.destination ?? '';
const what = (one) => one.name || whose(one);

async function drop(one) {
  try {
    await remove(query('/api/v1/exceptions', { what: what(one) }));
    notify(`${what(one)} is decrypted again from its next connection on.`);
  } catch (error) {
    notify(error.message, 'bad');
  }
  await polling.again();
}

function make(one) {
  const row = rowOf(COLUMNS);
  row.lastChild.append(removal(`Remove the exceptions of ${what(one)}`, () => drop(one)));
  return row;
}

function show({ exceptions }) {
  sync(at('exceptions'), exceptions.slice(0, SHOWN), (one) => `${whose(one)} ${one.name} ${one.cause}`, make,
    (row, one) => [whose(one), one.name, one.reason, duration(one.expires_in_s * 1000)]
      .forEach((text, index) => setText(row.children[index], text)));
  at('exceptions-table').hidden = exceptions.length === 0;
  at('exceptions-empty').hidden = exceptions.length > 0;
  setText(at('exceptions-count'), exceptions.length > SHOWN ? `first ${SHOWN} of ${count(exceptions.length)}`
    : count(exceptions.length));
}

const polling = polled(async (isWanted) => {
  try {
    const answer = await get('/api/v1/exceptions');
    if (!isWanted()) return;
    setText(at('exceptions-error'), '');
    show(answer);
  } catch (error) {
    setText(at('exceptions-error'), error.status ? error.message : '');  // gone: the page's head says so
  }
}, EVERY);

export const enter = polling.again;
export const leave = polling.stop;

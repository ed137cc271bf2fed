// Reload and drain.

import { post } from '/api.js';
import { at, element } from '/dom.js';
import { confirmed, notify } from '/notice.js';

const RELOAD_PATIENCE = 40_000;

function showProblems(problems) {
  at('reload-problems').replaceChildren(...problems.map((one) =>
    element('li', {}, element('code', { text: `${one.file}:${one.line}:${one.column}` }),
      ` ${one.message}`)));
  at('reload-problems').hidden = problems.length === 0;
}

async function reload() {
  const means = await confirmed({
    title: 'Read the configuration again?',
    text: 'Running flows go on. If the file has problems, the configuration in force stays.',
    act: 'Reload',
  });
  if (!means) return;
  at('reload').disabled = true;
  try {
    await post('/api/v1/reload', undefined, RELOAD_PATIENCE);
    showProblems([]);
    notify('The configuration was read and is in force.');
  } catch (error) {
    showProblems(error.problems ?? []);
    notify(error.message, 'bad');
  }
  at('reload').disabled = false;
}

async function drain() {
  const means = await confirmed({
    title: 'Drain and end weir?',
    text: 'It takes no new flows, lets those that are on end within gateway.drain_timeout, removes its kernel rules ' +
      'and exits. This page cannot start it again.',
    act: 'Drain and end',
    isGrave: true,
  });
  if (!means) return;
  try {
    await post('/api/v1/drain');
    notify('weir is draining.');
  } catch (error) {
    notify(error.message, 'bad');
  }
}

export function start() {
  at('reload').addEventListener('click', reload);
  at('drain').addEventListener('click', drain);
}

// The status page: which view is seen, and what the live stream tells each of them.

import * as bypass from '/bypass.js';
import * as certificate from '/certificate.js';
import * as controls from '/controls.js';
import { at, setClass, setText } from '/dom.js';
import * as events from '/events.js';
import * as flow from '/flow.js';
import * as flows from '/flows.js';
import { time } from '/format.js';
import * as glance from '/glance.js';
import * as plots from '/plots.js';
import * as question from '/question.js';
import { follow } from '/stream.js';
import '/token.js';

const views = { glance, flows, flow, bypass, events, certificate };
const titles = { glance: 'At a glance', flows: 'Flows', flow: 'Flow', bypass: 'Bypass', events: 'Events', certificate: 'TLS' };
const state = { status: null, summary: null };
let current = null;

// '#/flow/ID' is the view `flow` of ID.
function chosen() {
  const [name, rest] = location.hash.replace(/^#\/?/, '').split('/');
  return Object.hasOwn(views, name) ? [name, rest ?? ''] : ['glance', ''];
}

function route(isFirst) {
  const [name, rest] = chosen();
  current?.leave?.();
  current = views[name];
  for (const other of Object.keys(views)) at(`view-${other}`).hidden = other !== name;
  for (const link of at('views').querySelectorAll('a')) {
    const isIts = link.dataset.view === name || (name === 'flow' && link.dataset.view === 'flows');
    if (isIts) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  document.title = `${titles[name]} – weir`;
  current.enter(state, rest);
  if (isFirst) return;
  scrollTo(0, 0);
  at(`view-${name}`).querySelector('h2').focus({ preventScroll: true });
}

function showPill({ ready, phase }) {
  setClass(at('pill'), `pill ${ready ? 'good' : phase === 'draining' ? 'warning' : 'bad'}`);
  setText(at('pill'), ready ? 'ready' : phase === 'running' ? 'not ready' : phase);
}

const takers = {
  history(data) {
    plots.take(data);
    events.begin();
    glance.sampled();
  },
  sample(data) {
    plots.add(data);
    glance.sampled();
  },
  status(data) {
    state.status = data;
    document.body.classList.remove('waiting');
    showPill(data);
    current.update?.(state);
  },
  summary(data) {
    state.summary = data;
    current.update?.(state);
  },
  event: events.add,
};

let goneSince = 0;

function showGone(detail) {
  goneSince ||= Date.now();
  document.body.classList.add('gone');
  setClass(at('link'), 'link bad');
  setText(at('link'), 'reconnecting…');
  setClass(at('pill'), 'pill bad');
  setText(at('pill'), 'unreachable');
  at('gone').hidden = false;
  setText(at('gone-text'), `weir cannot be reached (${detail}). What is shown is as of ` +
    `${time(goneSince)}; this page goes on trying.`);
}

function showLive() {
  goneSince = 0;
  document.body.classList.remove('gone');
  setClass(at('link'), 'link good');
  setText(at('link'), 'live');
  at('gone').hidden = true;
}

for (const part of [plots, controls, question, flows, bypass, events, certificate]) part.start();
addEventListener('hashchange', () => route(false));
route(true);
follow('/api/v1/live', (event, data) => takers[event]?.(data), (how, detail) => (how === 'live' ? showLive() : showGone(detail)));

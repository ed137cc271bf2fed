// One flow: its path as a picture, and the walk through the rules that such a flow would make now.

import { get } from '/api.js';
import { at, element, facts, setText } from '/dom.js';
import { bytes, duration, endpoint, time } from '/format.js';
import { explain, walks } from '/explain.js';
import * as path from '/path.js';
import { polled } from '/poll.js';

const EVERY = 1000;
let id = '';
let picture = null;
let explained = '';

const ended = 'This flow has ended: this is how it was last seen. Its record is in the log.';
const unknown = 'No live flow has this id. Those that ended are in the log.';

function question(flow) {
  return { from: endpoint(flow.client).address, to: flow.destination, mptcp: flow.transport === 'mptcp',
    domain: flow.domain, alpn: flow.alpn_offered };
}

async function showWalk(flow) {
  const key = JSON.stringify(question(flow));
  if (key === explained) return;
  explained = key;
  try {
    const told = await explain(question(flow));
    const note = told.disposition === flow.disposition ? [] : [element('p', { class: 'note remark',
      text: `Asked again now, by what is known here, such a flow would be: ${told.disposition}.` })];
    path.placeOfWalks(picture).replaceChildren(...note, ...walks(told));
  } catch (error) {
    path.placeOfWalks(picture).replaceChildren(element('p', { class: 'note', text: error.message }));
  }
}

function show(flow) {
  if (!picture) {
    picture = path.make();
    at('flow-picture').replaceChildren(picture);
  }
  path.update(picture, flow);
  setText(at('flow-title'), flow.domain ?? flow.destination);
  facts(at('flow-facts'), [
    ['id', flow.id], ['started', time(flow.started)], ['age', duration(flow.duration_ms)],
    ['idle', duration(flow.idle_ms)], ['from client', bytes(flow.bytes_from_client)],
    ['to client', bytes(flow.bytes_to_client)],
    ['most subflows at once', flow.transport === 'mptcp' ? flow.subflows : undefined],
    ['offered protocols', flow.alpn_offered?.join(', ')],
  ]);
  showWalk(flow);
}

function showEnd() {
  setText(at('flow-note'), picture ? ended : unknown);
  at('view-flow').classList.add('over');
}

const polling = polled(async (isWanted) => {
  try {
    const flow = await get(`/api/v1/flows/${encodeURIComponent(id)}`);
    if (!isWanted()) return;
    setText(at('flow-note'), '');
    show(flow);
  } catch (error) {
    if (!isWanted()) return;
    if (error.status === 404) showEnd();
    else if (error.status) setText(at('flow-note'), error.message);
    if (error.status === 404 || error.status === 400) polling.stop();
  }
}, EVERY);

export function enter(_state, which) {
  id = which;
  picture = null;
  explained = '';
  at('view-flow').classList.remove('over');
  setText(at('flow-title'), `Flow ${id}`);
  setText(at('flow-note'), 'Loading…');
  facts(at('flow-facts'), []);
  at('flow-picture').replaceChildren();
  polling.again();
}

export const leave = polling.stop;

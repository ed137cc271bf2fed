// What would be decided of a flow, and every entry that was looked at, as /api/v1/explain tells it.

import { get, query } from '/api.js';
import { badge, element } from '/dom.js';

const MARKS = { match: '✓', 'no match': '·', 'not judged': '–', 'needs more': '?' };

function step(one) {
  const kind = one.result.replaceAll(' ', '-');
  return element('li', { class: `step ${kind}` },
    element('span', { class: 'mark', 'aria-hidden': 'true', text: MARKS[one.result] ?? '·' }),
    element('span', { class: 'entry' }, `${one.entry} `, element('b', { text: one.name })),
    element('span', { class: 'result', text: one.result }),
    element('span', { class: 'why', text: one.reason }));
}

function steps(title, all, verdict) {
  return element('section', { class: 'walk' },
    element('h4', { text: title }),
    element('ol', { tabindex: '0', 'aria-label': title }, ...all.map(step)),
    element('p', { class: 'verdict' }, '→ ', element('strong', { text: verdict })));
}

const by = (name) => name || 'the defaults';

const SYN_VERDICTS = {
  terminate: 'comes to weir', direct: 'goes direct', strip: 'comes to weir as plain TCP', deny: 'is reset',
};

// The two walks: of the SYN in the kernel, and of the flow in weir.
export function walks(told) {
  const parts = [steps('On the SYN, in the kernel', told.syn.steps,
    `${SYN_VERDICTS[told.syn.path] ?? told.syn.path}, by ${by(told.syn.by)}`)];
  if (told.flow) {
    const said = told.flow.decided ? `${told.disposition}, by ${by(told.flow.by)}` : 'more must be known to decide';
    parts.push(steps(told.domain ? `The flow, name ${told.domain}` : 'The flow, without a name', told.flow.steps, said));
  }
  return parts;
}

export function decision(told) {
  return element('p', { class: 'decision' }, badge(told.disposition, told.disposition),
    element('span', { text: ` by ${by(told.flow ? told.flow.by : told.syn.by)}` }));
}

export const explain = (question) => get(query('/api/v1/explain', question));

// Says how something that was asked for has gone, and asks before something is done that is not easily undone.

import { at, element, setText } from '/dom.js';

const SHOWN_FOR = 8000;
let timer = 0;

export function notify(text, kind = 'good') {
  clearTimeout(timer);
  const mark = { good: '✓', bad: '✕' }[kind];
  at('notice').replaceChildren(element('p', { class: `notice ${kind}` },
    element('span', { class: 'mark', 'aria-hidden': 'true', text: mark }), element('span', { text })));
  if (kind === 'good') timer = setTimeout(() => at('notice').replaceChildren(), SHOWN_FOR);
  else at('notice').firstChild.append(closer());
}

function closer() {
  const button = element('button', { type: 'button', class: 'quiet', text: 'Dismiss' });
  button.addEventListener('click', () => at('notice').replaceChildren());
  return button;
}

// Whether the operator means it.
export function confirmed({ title, text, act, isGrave = false }) {
  const dialog = at('confirm-dialog');
  setText(at('confirm-title'), title);
  setText(at('confirm-text'), text);
  setText(at('confirm-act'), act);
  at('confirm-act').className = isGrave ? 'grave' : 'primary';
  dialog.returnValue = '';
  dialog.showModal();
  at('confirm-cancel').focus();
  return new Promise((done) => {
    dialog.onclose = () => done(dialog.returnValue === 'act');
    at('confirm-act').onclick = () => dialog.close('act');
    at('confirm-cancel').onclick = () => dialog.close('');
  });
}

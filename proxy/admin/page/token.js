// Asks for the token of admin.token_file, once for all who wait for it.

import { isTaken, keepToken, whenTokenIsNeeded } from '/api.js';
import { at, setText } from '/dom.js';

let waiting = null;

async function tryToken(event, done) {
  event.preventDefault();
  const given = at('token').value.trim();
  if (!given) return;
  at('token-submit').disabled = true;
  try {
    if (await isTaken(given)) {
      keepToken(given);
      at('token').value = '';
      at('token-dialog').close();
      done();
    } else {
      setText(at('token-error'), 'weir does not take this token.');
      at('token').select();
    }
  } catch (error) {
    setText(at('token-error'), error.message);
  }
  at('token-submit').disabled = false;
}

function askForToken(isWrong) {
  waiting ??= new Promise((done) => {
    setText(at('token-error'), isWrong ? 'weir does not take the token any more.' : '');
    at('token-form').onsubmit = (event) => tryToken(event, () => { waiting = null; done(); });
    at('token-dialog').oncancel = (event) => event.preventDefault();
    at('token-dialog').showModal();
    at('token').focus();
  });
  return waiting;
}

whenTokenIsNeeded(askForToken);

// Server-sent events by fetch, for EventSource cannot send the token. Comes back by itself when weir was gone.

import { ask } from '/api.js';

const SILENCE = 10_000;  // weir says something every two seconds
const PAUSES = [500, 1000, 2000, 3000];

// Of a text that grows: the messages that are whole, and what is left of it.
export function parse(text) {
  const blocks = text.split('\n\n');
  const rest = blocks.pop();
  const messages = [];
  for (const block of blocks) {
    const message = { event: 'message', data: [] };
    for (const line of block.split('\n')) {
      const colon = line.indexOf(':');
      if (colon < 1) continue;  // a comment
      const field = line.slice(0, colon);
      const value = line.slice(colon + 1).replace(/^ /, '');
      if (field === 'data') message.data.push(value);
      else if (field === 'event') message.event = value;
    }
    if (message.data.length > 0) messages.push({ event: message.event, data: message.data.join('\n') });
  }
  return { messages, rest };
}

async function read(path, signal, stillHere, take) {
  const response = await ask('GET', path, { signal });
  stillHere();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    stillHere();
    const { messages, rest } = parse(text + value);
    text = rest;
    for (const message of messages) take(message.event, JSON.parse(message.data));
  }
}

// Follows `path` while the page is seen. `take(event, data)` for each message; `say(state, detail)` for how it stands:
// 'live', or 'gone' with the reason.
export function follow(path, take, say) {
  let failures = 0;
  let current = null;
  let timer = 0;

  async function once() {
    const control = new AbortController();
    let watchdog = 0;
    const stillHere = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => control.abort(), SILENCE);
    };
    current = control;
    try {
      await read(path, control.signal, stillHere, (event, data) => {
        failures = 0;
        say('live');
        take(event, data);
      });
      return 'the connection was closed';
    } catch (error) {
      return control.signal.aborted ? 'it has gone silent' : error.message;
    } finally {
      clearTimeout(watchdog);
      control.abort();
      if (current === control) current = null;
    }
  }

  async function run() {
    if (document.hidden || current) return;
    clearTimeout(timer);
    const why = await once();
    if (document.hidden) return;
    say('gone', why);
    timer = setTimeout(run, PAUSES[Math.min(failures, PAUSES.length - 1)]);
    failures += 1;
  }

  // A page that nobody sees holds no stream: a browser has six connections for one gateway, and weir its limits.
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) current?.abort();
    else setTimeout(run, 0);
  });
  run();
}

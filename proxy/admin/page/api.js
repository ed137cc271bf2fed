// Asks weir. The token, where one is set, is kept for this tab only and sent as a header: it is never in a URL.

const KEY = 'weir.token';
const PATIENCE = 10_000;
let askForToken = () => Promise.reject(new Error('a token is needed'));

export class Problem extends Error {
  constructor(status, { detail, problems } = {}) {
    super(detail || `weir answered ${status}`);
    this.status = status;
    this.problems = problems ?? [];
  }
}

// `ask(isWrong)` comes to its end when there is another token.
export function whenTokenIsNeeded(ask) { askForToken = ask; }

export const token = () => sessionStorage.getItem(KEY);
export const keepToken = (text) => sessionStorage.setItem(KEY, text);

async function send(method, path, { body, signal, patience = PATIENCE }, shown) {
  const headers = {};
  if (shown) headers.Authorization = `Bearer ${shown}`;
  if (body) headers['Content-Type'] = 'application/json';
  const control = new AbortController();
  const abort = () => control.abort();
  const timer = setTimeout(abort, patience);
  signal?.addEventListener('abort', abort);
  try {
    return await fetch(path, {
      method, headers, body: body && JSON.stringify(body), signal: control.signal, cache: 'no-store',
    });
  } catch {
    throw new Problem(0, { detail: 'weir does not answer' });
  } finally {
    clearTimeout(timer);
  }
}

export const isTaken = async (shown) => (await send('GET', '/api/v1/status', {}, shown)).status !== 401;

// The response once it is a good one; asks for the token where that is what is missing.
export async function ask(method, path, options = {}) {
  for (;;) {
    const shown = token();
    const response = await send(method, path, options, shown);
    if (response.status === 401) {
      if (token() === shown) await askForToken(shown !== null);
      continue;
    }
    if (!response.ok) throw new Problem(response.status, await response.json().catch(() => ({})));
    return response;
  }
}

export const get = async (path) => (await ask('GET', path)).json();
export const post = async (path, body, patience) => (await ask('POST', path, { body, patience })).json();
export const remove = async (path) => (await ask('DELETE', path)).json();

export function query(path, values) {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== '' && one !== null && one !== undefined) words.append(name, one);
    }
  }
  return `${path}?${words}`;
}

export async function download(path, name) {
  const content = await (await ask('GET', path)).blob();
  const address = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

// The box into which an address or a name is pasted, to see what would be decided.

import { get, query } from '/api.js';
import { at, element } from '/dom.js';
import { decision, explain, walks } from '/explain.js';
import { endpoint } from '/format.js';

// Where nothing better is known: addresses of documentation (RFC 5737), which no entry is likely to name.
const ANY_CLIENT = '192.0.2.1';
const ANY_DESTINATION = '192.0.2.80';
const HTTPS = 443;

const isIPv6 = (text) => /^[0-9a-f:]*:[0-9a-f:.]+$/i.test(text) && text.split(':').length > 2;
const isIPv4 = (text) => /^\d+(\.\d+){3}$/.test(text);

function takeWord(found, word) {
  const url = /^(https?):\/\/([^/?#]+)(\/[^?#]*)?/i.exec(word);
  if (url) {
    found.port = url[1].toLowerCase() === 'https' ? HTTPS : 80;
    if (found.port === 80) Object.assign(found, { method: 'GET', path: url[3] ?? '/' });
    takeWord(found, url[2]);
  } else if (isIPv4(word) || isIPv6(word)) {
    found.address = word;
  } else if (/^\[.*\]$/.test(word)) {
    found.address = word.slice(1, -1);
  } else if (/^(\[.*\]|[^:]+):\d+$/.test(word)) {
    const { address, port } = endpoint(word);
    found.port = port;
    takeWord(found, address);
  } else {
    found.domain = word;
  }
}

// 'www.example.com', '198.51.100.7:443', 'https://www.example.com/a', or an address and a name.
export function understand(text) {
  const found = { port: HTTPS };
  for (const word of text.trim().split(/\s+/)) takeWord(found, word);
  return found;
}

// Where that name goes: by what was learned for it, or by a flow that is there.
async function addressOf(name) {
  const { learned } = await get('/api/v1/bypass');
  const known = learned.find((one) => one.name === name);
  if (known) return { address: known.address, from: 'learned for it' };
  const { flows } = await get(query('/api/v1/flows', { text: name, limit: 1 }));
  if (flows[0]?.domain === name) return { address: endpoint(flows[0].destination).address, from: 'of a live flow to it' };
  return null;
}

async function complete(found) {
  const notes = [];
  let { address } = found;
  if (!address) {
    const known = await addressOf(found.domain);
    address = known?.address ?? ANY_DESTINATION;
    notes.push(known ? `Its address: ${address}, ${known.from}.` :
      `No address is known for it: ${address} stands in. Paste the address as well to be exact.`);
  }
  return { address, notes };
}

async function answer() {
  const found = understand(at('question').value);
  const { address, notes } = await complete(found);
  const told = await explain({
    from: at('question-from').value.trim() || (address.includes(':') ? '2001:db8::1' : ANY_CLIENT),
    to: address.includes(':') ? `[${address}]:${found.port}` : `${address}:${found.port}`,
    mptcp: at('question-mptcp').checked,
    domain: found.domain, method: found.method, path: found.path,
  });
  const asked = `${told.mptcp ? 'MPTCP' : 'TCP'} from ${told.from} to ${told.to}${told.domain ? `, name ${told.domain}` : ''}`;
  return [decision(told), element('p', { class: 'note', text: [asked, ...notes].join('. ') }),
    element('div', { class: 'walks' }, ...walks(told))];
}

async function submit(event) {
  event.preventDefault();
  if (!at('question').value.trim()) return;
  try {
    at('answer').replaceChildren(...await answer());
  } catch (error) {
    at('answer').replaceChildren(element('p', { class: 'error', text: error.message }));
  }
}

export function start() {
  at('question-form').addEventListener('submit', submit);
}

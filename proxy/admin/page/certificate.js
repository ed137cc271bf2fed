// The certificate that clients install: its fingerprints, to be compared on the client, and its files.

import { ask, download } from '/api.js';
import { at, facts, setText } from '/dom.js';
import { date } from '/format.js';
import { notify } from '/notice.js';
import * as exceptions from '/exceptions.js';

let sha1 = { of: '', text: undefined };  // of the certificate with that SHA-256

const hexadecimal = (bytes) => [...new Uint8Array(bytes)]
  .map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':');

// Windows shows SHA-1. Browsers digest only on pages from this host itself or by HTTPS.
async function findSha1(of) {
  if (sha1.of === of) return;
  sha1 = { of, text: undefined };
  if (!globalThis.crypto?.subtle) return;
  const der = await (await ask('GET', '/ca.crt')).arrayBuffer();
  sha1.text = hexadecimal(await crypto.subtle.digest('SHA-1', der));
}

function show({ decrypts, ca }) {
  at('ca-none').hidden = decrypts;
  at('ca-some').hidden = !decrypts;
  if (!decrypts) return;
  facts(at('ca-facts'), [
    ['authority', ca.subject], ['valid until', date(ca.expires)], ['SHA-256', ca.sha256],
    ['SHA-1 (Windows calls it thumbprint)', ca.sha1 ?? sha1.text ?? (globalThis.crypto?.subtle ? '…' : undefined)],
  ]);
}

export function start() {
  for (const button of at('ca-downloads').querySelectorAll('button')) {
    button.addEventListener('click', async () => {
      try {
        await download(button.dataset.path, button.dataset.file);
      } catch (error) {
        notify(error.message, 'bad');
      }
    });
  }
}

export function update({ status }) {
  if (!status) return;
  show(status.tls);
  const { ca } = status.tls;
  if (ca && !ca.sha1) findSha1(ca.sha256).catch(() => setText(at('ca-note'), ''));
}

export function enter(state) {
  update(state);
  exceptions.enter();
}

export const { leave } = exceptions;

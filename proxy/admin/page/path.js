// A flow's path as a picture: the client's subflows on the left, the gateway in the middle, the upstream on the right.

import { badge, element, facts, setClass, setText, sync } from '/dom.js';
import { bytes, decider, endpoint, roundTrip, share, transport } from '/format.js';
import { causes, dispositions, say } from '/words.js';

// A plain TCP flow is one path without an entry of its own.
export function pathsOf(flow) {
  if (flow.paths?.length > 0) return flow.paths;
  return [{ client: flow.client, local: flow.destination, bytes_from_client: flow.bytes_from_client,
    bytes_to_client: flow.bytes_to_client, live: flow.live, isOnly: true }];
}

function stateOf(path) {
  if (!path.live) return ['ended', `ended: ${path.end ?? 'cause unknown'}`];
  return path.backup ? ['backup', 'backup'] : ['live', 'live'];
}

function makeSubflow() {
  return element('li', {},
    element('div', { class: 'hop' },
      element('p', { class: 'hop-title' }, element('b'), element('span')),
      element('p', { class: 'address' }),
      element('dl', { class: 'facts small' }),
      element('div', { class: 'meter', 'aria-hidden': 'true' }, element('span'))),
    element('div', { class: 'wire', 'aria-hidden': 'true' }, element('span')));
}

const moved = new Map();  // bytes of each path when it was last drawn, to show which of them carry now

function updateSubflow(node, path, index, total) {
  const [hop, wire] = node.children;
  const [title, address, list, meter] = hop.children;
  const [state, word] = stateOf(path);
  const all = path.bytes_from_client + path.bytes_to_client;
  const carries = path.live && moved.has(node) && moved.get(node) !== all;
  moved.set(node, all);
  setClass(node, `subflow ${state} ${carries ? 'carries' : ''}`.trim());
  setText(title.firstChild, path.isOnly ? 'TCP' : `Subflow ${index + 1}`);
  setText(title.lastChild, word);
  setClass(title.lastChild, `badge ${state}`);
  setText(address, path.client);
  facts(list, [
    ['to', path.local],
    ['from client', bytes(path.bytes_from_client)],
    ['to client', bytes(path.bytes_to_client)],
    ['round trip', path.isOnly ? undefined : roundTrip(path.round_trip_us)],
    ['retransmitted', path.isOnly ? undefined : path.retransmissions],
    ['share', path.isOnly ? undefined : share(all, total)],
  ]);
  meter.firstChild.style.width = `${total > 0 ? 100 * all / total : 0}%`;
  setText(wire.firstChild, path.isOnly ? '' : roundTrip(path.round_trip_us));
}

function updateSubflows(list, flow) {
  const paths = pathsOf(flow).map((path, index) => ({ path, index }));
  const total = paths.reduce((sum, { path }) => sum + path.bytes_from_client + path.bytes_to_client, 0);
  sync(list, paths, ({ path }) => `${path.client} ${path.local}`, makeSubflow,
    (node, { path, index }) => updateSubflow(node, path, index, total));
}

function leg(tls) {
  if (!tls) return undefined;
  return [tls.version, tls.cipher, tls.group, tls.resumed ? 'resumed' : null].filter(Boolean).join(', ');
}

function tlsOf(flow) {
  if (!flow.tls) return undefined;
  if (flow.tls.not_decrypted) return `not decrypted: ${say(causes, flow.tls.not_decrypted)}`;
  return flow.tls.client ? 'decrypted' : undefined;
}

export function make() {
  const client = element('section', { class: 'side client', 'aria-label': 'Client' },
    element('h3', { text: 'Client' }), element('ul', { class: 'subflows' }));
  const gateway = element('section', { class: 'side gateway', 'aria-label': 'Gateway' },
    element('h3', { text: 'weir' }), element('p', { class: 'decision' }, badge('', ''), element('span')),
    element('p', { class: 'note' }), element('dl', { class: 'facts small' }), element('div', { class: 'walks' }));
  const upstream = element('section', { class: 'side upstream', 'aria-label': 'Upstream' },
    element('h3', { text: 'Upstream' }), element('div', { class: 'reach' },
      element('div', { class: 'wire', 'aria-hidden': 'true' }, element('span')),
      element('div', { class: 'hop' }, element('p', { class: 'name' }), element('p', { class: 'address' }),
        element('dl', { class: 'facts small' }))));
  return element('div', { class: 'path', role: 'group', 'aria-label': 'The path of this flow' }, client, gateway, upstream);
}

function updateClient(section, flow) {
  const { address } = endpoint(flow.client);
  setText(section.firstChild, `Client ${address}`);
  updateSubflows(section.lastChild, flow);
}

function updateGateway(section, flow) {
  const [, decision, note, list] = section.children;
  setClass(decision.firstChild, `badge ${flow.disposition}`);
  setText(decision.firstChild, flow.disposition);
  setText(decision.lastChild, ` by ${decider(flow.rule)}`);
  setText(note, say(dispositions, flow.disposition));
  facts(list, [
    ['transport', transport(flow)],
    ['name', flow.domain ? `${flow.domain}${flow.encrypted_client_hello ? ' (of the outer hello)' : ''}` : 'none given'],
    ['TLS', tlsOf(flow)], ['with the client', leg(flow.tls?.client)],
    ['protocol', flow.alpn ?? undefined],
    ['requests', flow.requests],
    ['origin’s faults', flow.tls?.faults?.join(', ')],
    ['detail', flow.tls?.detail],
  ]);
}

function updateUpstream(section, flow) {
  const [wire, hop] = section.lastChild.children;
  const [name, address, list] = hop.children;
  setClass(section.lastChild, `reach ${flow.upstream_from ? (flow.live ? 'live' : 'ended') : 'backup'}`);
  setText(wire.firstChild, flow.connect_us === undefined ? '' : roundTrip(flow.connect_us));
  setText(name, flow.domain ?? '');
  setText(address, flow.destination);
  facts(list, [
    ['dialled from', flow.upstream_from ?? 'not dialled yet'],
    ['connected in', flow.connect_us === undefined ? undefined : roundTrip(flow.connect_us)],
    ['with the origin', leg(flow.tls?.upstream)],
    ['from client', bytes(flow.bytes_from_client)],
    ['to client', bytes(flow.bytes_to_client)],
  ]);
}

export function update(picture, flow) {
  const [client, gateway, upstream] = picture.children;
  updateClient(client, flow);
  updateGateway(gateway, flow);
  updateUpstream(upstream, flow);
}

export const placeOfWalks = (picture) => picture.querySelector('.walks');

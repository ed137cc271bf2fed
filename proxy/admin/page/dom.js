// Building the page. What comes from the network is only ever set as text.

export const at = (id) => document.getElementById(id);

// element('td', { class: 'number', text: '7' }, child…); other properties become attributes, those that are null do not.
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === 'text') made.textContent = value;
    else if (key === 'class') made.className = value;
    else made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children);
  return made;
}

export function setText(node, text) {
  const said = String(text);
  if (node.textContent !== said) node.textContent = said;
}

export function setClass(node, name) {
  if (node.className !== name) node.className = name;
}

// Makes the children of `parent` those of `items`, keeping nodes by their key, so that focus, selection and hover stay.
export function sync(parent, items, key, make, update) {
  const known = new Map();
  for (const child of [...parent.children]) known.set(child.dataset.key, child);
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  const wanted = items.map((item) => [String(key(item)), item]);
  const keys = new Set(wanted.map(([name]) => name));
  for (const [name, child] of known) if (!keys.has(name)) child.remove();
  let next = parent.firstElementChild;
  for (const [name, item] of wanted) {
    let node = known.get(name);
    if (!node) {
      node = make(item);
      node.dataset.key = name;
      known.set(name, node);
    }
    update(node, item);
    if (node === next) next = next.nextElementSibling;
    else parent.insertBefore(node, next);
  }
  if (focused && focused.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
}

// A list of names and values: [['client', '10.1.0.2'], …].
export function facts(list, pairs) {
  sync(list, pairs.filter(([, value]) => value !== null && value !== undefined), ([name]) => name,
    ([name]) => element('div', {}, element('dt', { text: name }), element('dd')),
    (node, [, value]) => setText(node.lastChild, value));
}

export function badge(text, kind) {
  return element('span', { class: `badge ${kind}`, text });
}

// At most once a frame, however often it is asked for.
export function onceAFrame(draw) {
  let isAsked = false;
  return () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => { isAsked = false; draw(); });
  };
}

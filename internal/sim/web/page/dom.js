// Elements are made here and nowhere else. Whatever comes from outside becomes a text node or an
// attribute; there is no way from a string to markup (the page's Trusted Types policy forbids it).

export function el(tag, attrs = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attrs)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat(Infinity).filter((c) => c !== undefined && c !== null && c !== false));
  return node;
}

export function byId(id) {
  return document.getElementById(id);
}

// reconcile makes the children of parent those of list, in order. A child whose signature is as it
// was stays the very same element, so that focus, selections and open menus survive.
export function reconcile(parent, list) {
  const old = new Map();
  for (const child of parent.children) old.set(child.dataset.key, child);
  let at = parent.firstElementChild;
  for (const item of list) {
    let node = old.get(item.key);
    old.delete(item.key);
    if (!node || node.signature !== item.signature) {
      const fresh = item.make(node);
      fresh.dataset.key = item.key;
      fresh.signature = item.signature;
      if (node) {
        if (node === at) at = node.nextElementSibling;
        replaceKeepingFocus(node, fresh);
      }
      node = fresh;
    }
    if (node === at) at = at.nextElementSibling;
    else parent.insertBefore(node, at);
  }
  for (const gone of old.values()) gone.remove();
}

// replaceKeepingFocus lets whoever is on a button with the keyboard stay there when its message is
// drawn again; where the button is gone, they stay on the message.
function replaceKeepingFocus(node, fresh) {
  const active = node.contains(document.activeElement) ? document.activeElement : null;
  node.replaceWith(fresh);
  if (!active) return;
  const id = active.dataset.testid;
  const same = id && fresh.querySelector(`[data-testid="${CSS.escape(id)}"]`);
  if (same) {
    same.focus({ preventScroll: true });
    return;
  }
  fresh.tabIndex = -1;
  fresh.focus({ preventScroll: true });
}

// initials stand in for a picture.
export function avatar(person) {
  const words = (person.real_name || person.name || '?').split(/\s+/);
  const text = person.is_app ? '💧' : words.map((w) => [...w][0]).slice(0, 2).join('').toUpperCase();
  let hue = 0;
  for (const c of person.id || '') hue = (hue * 31 + c.codePointAt(0)) % 12;
  return el('span', { class: `avatar hue-${hue}${person.is_app ? ' app' : ''}`, 'aria-hidden': 'true' }, text);
}

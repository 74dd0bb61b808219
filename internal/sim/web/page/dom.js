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
  const keys = new Set(list.map((item) => item.key));
  const old = new Map();
  for (const child of [...parent.children]) {
    if (keys.has(child.dataset.key)) old.set(child.dataset.key, child);
    else child.remove(); // first, so that what comes after it stays in its place: what is moved loses the focus
  }
  let at = parent.firstElementChild;
  for (const item of list) {
    let node = old.get(item.key);
    old.delete(item.key);
    if (!node || node.signature !== item.signature) {
      const fresh = item.make();
      fresh.dataset.key = item.key;
      fresh.signature = item.signature;
      if (node) {
        if (node === at) at = fresh;
        replaceKeepingFocus(node, fresh);
      }
      node = fresh;
    }
    if (node === at) at = at.nextElementSibling;
    else parent.insertBefore(node, at);
  }
}

// replaceKeepingFocus lets whoever is on a button or in a field with the keyboard stay there when what is
// around it is drawn again; where it is gone, they stay on what it was in.
function replaceKeepingFocus(node, fresh) {
  const back = holdFocus(node);
  node.replaceWith(fresh);
  if (back(fresh)) return;
  fresh.tabIndex = -1;
  fresh.focus({ preventScroll: true });
}

// holdFocus remembers where in root the keyboard is. What it returns puts it back there, in what has been
// drawn anew; a search that is being typed goes on. It tells whether there is such a place.
export function holdFocus(root) {
  const active = root.contains(document.activeElement) ? document.activeElement : null;
  const { value, selectionStart: from, selectionEnd: to } = active ?? {};
  const searching = active?.ariaExpanded === 'true';
  return (fresh) => {
    if (!active || active === document.activeElement) return true;
    const id = active.dataset.testid;
    const same = id && fresh.querySelector(`[data-testid="${CSS.escape(id)}"]`);
    if (!same) return false;
    same.focus({ preventScroll: true });
    if (searching) {
      same.value = value;
      same.dispatchEvent(new Event('input'));
    }
    if (from !== undefined && from !== null) same.setSelectionRange?.(from, to);
    return true;
  };
}

// initials stand in for a picture.
export function avatar(person) {
  const words = (person.real_name || person.name || '?').split(/\s+/);
  const text = person.is_app ? '💧' : words.map((w) => [...w][0]).slice(0, 2).join('').toUpperCase();
  let hue = 0;
  for (const c of person.id || '') hue = (hue * 31 + c.codePointAt(0)) % 12;
  return el('span', { class: `avatar hue-${hue}${person.is_app ? ' app' : ''}`, 'aria-hidden': 'true' }, text);
}

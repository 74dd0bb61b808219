// What the page itself has to say: to ears through a live region, to eyes in the corner.
import { byId, el } from './dom.js';

// How long a notice stays, in milliseconds; WCAG 2.2.1 asks for no less time than it takes to read.
const stays = 8000;

export function notify(words) {
  const node = el('div', { class: 'notice', 'data-testid': 'notice' }, words,
    el('button', { type: 'button', 'aria-label': 'Dismiss', onclick: () => node.remove() }, '×'));
  byId('notices').append(node);
  setTimeout(() => node.remove(), stays);
}

// announce reads something out, and shows nothing.
export function announce(words) {
  byId('announcer').textContent = words;
}

// Slack's confirm dialog in front of an element.
import { el } from './dom.js';
import { text } from './blocks.js';

// confirm is a promise of whether the person went on.
export function confirm(c) {
  return new Promise((resolve) => {
    const finish = (yes) => {
      dialog.close();
      dialog.remove();
      resolve(yes);
    };
    const dialog = el('dialog', { class: 'confirm', 'data-testid': 'confirm', 'aria-labelledby': 'confirm-title', oncancel: (event) => { event.preventDefault(); finish(false); } },
      el('h2', { id: 'confirm-title' }, text(c.title)),
      el('div', { class: 'text' }, text(c.text)),
      el('footer', {},
        el('button', { type: 'button', class: 'button', 'data-testid': 'confirm-no', onclick: () => finish(false) }, text(c.deny)),
        el('button', { type: 'button', class: `button ${c.style ?? 'primary'}`, 'data-testid': 'confirm-yes', onclick: () => finish(true) }, text(c.confirm))));
    document.body.append(dialog);
    dialog.showModal();
  });
}

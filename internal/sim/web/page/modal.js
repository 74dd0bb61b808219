// The modal that the person has open, as the app last said it.
import { byId, el } from './dom.js';
import { blocks, text, words } from './blocks.js';
import { picks } from './element.js';
import { get, post, store } from './store.js';
import { notify } from './notice.js';

let open = null; // { dialog, view, revision, entered, errors, busy }

// What was entered, by view: a view that another was pushed on is filled in as before when that closes.
const drafts = new Map();

export function drawModal() {
  const part = store.parts.get('modal');
  const view = part?.value;
  if (!view) return drop();
  if (open?.view.id !== view.id) {
    const dialog = open?.dialog ?? el('dialog', { class: 'modal', 'data-testid': 'modal', 'aria-labelledby': 'modal-title', oncancel: (event) => { event.preventDefault(); close(); } });
    if (!drafts.has(view.id)) drafts.set(view.id, new Map());
    open = { dialog, entered: drafts.get(view.id) };
    if (!dialog.isConnected) {
      byId('modals').append(dialog);
      dialog.showModal();
    }
  } else if (open.revision === part.revision) {
    return;
  }
  const moved = open.view && open.view.hash !== view.hash;
  Object.assign(open, { view, revision: part.revision, busy: open.busy && !moved && !Object.keys(view.errors ?? {}).length, errors: { ...view.errors } });
  draw();
}

function drop() {
  if (!open) return;
  open.dialog.close();
  open.dialog.remove();
  open = null;
  drafts.clear();
}

function hostOf(view, entered) {
  const key = (block, e) => `${block.block_id}\n${e.action_id}`;
  const where = (block, e) => ({ view_id: view.id, block_id: block.block_id, action_id: e.action_id });
  return {
    errors: open.errors,
    kept: (block, e) => entered.get(key(block, e)) ?? view.values?.[block.block_id]?.[e.action_id],
    keep: (block, e, chosen) => {
      entered.set(key(block, e), chosen);
      forgive(block.block_id);
    },
    act: async (block, e, chosen) => {
      try {
        await post('click', { ...where(block, e), picks: picks(chosen) });
      } catch (error) {
        notify(error.message);
      }
    },
    suggest: async (block, e, query) => (await post('suggest', { ...where(block, e), query })).groups,
  };
}

// forgive takes the error off a field that is being put right.
function forgive(blockID) {
  delete open.errors[blockID];
  const node = open.dialog.querySelector(`.wrong[data-block="${CSS.escape(blockID)}"]`);
  node?.classList.remove('wrong');
  node?.querySelector('.error')?.remove();
  node?.querySelector('[aria-invalid]')?.removeAttribute('aria-invalid');
}

function draw() {
  const { dialog, view, entered } = open;
  const focused = dialog.contains(document.activeElement) ? document.activeElement : null;
  const [testid, from, to] = [focused?.dataset.testid, focused?.selectionStart, focused?.selectionEnd];
  const whole = open.errors[''];
  const inputs = view.blocks.some((b) => b.type === 'input');
  dialog.replaceChildren(el('form', { novalidate: true, onsubmit: (event) => { event.preventDefault(); submit(); } },
    el('header', {},
      el('h2', { id: 'modal-title' }, text(view.title)),
      el('button', { type: 'button', class: 'close', 'aria-label': 'Close', 'data-testid': 'modal-x', onclick: close }, '×')),
    el('div', { class: 'content', tabindex: inputs ? null : 0 },
      whole && el('div', { class: 'error whole', role: 'alert' }, whole),
      blocks(view.blocks, hostOf(view, entered))),
    el('footer', {},
      el('button', { type: 'button', class: 'button', 'data-testid': 'modal-close', onclick: close }, words(view.close) || (view.submit ? 'Cancel' : 'Close')),
      view.submit && el('button', { type: 'submit', class: 'button primary', 'data-testid': 'modal-submit', disabled: open.busy }, open.busy ? 'Working…' : text(view.submit)))));
  const again = testid && dialog.querySelector(`[data-testid="${CSS.escape(testid)}"]`);
  const wrong = dialog.querySelector('.wrong input, .wrong textarea');
  const target = (Object.keys(open.errors).length ? wrong : null) ?? again ?? dialog.querySelector('[autofocus]') ?? dialog.querySelector('.content input, .content textarea') ?? dialog.querySelector('footer .button');
  target?.focus();
  if (target === again && from !== undefined && from !== null) target.setSelectionRange?.(from, to);
}

// collect is what was entered since the view was opened, of what is still on it: an input by its
// block, an element of another block by itself.
function collect() {
  const { view, entered } = open;
  const out = [];
  for (const block of view.blocks) {
    for (const e of [block.element, block.accessory, ...(block.elements ?? [])]) {
      const chosen = e && entered.get(`${block.block_id}\n${e.action_id}`);
      if (!chosen || e.type === 'button' || e.type === 'overflow') continue;
      out.push({ ...(block.type === 'input' ? { block_id: block.block_id } : { action_id: e.action_id }), picks: picks(chosen) });
    }
  }
  return out;
}

// wrongs is what Slack's clients check before they send anything.
function wrongs({ view, entered }) {
  const out = {};
  for (const block of view.blocks) {
    if (block.type !== 'input') continue;
    const e = block.element;
    const kept = entered.get(`${block.block_id}\n${e.action_id}`) ?? view.values?.[block.block_id]?.[e.action_id] ?? {};
    const [first = ''] = picks(kept);
    if (!first.trim()) {
      if (!block.optional) out[block.block_id] = 'Please complete this required field.';
    } else if (e.min_length && [...first].length < e.min_length) {
      out[block.block_id] = `Please enter at least ${e.min_length} characters.`;
    } else if (e.type === 'number_input') {
      const n = Number(first);
      if (!Number.isFinite(n) || (!e.is_decimal_allowed && !Number.isInteger(n))) out[block.block_id] = 'Please enter a number.';
      else if (e.min_value !== undefined && n < Number(e.min_value)) out[block.block_id] = `Please enter a number of at least ${e.min_value}.`;
      else if (e.max_value !== undefined && n > Number(e.max_value)) out[block.block_id] = `Please enter a number of at most ${e.max_value}.`;
    } else if (e.type === 'email_text_input' && !/^\S+@\S+\.\S+$/.test(first)) {
      out[block.block_id] = 'Please enter an email address.';
    } else if (e.type === 'url_text_input' && !/^https?:\/\/\S+$/.test(first)) {
      out[block.block_id] = 'Please enter a URL.';
    }
  }
  return out;
}

async function submit() {
  if (open.busy) return;
  open.errors = wrongs(open);
  open.busy = Object.keys(open.errors).length === 0;
  draw();
  if (!open.busy) return;
  const mine = open;
  try {
    const said = await post('submit', { view_id: open.view.id, entered: collect() });
    if (said.notice) notify(said.notice);
  } catch (error) {
    notify(error.message);
  }
  if (open !== mine) return;
  open.busy = false;
  // Errors at fields and the next view come with the state, not with the answer.
  open.errors = { ...get('modal')?.errors };
  draw();
}

async function close() {
  try {
    await post('close', { view_id: open.view.id });
  } catch (error) {
    notify(error.message);
  }
}

// The modal that the person has open, as the app last said it.
import { byId, el, holdFocus, reconcile } from './dom.js';
import { blocks, text, words } from './blocks.js';
import { picks, wrong } from './element.js';
import { post, store } from './store.js';
import { notify } from './notice.js';

let open = null; // { frame, view, revision, entered, errors, told, busy, parked }

// What was entered, by view: a view that another was pushed on is filled in as before when that closes.
const drafts = new Map();

export function drawModal() {
  const part = store.parts.get('modal');
  const view = part?.value;
  if (!view) return drop();
  const fresh = open?.view.id !== view.id;
  if (fresh) {
    if (!drafts.has(view.id)) drafts.set(view.id, new Map());
    open = { frame: open?.frame ?? frame(), view, entered: drafts.get(view.id), errors: {}, told: told({}) };
  } else if (open.revision === part.revision) {
    return;
  }
  // What was entered comes back from the server with each click: only the app's own changes have another hash.
  const moved = fresh || open.view.hash !== view.hash;
  Object.assign(open, { view, revision: part.revision });
  if (moved) Object.assign(open, { busy: false, errors: {} });
  const blamed = blame(view.errors);
  if (moved || blamed) draw();
  if (fresh) open.frame.content.scrollTop = 0;
  if (moved || blamed) place(fresh, blamed);
}

function drop() {
  if (!open) return;
  open.frame.dialog.close();
  open.frame.dialog.remove();
  open = null;
  drafts.clear();
}

// frame is what stays for as long as a modal is open, whatever is in it.
function frame() {
  const title = el('h2', { id: 'modal-title' });
  const whole = el('div', { class: 'error whole', role: 'alert' });
  const content = el('div', { class: 'content' });
  const leave = el('button', { type: 'button', class: 'button', 'data-testid': 'modal-close', onclick: close });
  const send = el('button', { type: 'submit', class: 'button primary', 'data-testid': 'modal-submit' });
  const dialog = el('dialog', { class: 'modal', 'data-testid': 'modal', 'aria-labelledby': 'modal-title', oncancel: (event) => { event.preventDefault(); close(); } },
    el('form', { novalidate: true, onsubmit: (event) => { event.preventDefault(); submit(); } },
      el('header', {}, title, el('button', { type: 'button', class: 'close', 'aria-label': 'Close', 'data-testid': 'modal-x', onclick: close }, '×')),
      whole,
      content,
      el('footer', {}, leave, send)));
  return { dialog, title, whole, content, leave, send };
}

function hostOf(mine) {
  const { view, entered } = mine;
  const key = (block, e) => `${block.block_id}\n${e.action_id}`;
  const where = (block, e) => ({ view_id: view.id, block_id: block.block_id, action_id: e.action_id });
  return {
    kept: (block, e) => entered.get(key(block, e)) ?? mine.view.values?.[block.block_id]?.[e.action_id],
    keep: (block, e, chosen) => {
      entered.set(key(block, e), chosen);
      if (open === mine) forgive(block.block_id);
    },
    act: async (block, e, chosen) => {
      try {
        await post('click', { ...where(block, e), picks: picks(chosen), entered: collect(mine) });
      } catch (error) {
        notify(error.message);
      }
    },
    suggest: async (block, e, query) => (await post('suggest', { ...where(block, e), query })).groups,
  };
}

const told = (errors) => JSON.stringify(errors ?? {});

// blame takes over what the app finds wrong and tells whether that is news: the state says it, and so
// does the answer to a submission. That the state says nothing any more puts nothing right.
function blame(errors) {
  const news = told(errors);
  if (news === open.told) return false;
  open.told = news;
  if (news === told({})) return false;
  Object.assign(open, { busy: false, errors: { ...errors } });
  return true;
}

// forgive takes the error off a field that is being put right.
function forgive(blockID) {
  delete open.errors[blockID];
  mark();
}

// mark puts each error at its field.
function mark() {
  for (const node of open.frame.content.querySelectorAll('.block.input')) wrong(node, open.errors[node.dataset.block]);
}

// draw shows the view. A block that is as it was keeps its elements, and with them what is being typed,
// where, and the menu that is open.
function draw() {
  const { view, busy, errors } = open;
  const { dialog, title, whole, content, leave, send } = open.frame;
  const host = hostOf(open);
  const back = holdFocus(dialog);
  title.replaceChildren(...text(view.title));
  whole.textContent = errors[''] ?? '';
  reconcile(content, view.blocks.map((block) => ({
    key: `${view.id}/${block.block_id}`, signature: JSON.stringify(block), make: () => blocks([block], host)[0],
  })));
  back(content); // also into a field that the app has given another block_id
  // What has no fields is scrolled with the keyboard by itself.
  if (view.blocks.some((b) => b.type === 'input')) content.removeAttribute('tabindex');
  else content.tabIndex = 0;
  mark();
  leave.textContent = words(view.close) || (view.submit ? 'Cancel' : 'Close');
  send.hidden = !view.submit;
  send.replaceChildren(...(busy ? ['Working…'] : text(view.submit)));
  // Not disabled, which would take the focus away from whoever has just pressed it.
  send.setAttribute('aria-disabled', String(Boolean(busy)));
  if (dialog.isConnected) return;
  byId('modals').append(dialog);
  dialog.showModal();
}

// place puts the focus at what has just been found wrong, or into the first field of a view that has
// just come. Otherwise whoever is somewhere in the modal stays there.
function place(fresh, blamed) {
  const { dialog, content, leave } = open.frame;
  const at = document.activeElement;
  const field = 'input, textarea';
  const error = blamed && [...content.querySelectorAll('.wrong')].map((node) => node.querySelector(field)).find(Boolean);
  const parked = open.parked && at === leave;
  if (!error && !fresh && dialog.contains(at) && at !== dialog && !parked) return;
  const to = error || content.querySelector('[autofocus]') || content.querySelector(field) || leave;
  open.parked = to === leave; // for want of a field
  to.focus();
}

// collect is what was entered since the view was opened, of what is still on it: an input by its
// block, an element of another block by itself.
function collect({ view, entered }) {
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
  const mine = open;
  if (mine.busy || !mine.view.submit) return;
  const errors = wrongs(mine);
  const none = told(errors) === told({});
  Object.assign(mine, { errors, told: told({}), busy: none });
  draw();
  if (!none) return place(false, true);
  let said = {};
  try {
    said = await post('submit', { view_id: mine.view.id, entered: collect(mine) });
  } catch (error) {
    notify(error.message);
    mine.busy = false;
  }
  // Where all is well it stays busy until the state comes that this led to, so that nobody submits twice.
  if (open !== mine) return;
  const blamed = blame(said.errors);
  if (mine.busy) return;
  draw();
  if (blamed) place(false, true);
}

async function close() {
  try {
    await post('close', { view_id: open.view.id });
  } catch (error) {
    notify(error.message);
  }
}

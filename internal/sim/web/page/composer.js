// Where people type, under a channel and in a thread.
import { el } from './dom.js';
import { post } from './store.js';

// composer makes one. where() is { channel, thread_ts } at the time of sending; sent() is called after
// something was sent; told(words) shows what Slack says to the sender alone.
export function composer({ testid, sendTestid, label, hints, where, sent, told }) {
  const drafts = new Map(); // by channel and thread, so that a change of channel loses nothing
  let place = '';

  const field = el('textarea', { rows: 1, 'data-testid': testid, 'aria-label': label, placeholder: label, autocapitalize: 'off', spellcheck: 'false', enterkeyhint: 'send' });
  const send = el('button', { type: 'submit', class: 'button primary', 'data-testid': sendTestid, 'aria-label': 'Send' }, 'Send');
  const row = el('div', { class: 'hints', role: 'group', 'aria-label': 'Examples to start from' }, hints.map((hint) =>
    el('button', { type: 'button', class: 'hint', 'data-testid': 'hint', onclick: () => { fill(hint); field.focus(); } }, hint)));
  const form = el('form', { class: 'composer' }, row, el('div', { class: 'line' }, field, send));

  function fill(text) {
    field.value = text;
    grow();
  }

  function grow() {
    field.style.height = 'auto';
    field.style.height = `${Math.min(field.scrollHeight, 160)}px`;
  }

  async function submit() {
    const text = field.value.trimEnd();
    if (!text.trim() || field.disabled) return;
    const to = where();
    fill('');
    try {
      const said = await post('say', { ...to, text });
      if (said.notice) told(said.notice, to);
      sent();
    } catch (error) {
      told(error.message, to);
      if (!field.value) fill(text);
    }
  }

  field.addEventListener('input', grow);
  let shift = false;
  field.addEventListener('keydown', (event) => {
    shift = event.shiftKey;
    if (event.key !== 'Enter' || shift || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  // Keyboards on a screen send no Enter key, only the line break that it would make.
  field.addEventListener('beforeinput', (event) => {
    if (shift || !['insertLineBreak', 'insertParagraph'].includes(event.inputType)) return;
    event.preventDefault();
    submit();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
  });

  // at tells which channel and thread it is under now, and why one cannot write there, if so.
  form.at = (key, words, refusal) => {
    if (key !== place) {
      drafts.set(place, field.value);
      place = key;
      fill(drafts.get(key) ?? '');
    }
    field.setAttribute('aria-label', words);
    field.placeholder = refusal || words;
    field.disabled = send.disabled = Boolean(refusal);
  };
  // On a phone the keyboard would cover what was opened to be read. It answers whether it has the focus.
  form.focusField = () => {
    if (matchMedia('(max-width: 760px), (pointer: coarse)').matches) return false;
    field.focus();
    return true;
  };
  return form;
}

// What can be clicked, chosen and filled in. Every element reports what Slack's payloads carry for
// it: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
import { el } from './dom.js';
import { combobox } from './combobox.js';
import { confirm } from './confirm.js';
import { directory } from './mrkdwn.js';
import { text, unknown, words } from './blocks.js';

// element draws one that stands in a section or an actions block: it acts at once.
export function element(block, e, host) {
  return draw(block, e, host, async (chosen, undo) => {
    if (e.confirm && !(await confirm(e.confirm))) {
      undo?.();
      return;
    }
    host.keep(block, e, chosen);
    host.act(block, e, chosen);
  });
}

let serial = 0;

// input draws an input block: a labelled field that is kept until the modal is submitted.
export function input(block, host) {
  const e = block.element;
  const id = `field-${++serial}`;
  const report = (chosen) => {
    host.keep(block, e, chosen);
    if (block.dispatch_action) host.act(block, e, chosen);
  };
  const field = draw(block, e, host, report);
  const target = field.matches('input, textarea, select') ? field : field.querySelector('input, textarea, select') ?? field;
  target.setAttribute('aria-describedby', `${id}-error${block.hint ? ` ${id}-hint` : ''}`);
  if (!block.optional) target.setAttribute('aria-required', 'true');
  const grouped = ['checkboxes', 'radio_buttons'].includes(e.type);
  if (!target.id && !grouped) target.id = id;
  return el('div', { class: 'block input', 'data-block': block.block_id },
    el(grouped ? 'div' : 'label', { class: 'label', for: grouped ? null : target.id }, text(block.label), block.optional && el('span', { class: 'optional' }, ' (optional)')),
    field,
    el('div', { class: 'error', id: `${id}-error`, role: 'alert' }),
    block.hint && el('div', { class: 'field-hint', id: `${id}-hint` }, text(block.hint)));
}

// wrong says at an input block what is wrong with it, or with no words that nothing is.
export function wrong(node, words = '') {
  const error = node.querySelector('.error');
  if (error.textContent === words) return;
  error.textContent = words;
  node.classList.toggle('wrong', Boolean(words));
  const target = node.querySelector('input, textarea, select');
  if (words) target?.setAttribute('aria-invalid', 'true');
  else target?.removeAttribute('aria-invalid');
}

function draw(block, e, host, report) {
  const label = words(block.label) || words(e.placeholder) || e.action_id;
  const kept = host.kept(block, e);
  switch (e.type) {
    case 'button':
      return button(e, report);
    case 'overflow':
      return overflow(e, report);
    case 'checkboxes':
    case 'radio_buttons':
      return choices(e, kept, label, report);
    case 'static_select':
    case 'external_select':
    case 'users_select':
    case 'conversations_select':
    case 'channels_select':
    case 'multi_static_select':
    case 'multi_external_select':
    case 'multi_users_select':
    case 'multi_conversations_select':
    case 'multi_channels_select':
      return select(block, e, host, kept, label, report);
    case 'datepicker':
      return typed(e, 'date', 'selected_date', e.initial_date, kept, label, report);
    case 'timepicker':
      return typed(e, 'time', 'selected_time', e.initial_time, kept, label, report);
    case 'datetimepicker':
      return datetime(e, kept, label, report);
    case 'plain_text_input':
      return e.multiline ? area(e, kept, label, report) : typed(e, 'text', 'value', e.initial_value, kept, label, report);
    case 'number_input':
      return typed(e, 'text', 'value', e.initial_value, kept, label, report, e.is_decimal_allowed ? 'decimal' : 'numeric');
    case 'email_text_input':
      return typed(e, 'text', 'value', e.initial_value, kept, label, report, 'email');
    case 'url_text_input':
      return typed(e, 'text', 'value', e.initial_value, kept, label, report, 'url');
  }
  return unknown('element', e);
}

function button(e, report) {
  const attrs = {
    class: `button ${e.style ?? ''}`, 'data-testid': `button-${e.action_id}`, 'aria-label': e.accessibility_label,
    onclick: () => report(e.value === undefined ? {} : { value: e.value }),
  };
  if (!e.url) return el('button', { type: 'button', ...attrs }, text(e.text));
  const href = /^https?:\/\//i.test(e.url) ? e.url : null;
  return el('a', { href, target: '_blank', rel: 'noopener noreferrer', role: 'button', ...attrs }, text(e.text));
}

function overflow(e, report) {
  const menu = el('div', { class: 'menu', role: 'menu' }, (e.options ?? []).map((o) =>
    el('button', { type: 'button', role: 'menuitem', onclick: () => { box.open = false; report({ selected_option: o }); } }, text(o.text))));
  const box = el('details', { class: 'overflow', 'data-testid': `overflow-${e.action_id}` },
    el('summary', { class: 'button', 'aria-label': 'More actions' }, '⋯'), menu);
  box.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !box.open) return;
    event.stopPropagation();
    box.open = false;
    box.firstElementChild.focus();
  });
  return box;
}

function choices(e, kept, label, report) {
  const single = e.type === 'radio_buttons';
  const name = `choice-${++serial}`;
  const initial = kept ?? (single ? { selected_option: e.initial_option } : { selected_options: e.initial_options });
  const on = new Set([initial.selected_option, ...(initial.selected_options ?? [])].filter(Boolean).map((o) => o.value));
  const boxes = (e.options ?? []).map((o) => ({
    o, box: el('input', { type: single ? 'radio' : 'checkbox', name, checked: on.has(o.value), onchange: changed }),
  }));
  function changed() {
    const chosen = boxes.filter((b) => b.box.checked).map((b) => b.o);
    report(single ? { selected_option: chosen[0] ?? null } : { selected_options: chosen });
  }
  return el('div', { class: 'choices', role: single ? 'radiogroup' : 'group', 'aria-label': label, 'data-testid': `choice-${e.action_id}` },
    boxes.map(({ o, box }) => el('label', {}, box, el('span', {}, text(o.text), o.description && el('small', {}, text(o.description))))));
}

// typed is a field of one line. It reports with every key, so that nothing is lost when the view is
// updated while somebody types.
function typed(e, type, key, initial, kept, label, report, mode) {
  const field = el('input', {
    type, inputmode: mode, 'data-testid': `input-${e.action_id}`, 'aria-label': label, placeholder: words(e.placeholder), autocomplete: 'off',
    minlength: e.min_length, maxlength: e.max_length, autofocus: e.focus_on_load, oninput: () => report({ [key]: field.value || null }),
  });
  field.value = (kept ? kept[key] : initial) ?? '';
  return field;
}

function area(e, kept, label, report) {
  const field = el('textarea', {
    rows: 4, 'data-testid': `input-${e.action_id}`, 'aria-label': label, placeholder: words(e.placeholder), minlength: e.min_length,
    maxlength: e.max_length, autofocus: e.focus_on_load, oninput: () => report({ value: field.value || null }),
  });
  field.value = (kept ? kept.value : e.initial_value) ?? '';
  return field;
}

function datetime(e, kept, label, report) {
  const local = (unix) => {
    const at = new Date(unix * 1000);
    return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  };
  const field = el('input', {
    type: 'datetime-local', 'data-testid': `input-${e.action_id}`, 'aria-label': label,
    onchange: () => report({ selected_date_time: field.value ? Math.floor(new Date(field.value).getTime() / 1000) : null }),
  });
  const unix = kept ? kept.selected_date_time : e.initial_date_time;
  if (unix) field.value = local(unix);
  return field;
}

const idSelects = { users: 'user', conversations: 'conversation', channels: 'channel' };

function select(block, e, host, kept, label, report) {
  const multi = e.type.startsWith('multi_');
  const kind = e.type.replace('multi_', '').replace('_select', '');
  const id = idSelects[kind];
  const key = multi ? (id ? `selected_${id}s` : 'selected_options') : (id ? `selected_${id}` : 'selected_option');
  const initialKey = key.replace('selected', 'initial');
  const raw = [(kept ? kept[key] : e[initialKey]) ?? []].flat();
  const known = id ? places(kind) : null;
  const chosen = id ? raw.map((v) => known.find((o) => o.value === v)).filter(Boolean) : raw;
  let undoable = chosen;
  const control = combobox({
    testid: `select-${e.action_id}`, label, placeholder: words(e.placeholder) || 'Choose an option', chosen, multi, most: e.max_selected_items,
    focus: e.focus_on_load, minQuery: kind === 'external' ? (e.min_query_length ?? 3) : 0, words: (o) => words(o.text), about: (o) => words(o.description),
    find: kind === 'external' ? (query) => host.suggest(block, e, query) : async (query) => filter(known ? [{ options: known }] : groups(e), query),
    choose: (options) => {
      const values = id ? options.map((o) => o.value) : options;
      report({ [key]: multi ? values : values[0] ?? null }, () => control.show(undoable));
      if (!e.confirm) undoable = options;
    },
  });
  return control;
}

function groups(e) {
  return e.option_groups ?? [{ options: e.options ?? [] }];
}

function filter(list, query) {
  const wanted = query.toLowerCase();
  return list.map((g) => ({ ...g, options: g.options.filter((o) => words(o.text).toLowerCase().includes(wanted)) })).filter((g) => g.options.length);
}

// places are the people or channels that a menu of such offers.
function places(kind) {
  const option = (name, value) => ({ text: { type: 'plain_text', text: name, emoji: false }, value });
  if (kind === 'users') return [...directory.users.values()].map((u) => option('@' + u.display_name, u.id));
  return [...directory.channels.values()].filter((c) => c.name).map((c) => option('#' + c.name, c.id));
}

// picks is what was chosen or typed as plain strings: the values of options, IDs, dates, text.
export function picks(chosen) {
  const { type, ...values } = chosen;
  return Object.values(values).flat().filter((v) => v !== null && v !== undefined).map((v) => (typeof v === 'object' ? v.value : String(v)));
}

// A menu that searches as one types: https://www.w3.org/WAI/ARIA/apg/patterns/combobox/
import { el } from './dom.js';

let serial = 0;

// How long somebody stops typing before the bot is asked, in milliseconds.
const typingPause = 150;

// combobox makes one. find(query) is a promise of groups of options; choose(options) is told of every
// change. The element it returns has show(options), which sets what is chosen and tells nobody.
export function combobox(o) {
  const id = `list-${++serial}`;
  let chosen = o.chosen;
  let shown = []; // the options in the list, in its order
  let active = -1;
  let asked = 0;
  let stale = false; // whether the list is of something else than what stands in the field
  let pause;

  const field = el('input', {
    type: 'text', role: 'combobox', autocomplete: 'off', spellcheck: 'false', 'aria-expanded': 'false', 'aria-controls': id,
    'aria-autocomplete': 'list', 'aria-label': o.label, 'data-testid': o.testid, autofocus: o.focus,
  });
  const list = el('div', {
    id, role: 'listbox', class: 'listbox', 'aria-label': o.label, 'aria-multiselectable': o.multi ? 'true' : null, hidden: true,
    onmousedown: (event) => event.preventDefault(), // the field keeps the focus, or the list would close
  });
  const chips = el('div', { class: 'chips' });
  const box = el('div', { class: 'combobox' }, chips, field, list);

  function rest() {
    chips.replaceChildren(...(o.multi ? chosen : []).map((option) => el('button', {
      type: 'button', class: 'chip', 'aria-label': `Remove ${o.words(option)}`,
      onclick: () => { change(chosen.filter((c) => c !== option)); field.focus(); },
    }, o.words(option), ' ×')));
    field.value = o.multi || !chosen.length ? '' : o.words(chosen[0]);
    field.placeholder = o.multi && chosen.length ? 'Add another' : o.placeholder;
  }

  function change(options) {
    chosen = options;
    rest();
    o.choose(chosen);
  }

  function close() {
    asked++; // an answer that is still to come is for nobody
    clearTimeout(pause);
    wait(false);
    list.hidden = true;
    field.setAttribute('aria-expanded', 'false');
    field.removeAttribute('aria-activedescendant');
    rest();
  }

  function wait(yes) {
    stale = yes;
    list.setAttribute('aria-busy', String(yes));
  }

  function note(words) {
    shown = [];
    active = -1;
    field.removeAttribute('aria-activedescendant');
    list.replaceChildren(el('div', { class: 'note', role: 'status' }, words));
  }

  async function ask(query) {
    const mine = ++asked;
    list.hidden = false;
    field.setAttribute('aria-expanded', 'true');
    wait(true);
    if (query.length < o.minQuery) {
      note(`Type at least ${o.minQuery} ${o.minQuery === 1 ? 'character' : 'characters'}`);
      wait(false);
      return;
    }
    const slow = setTimeout(() => mine === asked && note('Loading…'), typingPause);
    let groups;
    try {
      groups = await o.find(query);
    } catch {
      groups = null;
    }
    clearTimeout(slow);
    if (mine !== asked) return;
    if (groups) fill(groups);
    else note('Options could not be loaded');
    wait(false);
  }

  function fill(groups) {
    shown = [];
    const isChosen = (option) => chosen.some((c) => c.value === option.value);
    list.replaceChildren(...groups.map((g) => el('div', { role: 'group', 'aria-label': g.label?.text },
      g.label && el('div', { class: 'group-label', 'aria-hidden': 'true' }, o.words({ text: g.label })),
      g.options.map((option) => {
        const i = shown.push(option) - 1;
        return el('div', {
          role: 'option', id: `${id}-${i}`, 'data-testid': 'option', 'data-value': option.value, 'aria-selected': String(isChosen(option)),
          onclick: () => pick(i), onmousemove: () => point(i),
        }, o.words(option), o.about(option) && el('small', {}, o.about(option)));
      }))));
    if (!shown.length) note('No results');
    active = -1;
    if (shown.length) point(0);
    list.scrollIntoView({ block: 'nearest' });
  }

  function point(i) {
    list.querySelector('.active')?.classList.remove('active');
    active = (i + shown.length) % shown.length;
    const node = document.getElementById(`${id}-${active}`);
    node.classList.add('active');
    node.scrollIntoView({ block: 'nearest' });
    field.setAttribute('aria-activedescendant', node.id);
  }

  function pick(i) {
    const option = shown[i];
    close();
    if (!o.multi) return change([option]);
    const without = chosen.filter((c) => c.value !== option.value);
    if (without.length < chosen.length) return change(without);
    if (!o.most || chosen.length < o.most) change([...chosen, option]);
  }

  field.addEventListener('focus', () => field.select());
  field.addEventListener('click', () => list.hidden && ask(''));
  field.addEventListener('input', () => {
    asked++; // what was asked before is out of date
    wait(true);
    clearTimeout(pause);
    pause = setTimeout(() => ask(field.value), typingPause);
  });
  field.addEventListener('blur', close);
  field.addEventListener('keydown', (event) => {
    const open = !list.hidden;
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp':
        event.preventDefault();
        if (!open) ask('');
        else if (shown.length) point(active + (event.key === 'ArrowDown' ? 1 : -1));
        return;
      case 'Enter':
        if (!open) return;
        event.preventDefault();
        if (!stale && shown[active]) pick(active);
        return;
      case 'Escape':
        if (!open) return;
        event.preventDefault();
        event.stopPropagation();
        close();
        return;
      case 'Backspace':
        if (o.multi && !field.value && chosen.length) change(chosen.slice(0, -1));
    }
  });

  // Enter chooses, and never submits the modal around it.
  field.addEventListener('keypress', (event) => event.key === 'Enter' && event.preventDefault());

  box.show = (options) => {
    chosen = options;
    rest();
  };
  rest();
  return box;
}

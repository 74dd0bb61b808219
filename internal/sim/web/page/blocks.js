// Block Kit, drawn as Slack draws it. What Slack would draw and this cannot says so on the page,
// rather than be left out in silence.
import { el } from './dom.js';
import { emoji } from './emoji.js';
import { mrkdwn } from './mrkdwn.js';
import { element, input } from './element.js';
import { richText } from './richtext.js';

// A host is where blocks stand: a message or a view. It has
//   act(block, element, values)    something was clicked or chosen
//   suggest(block, element, query) options of an external menu, as a promise
//   kept(block, element)           what was entered before, or undefined

export function blocks(list, host) {
  return (list ?? []).map((block) => one(block, host));
}

function one(block, host) {
  switch (block.type) {
    case 'header':
      return el('div', { class: 'block header', role: 'heading', 'aria-level': 4 }, text(block.text));
    case 'section':
      return section(block, host);
    case 'context':
      return el('div', { class: 'block context' }, (block.elements ?? []).map((e) => contextElement(e)));
    case 'divider':
      return el('hr', { class: 'block' });
    case 'actions':
      return el('div', { class: 'block actions' }, (block.elements ?? []).map((e) => element(block, e, host)));
    case 'image':
      return el('figure', { class: 'block' }, block.title && el('figcaption', {}, text(block.title)), image(block));
    case 'input':
      return input(block, host);
    case 'rich_text':
      return el('div', { class: 'block rich' }, richText(block));
  }
  return unknown('block', block);
}

export function unknown(kind, what) {
  return el('div', { class: 'block unknown', role: 'note' }, `This page cannot show the ${kind} type “${what?.type}”.`);
}

// text draws a text object: mrkdwn, or plain text in which only emoji mean something.
export function text(t) {
  if (!t) return [];
  if (t.type === 'mrkdwn') return mrkdwn(t.text);
  const out = [];
  (t.emoji === false ? t.text : emoji(t.text)).split('\n').forEach((row, i) => out.push(i ? el('br') : '', row));
  return out;
}

// words are a text object's characters, for an attribute or an option.
export function words(t) {
  if (!t) return '';
  return t.emoji === false ? t.text : emoji(t.text);
}

function section(block, host) {
  const main = el('div', { class: 'words' },
    block.text && el('div', { class: 'text' }, text(block.text)),
    block.fields && el('div', { class: 'fields' }, block.fields.map((f) => el('div', {}, text(f)))));
  const accessory = block.accessory && (block.accessory.type === 'image'
    ? image(block.accessory)
    : element(block, block.accessory, host));
  return el('div', { class: 'block section' }, main, accessory && el('div', { class: 'accessory' }, accessory));
}

function contextElement(e) {
  return e.type === 'image' ? image(e) : el('span', {}, text(e));
}

// image shows the alternative text alone: the page loads nothing from outside.
function image(i) {
  return el('span', { class: 'image', role: 'img', 'aria-label': i.alt_text || 'image' }, `🖼 ${i.alt_text || 'image'}`);
}

// rich_text blocks: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
import { el } from './dom.js';
import { emoji } from './emoji.js';
import { broadcast, channel, date, group, link, user } from './mrkdwn.js';

export function richText(block) {
  return (block.elements ?? []).map(part);
}

function part(e) {
  switch (e.type) {
    case 'rich_text_section':
      return el('div', {}, pieces(e));
    case 'rich_text_preformatted':
      return el('pre', {}, pieces(e));
    case 'rich_text_quote':
      return el('blockquote', {}, pieces(e));
    case 'rich_text_list':
      return el(e.style === 'ordered' ? 'ol' : 'ul', { class: `indent-${Math.min(e.indent ?? 0, 4)}`, start: e.offset ? e.offset + 1 : null },
        (e.elements ?? []).map((item) => el('li', {}, pieces(item))));
  }
  return document.createTextNode('');
}

function pieces(e) {
  return (e.elements ?? []).map(piece);
}

function piece(p) {
  return styled(p.style ?? {}, bare(p));
}

function bare(p) {
  switch (p.type) {
    case 'text':
      return document.createTextNode(p.text);
    case 'link':
      return link(p.url, p.text || p.url);
    case 'emoji':
      return document.createTextNode(emoji(`:${p.name}:`));
    case 'user':
      return user(p.user_id);
    case 'channel':
      return channel(p.channel_id);
    case 'usergroup':
      return group(p.usergroup_id);
    case 'broadcast':
      return broadcast(p.range);
    case 'date':
      return date(p.timestamp, p.format, p.url, p.fallback);
  }
  return document.createTextNode('');
}

function styled(style, node) {
  const tags = { code: 'code', bold: 'strong', italic: 'em', strike: 'del', underline: 'u' };
  for (const [name, tag] of Object.entries(tags)) if (style[name]) node = el(tag, {}, node);
  return node;
}

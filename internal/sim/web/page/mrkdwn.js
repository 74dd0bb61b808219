// Slack's mrkdwn, as Slack shows it: https://docs.slack.dev/messaging/formatting-message-text
import { el } from './dom.js';
import { emoji } from './emoji.js';

// people, channels and groups by ID, for mentions.
export const directory = { users: new Map(), channels: new Map(), groups: new Map(), shortcuts: [], me: '' };

// mrkdwn turns a text into nodes.
export function mrkdwn(text) {
  const out = [];
  // ```pre``` comes first: nothing in it has a meaning but <…> and entities.
  for (const [i, part] of splitPre(String(text ?? '')).entries()) {
    if (i % 2) out.push(el('pre', {}, plainly(part.replace(/^\n|\n$/g, ''))));
    else out.push(...lines(part, i > 0));
  }
  return out;
}

function splitPre(text) {
  const parts = text.split('```');
  // An even number of parts means that the last fence is never closed: then it is only text.
  if (parts.length % 2 === 0) parts.splice(-2, 2, parts.slice(-2).join('```'));
  return parts;
}

function lines(text, afterPre) {
  if (afterPre) text = text.replace(/^\n/, '');
  const out = [];
  let quote = null;
  const rows = text.split('\n');
  rows.forEach((row, i) => {
    const quoted = /^(?:&gt;|>) ?/.exec(row);
    if (quoted) {
      if (!quote) out.push((quote = el('blockquote')));
      else quote.append(el('br'));
      quote.append(...inline(row.slice(quoted[0].length)));
      return;
    }
    if (i > 0 && !quote) out.push(el('br'));
    quote = null;
    out.push(...inline(row));
  });
  return out;
}

const marks = { '*': 'strong', _: 'em', '~': 'del' };

// inline reads one line: left to right, the first mark that closes wins.
function inline(text) {
  const out = [];
  let plain = '';
  const flush = () => {
    if (plain) out.push(leaf(plain));
    plain = '';
  };
  for (let i = 0; i < text.length; ) {
    const c = text[i];
    if (c === '<') {
      const end = text.indexOf('>', i);
      const node = end > i && bracket(text.slice(i + 1, end));
      if (node) {
        flush();
        out.push(node);
        i = end + 1;
        continue;
      }
    }
    if ((c === '`' || marks[c]) && opens(text, i)) {
      const end = closing(text, i, c);
      if (end > 0) {
        flush();
        const inner = text.slice(i + 1, end);
        out.push(c === '`' ? el('code', {}, plainly(inner)) : el(marks[c], {}, inline(inner)));
        i = end + 1;
        continue;
      }
    }
    plain += c;
    i++;
  }
  flush();
  return out;
}

const wordy = /[\p{L}\p{N}]/u;

// opens: a mark begins something only at the edge of a word.
function opens(text, i) {
  const before = text[i - 1];
  return !(before && (wordy.test(before) || before === text[i])) && text[i + 1] !== undefined && !/\s/.test(text[i + 1]) && text[i + 1] !== text[i];
}

function closing(text, from, mark) {
  for (let i = from + 2; i < text.length; i++) {
    if (mark !== '`' && text[i] === '<') {
      const end = text.indexOf('>', i);
      if (end > 0) i = end;
      continue;
    }
    if (text[i] !== mark || /\s/.test(text[i - 1])) continue;
    const after = text[i + 1];
    if (mark === '`' || !(after && (wordy.test(after) || after === mark))) return i;
  }
  return -1;
}

// unescape undoes the three entities that Slack knows, and no others.
function unescape(text) {
  return text.replace(/&(amp|lt|gt);/g, (_, name) => ({ amp: '&', lt: '<', gt: '>' })[name]);
}

function leaf(text) {
  return emoji(unescape(text));
}

// plainly is what stands in code: references are resolved, styles and emoji are not.
function plainly(text) {
  return text.split(/(<[^<>\n]+>)/).map((part, i) => (i % 2 && bracket(part.slice(1, -1))) || unescape(part));
}

// bracket reads what stands between < and >; null where it is nothing that Slack knows.
function bracket(inside) {
  const bar = inside.indexOf('|');
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? '' : inside.slice(bar + 1);
  switch (target[0]) {
    case '@':
      return user(target.slice(1), label);
    case '#':
      return channel(target.slice(1), label);
    case '!':
      return special(target.slice(1), label);
  }
  if (/^(https?:\/\/|mailto:|tel:)/i.test(target)) return link(unescape(target), label ? inline(label) : unescape(target));
  return null;
}

export function user(id, label) {
  const name = directory.users.get(id)?.display_name || label || id;
  return el('span', { class: `mention${id === directory.me ? ' me' : ''}` }, '@' + unescape(name));
}

export function channel(id, label) {
  return el('span', { class: 'mention' }, '#' + unescape(directory.channels.get(id)?.name || label || id));
}

export function link(href, label) {
  if (!/^(https?:\/\/|mailto:|tel:)/i.test(href)) return el('span', {}, label);
  return el('a', { href, target: '_blank', rel: 'noopener noreferrer' }, label);
}

function special(what, label) {
  const [kind, ...rest] = what.split('^');
  switch (kind) {
    case 'here':
    case 'channel':
    case 'everyone':
      return broadcast(kind);
    case 'subteam':
      return group(rest[0], label);
    case 'date':
      return date(rest[0], rest[1] ?? '', rest[2], label);
  }
  return label ? document.createTextNode(unescape(label)) : null;
}

export function broadcast(range) {
  return el('span', { class: 'mention me' }, '@' + range);
}

export function group(id, label) {
  const handle = directory.groups.get(id)?.handle;
  return el('span', { class: 'mention' }, handle ? '@' + handle : unescape(label || id));
}

// date shows a moment in the reader's own time zone; the fallback where it is no moment.
export function date(ts, format, href, fallback) {
  const at = new Date(Number(ts) * 1000);
  if (!Number.isFinite(at.getTime()) || !ts) return document.createTextNode(unescape(fallback || ''));
  const text = unescape(format).replace(/\{(\w+)\}/g, (whole, token) => moment(at, token) ?? whole);
  const node = el('time', { datetime: at.toISOString(), title: at.toLocaleString(undefined, { dateStyle: 'full', timeStyle: 'long' }) }, text);
  return href ? link(unescape(href), node) : node;
}

function moment(at, token) {
  const show = (options) => at.toLocaleString(undefined, options);
  const pretty = (otherwise) => near(at) ?? show(otherwise);
  const long = { weekday: 'long', month: 'long', day: 'numeric', year: 'numeric' };
  const usual = { month: 'long', day: 'numeric', year: 'numeric' };
  const short = { month: 'short', day: 'numeric', year: 'numeric' };
  switch (token) {
    case 'date_num': {
      const two = (n) => String(n).padStart(2, '0');
      return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    }
    case 'date': return show(usual);
    case 'date_slash': return show({ month: '2-digit', day: '2-digit', year: 'numeric' });
    case 'date_short': return show(short);
    case 'date_long': return show(long);
    case 'date_pretty': return pretty(usual);
    case 'date_short_pretty': return pretty(short);
    case 'date_long_pretty': return pretty(long);
    case 'time': return show({ hour: 'numeric', minute: '2-digit' });
    case 'time_secs': return show({ hour: 'numeric', minute: '2-digit', second: '2-digit' });
    case 'ago': return ago(at);
  }
  return undefined;
}

// near is what Slack says in the place of a date close by.
function near(at) {
  const day = (d) => Math.round(new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime() / 86_400_000);
  return { '-1': 'yesterday', 0: 'today', 1: 'tomorrow' }[day(at) - day(new Date())];
}

export function ago(at) {
  const seconds = Math.round((at.getTime() - Date.now()) / 1000);
  const words = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
  for (const [unit, size] of [['day', 86_400], ['hour', 3_600], ['minute', 60]]) {
    if (Math.abs(seconds) >= size) return words.format(Math.round(seconds / size), unit);
  }
  return words.format(seconds, 'second');
}

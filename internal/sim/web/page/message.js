// One message, in a channel or in a thread.
import { avatar, el } from './dom.js';
import { blocks } from './blocks.js';
import { picks } from './element.js';
import { emoji } from './emoji.js';
import { ago, directory, mrkdwn } from './mrkdwn.js';
import { post } from './store.js';
import { notify } from './notice.js';

// What was chosen in a message's menus, by channel, ts, block and action: Slack's clients keep it too.
const chosen = new Map();

function hostOf(m) {
  const key = (block, e) => [m.channel, m.ts, block.block_id, e.action_id].join('\n');
  return {
    kept: (block, e) => chosen.get(key(block, e)),
    keep: (block, e, values) => chosen.set(key(block, e), values),
    act: async (block, e, values) => {
      try {
        await post('click', { channel: m.channel, ts: m.ts, block_id: block.block_id, action_id: e.action_id, picks: picks(values) });
      } catch (error) {
        notify(error.message);
      }
    },
    suggest: async (block, e, query) =>
      (await post('suggest', { channel: m.channel, ts: m.ts, block_id: block.block_id, action_id: e.action_id, query })).groups,
  };
}

async function use(m, shortcut) {
  try {
    await post('shortcut', { channel: m.channel, ts: m.ts, callback_id: shortcut.callback_id });
  } catch (error) {
    notify(error.message);
  }
}

export const replies = (count) => `${count} ${count === 1 ? 'reply' : 'replies'}`;

const at = (ts) => new Date(Number(ts) * 1000);

const clock = (when) => when.toLocaleTimeString(undefined, { hour: 'numeric', minute: '2-digit' });

// message draws one. o.follows: the author is that of the message above. o.thread: { count, last }
// of its replies, where it stands in a channel; o.open opens its thread.
export function message(m, o) {
  const author = directory.users.get(m.user) ?? { id: m.user, name: m.user, real_name: m.user };
  const name = author.display_name || author.real_name || author.name;
  const when = at(m.ts);
  const time = el('time', { datetime: when.toISOString(), title: when.toLocaleString(undefined, { dateStyle: 'full', timeStyle: 'medium' }) }, o.follows ? clock(when).replace(/\s*[AP]M$/i, '') : clock(when));
  const node = el('article', {
    class: `message${o.follows ? ' follows' : ''}${m.ephemeral ? ' ephemeral' : ''}`, 'data-testid': m.ephemeral ? 'ephemeral' : 'message',
    'data-ts': m.ts, 'aria-label': `${m.ephemeral ? 'Only visible to you, from' : 'Message from'} ${name}, ${clock(when)}`,
  },
  m.ephemeral && el('div', { class: 'only-you' }, el('span', { 'aria-hidden': 'true' }, '👁 '), 'Only visible to you'),
  o.follows ? el('span', { class: 'gutter' }, time) : avatar(author),
  el('div', { class: 'body' },
    !o.follows && el('div', { class: 'by' }, el('strong', {}, name), author.is_bot && el('span', { class: 'badge' }, 'APP'), author.badge && el('span', { class: 'badge' }, author.badge), time),
    content(m),
    m.reactions?.length ? el('div', { class: 'reactions' }, m.reactions.map((r) => el('span', {}, emoji(`:${r.name}:`), ` ${r.users.length}`))) : null,
    o.thread?.count ? el('button', { type: 'button', class: 'replies', 'data-testid': 'replies', onclick: o.open },
      replies(o.thread.count), el('span', { class: 'last' }, ` Last reply ${ago(at(o.thread.last))}`)) : null),
  !m.ephemeral && (o.open || directory.shortcuts.length) && el('div', { class: 'tools' },
    directory.shortcuts.map((s) => el('button', { type: 'button', 'data-testid': `shortcut-${s.callback_id}`, 'aria-label': s.name, title: s.name, onclick: () => use(m, s) }, '⚡')),
    o.open && el('button', { type: 'button', 'data-testid': 'reply-in-thread', 'aria-label': 'Reply in thread', title: 'Reply in thread', onclick: o.open }, '💬')));
  return node;
}

// content is what a message says: its blocks, or its text where it has none. The text of a message
// with blocks is for notifications and screen readers alone, as in Slack.
function content(m) {
  const edited = m.edited && el('span', { class: 'edited' }, ' (edited)');
  if (m.blocks?.length) return el('div', { class: 'blocks' }, blocks(m.blocks, hostOf(m)), edited);
  return el('div', { class: 'text' }, mrkdwn(m.text), edited);
}

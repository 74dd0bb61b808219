// The channels one is in, the messages of the one that is open, and the thread beside it.
import { byId, el, reconcile } from './dom.js';
import { get, list, onChange, store } from './store.js';
import { message, replies } from './message.js';
import { mrkdwn } from './mrkdwn.js';
import { announce } from './notice.js';
import { composer } from './composer.js';

const hints = ['/droplet reboot web-1', '/droplet rebuild web-1 ubuntu-24-04-x64', '/droplet help', '@dropletops reboot web-2'];

const open = { channel: '', thread: '' };
const seen = new Map(); // newest ts by person and channel, for what is unread
const local = []; // what Slack itself says to one person: { person, channel, thread_ts, ts, text }

// follows: Slack leaves the name out where somebody writes on within five minutes.
const sameBreath = 300;

const write = composer({
  testid: 'composer', sendTestid: 'send', label: 'Message', hints, where: () => ({ channel: open.channel }), sent: () => toEnd(byId('messages')), told,
});
const answer = composer({
  testid: 'thread-composer', sendTestid: 'thread-send', label: 'Reply', hints: ['@dropletops power-cycle web-2'],
  where: () => ({ channel: open.channel, thread_ts: open.thread }), sent: () => toEnd(byId('thread-messages')), told,
});

// told shows what Slack says to the sender alone, where the sender wrote.
function told(text, to) {
  const ts = ((Date.now() + store.skew) / 1000).toFixed(6);
  local.push({ ...to, person: store.person, ts, text, user: 'USLACKBOT', ephemeral: true });
  drawChannel();
}

function all() {
  return [...list('messages/'), ...local.filter((m) => m.person === store.person).map((value) => ({ value, revision: 0 }))]
    .sort((a, b) => (a.value.ts < b.value.ts ? -1 : 1));
}

export function drawChannel() {
  const channels = list('channels/').map((part) => part.value).sort((a, b) => a.order - b.order);
  if (!channels.some((c) => c.id === open.channel)) [open.channel, open.thread] = [channels[0]?.id ?? '', ''];
  const messages = all();
  drawChannels(channels, messages);
  const channel = get(`channels/${open.channel}`);
  byId('channel-title').textContent = channel ? title(channel) : 'No channel';
  byId('channel-topic').textContent = channel ? about(channel) : '';
  const mine = messages.filter((part) => part.value.channel === open.channel);
  drawMessages(byId('messages'), mine.filter(({ value: m }) => !isReply(m)), { mine, open: openThread });
  write.at(`${store.person}/${open.channel}`, channel ? `Message ${title(channel)}` : 'Message', refusal(channel));
  drawThread(channel, mine);
}

const isReply = (m) => m.thread_ts && m.thread_ts !== m.ts;

function title(c) {
  if (c.kind === 'im') return c.name || 'Dropletops';
  return `${c.kind === 'private_channel' ? '🔒 ' : '# '}${c.name}`;
}

function about(c) {
  return [c.topic, c.shared && 'shared with another workspace', c.archived && 'archived', c.kind !== 'im' && !c.has_app && 'Dropletops is not in this channel: /invite @dropletops'].filter(Boolean).join(' · ');
}

function refusal(c) {
  if (!c) return 'You are in no channel';
  return c.archived ? 'This channel is archived' : '';
}

function drawChannels(channels, messages) {
  const newest = new Map();
  for (const { value: m } of messages) if (!m.ephemeral || m.user !== 'USLACKBOT') newest.set(m.channel, m.ts);
  const key = (c) => `${store.person}/${c.id}`;
  reconcile(byId('channel-list'), channels.map((c) => {
    const last = newest.get(c.id) ?? '';
    if (!seen.has(key(c)) || c.id === open.channel) seen.set(key(c), last);
    const unread = last > seen.get(key(c));
    const current = c.id === open.channel;
    return {
      key: c.id, signature: JSON.stringify([c, unread, current]),
      make: () => el('li', {}, el('button', {
        type: 'button', class: unread ? 'unread' : null, 'data-testid': `channel-${c.name}`, 'aria-current': current ? 'page' : null, onclick: () => go(c.id),
      }, title(c), unread && el('span', { class: 'visually-hidden' }, ', unread'))),
    };
  }));
}

function go(id) {
  Object.assign(open, { channel: id, thread: '' });
  drawChannel();
  toEnd(byId('messages'));
  write.focusField();
}

function drawMessages(box, parts, { mine, open: opens }) {
  const known = box.childElementCount;
  const was = new Set([...box.children].map((c) => c.dataset.key));
  const names = directoryRevision();
  let previous = null;
  reconcile(box, parts.map(({ value: m, revision }, i) => {
    const thread = opens && threadOf(m, mine);
    const follows = Boolean(previous) && (opens || i > 1) && previous.user === m.user && !m.ephemeral && !previous.ephemeral && !previous.replied && Number(m.ts) - Number(previous.ts) < sameBreath;
    previous = { ...m, replied: thread?.count };
    return {
      key: `${m.channel}/${m.ts}`, signature: [revision, follows, thread?.count, thread?.last, names].join(),
      make: () => message(m, { follows, thread, open: opens && (() => opens(m.ts)) }),
    };
  }));
  if (box.pinned || !known) toEnd(box);
  else if (parts.some(({ value: m }) => !was.has(`${m.channel}/${m.ts}`))) box.nextElementSibling.hidden = false;
}

function threadOf(m, mine) {
  const replies = mine.filter(({ value: r }) => r.thread_ts === m.ts && isReply(r) && !r.ephemeral);
  return { count: replies.length, last: replies.at(-1)?.value.ts };
}

function directoryRevision() {
  return Math.max(0, ...['users/', 'channels/', 'groups/'].flatMap((prefix) => list(prefix)).map((part) => part.revision));
}

function openThread(ts) {
  open.thread = ts;
  drawChannel();
  toEnd(byId('thread-messages'));
  if (!answer.focusField()) byId('thread-close').focus();
}

function closeThread() {
  open.thread = '';
  drawChannel();
  write.focusField();
}

function drawThread(channel, mine) {
  const pane = byId('thread');
  const there = mine.some(({ value: m }) => m.ts === open.thread);
  pane.hidden = !there;
  document.body.classList.toggle('with-thread', there);
  if (!there) return;
  const { count } = threadOf({ ts: open.thread }, mine);
  byId('thread-title').textContent = `Thread in ${title(channel)}`;
  byId('thread-count').textContent = count ? replies(count) : '';
  drawMessages(byId('thread-messages'), mine.filter(({ value: m }) => m.ts === open.thread || m.thread_ts === open.thread), { mine });
  answer.at(`${store.person}/${open.channel}/${open.thread}`, 'Reply', refusal(channel));
}

// Somebody who is this near to the end, in pixels, is reading the newest.
const near = 80;

function atEnd(box) {
  return box.scrollHeight - box.scrollTop - box.clientHeight < near;
}

function toEnd(box) {
  box.pinned = true;
  box.scrollTop = box.scrollHeight;
  box.nextElementSibling.hidden = true;
}

// heard reads out what has just come into the channel: the text, which is what a screen reader gets
// of a card in Slack too.
function heard(event) {
  if (!event || event.whole) return;
  for (const key of event.added) {
    const m = key.startsWith('messages/') && get(key);
    if (m && m.channel === open.channel) announce(el('div', {}, mrkdwn(m.text)).textContent);
  }
}

export function startChannel() {
  byId('write').append(write);
  byId('answer').append(answer);
  byId('thread-close').addEventListener('click', closeThread);
  byId('thread').addEventListener('keydown', (event) => event.key === 'Escape' && !event.defaultPrevented && closeThread());
  for (const id of ['messages', 'thread-messages']) {
    const box = byId(id);
    box.nextElementSibling.addEventListener('click', () => toEnd(box));
    box.pinned = true;
    box.addEventListener('scroll', () => {
      box.pinned = atEnd(box);
      if (box.pinned) box.nextElementSibling.hidden = true;
    });
    // Whoever reads the newest goes on doing so when a keyboard or a pane takes some of the room.
    new ResizeObserver(() => box.pinned && toEnd(box)).observe(box);
  }
  onChange(heard);
}

// The Droplets as DigitalOcean sees them.
import { byId, el, reconcile } from './dom.js';
import { list, store } from './store.js';
import { ago } from './mrkdwn.js';

// How long a change is highlighted, in milliseconds.
const highlightFor = 6000;

const before = new Map(); // id → the Droplet as it was drawn last
const fresh = new Map(); // id → { fields, until }

const fields = { name: (d) => d.name, status: (d) => d.status, region: (d) => d.region, size: (d) => d.size, image: (d) => d.image, ip: (d) => d.ip, tags: (d) => d.tags.join(' ') };

export function drawDroplets() {
  const now = Date.now();
  const all = list('droplets/').map((part) => part.value).sort((a, b) => a.order - b.order);
  for (const d of all) {
    const old = before.get(d.id);
    const changed = old ? Object.keys(fields).filter((f) => fields[f](old) !== fields[f](d)) : before.size ? ['name'] : [];
    if (changed.length) {
      fresh.set(d.id, { fields: new Set(changed), until: now + highlightFor });
      setTimeout(drawDroplets, highlightFor + 50);
    }
  }
  before.clear();
  for (const d of all) before.set(d.id, d);
  for (const [id, f] of fresh) if (f.until <= now) fresh.delete(id);

  reconcile(byId('droplet-list'), all.map((d) => {
    const changed = fresh.get(d.id)?.fields;
    return { key: String(d.id), signature: JSON.stringify([d, [...(changed ?? [])]]), make: () => droplet(d, changed ?? new Set()) };
  }));
  const busy = all.filter((d) => d.action?.status === 'in-progress').length;
  byId('droplet-count').textContent = `${all.length} at DigitalOcean${busy ? `, ${busy} busy` : ''}`;
  tick();
}

function droplet(d, changed) {
  const mark = (field, ...what) => (changed.has(field) ? el('mark', {}, what) : what);
  return el('li', { class: `droplet${changed.size ? ' changed' : ''}`, 'data-testid': `droplet-${d.id}`, 'data-status': d.status, 'data-name': d.name },
    el('div', { class: 'first' },
      el('h3', {}, mark('name', d.name)),
      el('span', { class: `status ${d.status}` }, mark('status', el('span', { class: 'dot', 'aria-hidden': 'true' }), d.status))),
    el('dl', {},
      pair('ID', String(d.id)), pair('Region', mark('region', d.region)), pair('Size', mark('size', d.size)),
      pair('Image', mark('image', d.image)), pair('Address', mark('ip', d.ip || 'none'))),
    d.tags.length ? el('ul', { class: 'tags', 'aria-label': 'Tags' }, d.tags.map((t) => el('li', {}, t))) : null,
    d.action && action(d.action));
}

function pair(name, value) {
  return el('div', {}, el('dt', {}, name), el('dd', {}, value));
}

function action(a) {
  const name = a.type.replaceAll('_', ' ');
  if (a.status !== 'in-progress') {
    return el('p', { class: `action ${a.status}` }, el('span', { 'aria-hidden': 'true' }, a.status === 'completed' ? '✓ ' : '✗ '), `${name} ${a.status} `,
      el('time', { 'data-since': a.completed_at }, ago(new Date(Date.parse(a.completed_at) - store.skew))));
  }
  return el('div', { class: 'action in-progress' },
    el('span', {}, `${name} in progress `), el('time', { 'data-elapsed': a.started_at }),
    a.usual ? el('progress', { max: a.usual, 'aria-label': `${name}, of the usual ${a.usual} s`, 'data-progress': a.started_at }) : el('progress', { 'aria-label': name }));
}

// tick moves what time alone moves.
function tick() {
  const now = Date.now() + store.skew;
  for (const node of document.querySelectorAll('[data-elapsed]')) {
    node.textContent = span(Math.max(0, (now - Date.parse(node.dataset.elapsed)) / 1000));
  }
  for (const node of document.querySelectorAll('[data-progress]')) {
    // What takes longer than usual stays just short of the end.
    node.value = Math.min((now - Date.parse(node.dataset.progress)) / 1000, node.max * 0.97);
  }
  for (const node of document.querySelectorAll('[data-since]')) node.textContent = ago(new Date(Date.parse(node.dataset.since) - store.skew));
}

function span(seconds) {
  const s = Math.floor(seconds);
  return s < 60 ? `${s} s` : `${Math.floor(s / 60)} min ${s % 60} s`;
}

setInterval(tick, 500);

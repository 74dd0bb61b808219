// The page: who one is, and drawing whatever changed.
import { byId, el, reconcile } from './dom.js';
import { become, list, onChange, store } from './store.js';
import { directory } from './mrkdwn.js';
import { drawChannel, startChannel } from './channel.js';
import { drawDroplets } from './droplets.js';
import { drawModal } from './modal.js';

const remembered = 'dropletops-demo-person';

function drawPerson() {
  const people = list('people/').map((part) => part.value).sort((a, b) => a.order - b.order);
  reconcile(byId('person'), people.map((p) => ({
    key: p.name, signature: JSON.stringify(p), make: () => el('option', { value: p.name }, `${p.real_name} (${p.role})`),
  })));
  const select = byId('person');
  if (people.length && select.value !== store.person) select.value = store.person;
}

function drawDirectory() {
  directory.users = new Map(list('users/').map(({ value }) => [value.id, value]));
  directory.channels = new Map(list('channels/').map(({ value }) => [value.id, value]));
  directory.groups = new Map(list('groups/').map(({ value }) => [value.id, value]));
  directory.shortcuts = list('shortcuts/').map(({ value }) => value);
  directory.me = [...directory.users.values()].find((u) => u.name === store.person)?.id ?? '';
}

function drawStatus() {
  const app = store.parts.get('app')?.value;
  const words = !store.online ? 'Reconnecting to the demo…' : app?.sockets ? 'Bot connected' : 'Bot not connected';
  const status = byId('status');
  if (status.textContent !== words) status.textContent = words;
  status.className = !store.online || !app?.sockets ? 'bad' : 'good';
}

function draw() {
  drawDirectory();
  drawPerson();
  drawStatus();
  drawChannel();
  drawDroplets();
  drawModal();
}

// pane says what a narrow window shows; a wide one shows both.
function pane(name) {
  document.body.dataset.pane = name;
  for (const tab of document.querySelectorAll('[data-show]')) tab.setAttribute('aria-pressed', String(tab.dataset.show === name));
}

function start() {
  onChange(draw);
  startChannel();
  for (const tab of document.querySelectorAll('[data-show]')) tab.addEventListener('click', () => pane(tab.dataset.show));
  byId('person').addEventListener('change', (event) => {
    sessionStorage.setItem(remembered, event.target.value);
    become(event.target.value);
  });
  // Each tab is a person of its own, so that two windows can be two people.
  become(sessionStorage.getItem(remembered) ?? '');
}

start();

// What the person sees, as the server tells it: parts by key, such as "messages/C0OPS/1700000000.000100".
// Each connection begins with everything, so that nothing that was missed matters.

export const store = {
  person: '', // name of who one is; empty until the first state
  online: false,
  skew: 0, // milliseconds that the world's clock is ahead of the browser's
  revision: 0, // of the last change
  parts: new Map(), // key → { value, revision }
};

const listeners = new Set();
let source;

export function onChange(listener) {
  listeners.add(listener);
}

export function list(prefix) {
  const out = [];
  for (const [key, part] of store.parts) if (key.startsWith(prefix)) out.push(part);
  return out;
}

export function get(key) {
  return store.parts.get(key)?.value;
}

// become connects as somebody; what is told about the one before is dropped with the first event.
export function become(person) {
  source?.close();
  store.person = person;
  source = new EventSource(`events?as=${encodeURIComponent(person)}`);
  source.onmessage = (event) => apply(JSON.parse(event.data));
  source.onerror = () => {
    store.online = false;
    for (const listener of listeners) listener();
  };
}

function apply(event) {
  const old = store.parts;
  store.revision++;
  store.online = true;
  store.skew = Date.parse(event.now) - Date.now();
  event.added = Object.keys(event.set ?? {}).filter((key) => !old.has(key));
  if (event.whole) store.parts = new Map();
  for (const [key, value] of Object.entries(event.set ?? {})) {
    // What is as it was before a reconnect keeps its revision, so that nothing is drawn again.
    const before = old.get(key);
    const same = event.whole && before && JSON.stringify(before.value) === JSON.stringify(value);
    store.parts.set(key, same ? before : { value, revision: store.revision });
  }
  for (const key of event.gone ?? []) store.parts.delete(key);
  // The server says who one is where nobody, or somebody who has left, was asked for.
  store.person = get('me')?.name ?? store.person;
  for (const listener of listeners) listener(event);
}

// post does something as the person. It is a promise of the answer; its error is a sentence.
export async function post(path, body) {
  let answer;
  try {
    answer = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ as: store.person, ...body }) });
  } catch {
    throw new Error('The demo does not answer. Is it still running?');
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(said.error || `The demo answered ${answer.status}.`);
  return said;
}

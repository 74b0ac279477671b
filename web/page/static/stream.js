// What happens, as it happens: one event stream for all screens. It reconnects by itself, and says when what the page shows is old.
import { api, apiURL, clock } from './util.js';

const kinds = ['hello', 'scores', 'camera', 'view', 'event', 'gone', 'teach'];
const listeners = new Map(kinds.map((kind) => [kind, new Set()]));
const silentAfter = 12e3; // edged sends something every 5 seconds
const lostFor = 1500; // a shorter pause is not worth a word
let source, wanted = false, heard = 0, asked = 0, lost = 0, retry, began;

// on calls f with every message of that kind, until the function that it returns is called.
export function on(kind, f) {
  listeners.get(kind).add(f);
  return () => listeners.get(kind).delete(f);
}

// connect opens the stream. It is closed while nobody sees the page.
export function connect() {
  wanted = true;
  clearTimeout(retry);
  source?.close();
  if (document.hidden) return;
  asked = Date.now();
  source = new EventSource(apiURL('stream'));
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) { // an error status: the browser gives up
      retry = setTimeout(connect, 2000);
      api('node').catch(() => {}); // asks for the password if that is what edged wants
    }
    look();
  };
  source.addEventListener('tick', hear);
  for (const kind of kinds) {
    source.addEventListener(kind, (e) => {
      hear();
      const data = JSON.parse(e.data);
      if (kind === 'hello') greet(data);
      hand(kind, data);
    });
  }
}

const newest = new Map(); // the newest state of each camera and view, with the time at which it came

function hand(kind, data) {
  if (kind === 'camera' || kind === 'view') newest.set(kind + (data.name ?? data.path), { kind, data, at: Date.now() });
  for (const f of listeners.get(kind)) f(data);
}

// recent calls the listeners again with the states that have come since a time: what a screen has asked for meanwhile may be older.
export function recent(since) {
  for (const { kind, data, at } of newest.values()) if (at >= since) for (const f of listeners.get(kind)) f(data);
}

// greet notes whether the stream was open before, and whether edged was started again since. It hands on the state of now: it may have changed before the stream was open.
function greet(hello) {
  hello.again = began !== undefined;
  hello.restarted = hello.again && began !== hello.began;
  began = hello.began;
  for (const c of hello.cameras ?? []) {
    hand('camera', c);
    c.views.forEach((v) => hand('view', v));
  }
}

export function disconnect() {
  wanted = false;
  clearTimeout(retry);
  source?.close();
  source = undefined;
  heard = 0;
}

function hear() {
  heard = Date.now();
  look();
}

// look says whether what the page shows is old.
function look() {
  const notice = document.getElementById('notice');
  const now = Date.now(), open = source?.readyState === EventSource.OPEN;
  lost = open ? 0 : lost || now;
  const old = heard > 0 && source !== undefined && (now - heard > silentAfter || !open && now - lost > lostFor);
  if (old) notice.textContent = `No connection to edged. What you see is from ${clock(heard)}. Trying again…`;
  notice.hidden = !old;
  document.body.classList.toggle('old', old);
}

// watch also opens the stream anew when nothing comes: behind a proxy a browser may not learn for an hour that edged is gone.
function watch() {
  look();
  if (wanted && source && !document.hidden && Date.now() - Math.max(heard, asked) > silentAfter) connect();
}

setInterval(watch, 1000);
document.addEventListener('visibilitychange', () => {
  if (document.hidden) source?.close(), clearTimeout(retry);
  else if (wanted) connect(); // also where the page was hidden from the first
});

// What happens, as it happens: one event stream for all screens. It reconnects by itself, and says when what the page shows is old.
import { apiURL, clock } from './util.js';

const kinds = ['hello', 'scores', 'camera', 'view', 'event', 'gone'];
const listeners = new Map(kinds.map((kind) => [kind, new Set()]));
const silentAfter = 12e3; // edged sends something every 5 seconds
const lostFor = 1500; // a shorter pause is not worth a word
let source, heard = 0, lost = 0, retry, began;

// on calls f with every message of that kind, until the function that it returns is called.
export function on(kind, f) {
  listeners.get(kind).add(f);
  return () => listeners.get(kind).delete(f);
}

// connect opens the stream. It is closed while nobody sees the page.
export function connect() {
  clearTimeout(retry);
  source?.close();
  if (document.hidden) return;
  source = new EventSource(apiURL('stream'));
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) retry = setTimeout(connect, 2000); // an error status: the browser gives up
    look();
  };
  source.addEventListener('tick', hear);
  for (const kind of kinds) {
    source.addEventListener(kind, (e) => {
      hear();
      const data = JSON.parse(e.data);
      if (kind === 'hello') data.again = began !== undefined, data.restarted = began !== undefined && began !== data.began, began = data.began;
      for (const f of listeners.get(kind)) f(data);
    });
  }
}

export function disconnect() {
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

setInterval(look, 1000);
document.addEventListener('visibilitychange', () => {
  if (document.hidden) source?.close(), clearTimeout(retry);
  else if (source) connect();
});

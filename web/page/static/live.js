// Live pictures of all cameras through one connection: multipart/x-mixed-replace, read part by part.
import { apiURL, check, sleep } from './util.js';

// interval is the time between two pictures, in milliseconds: longer where the user saves data.
const interval = () => (navigator.connection?.saveData ? 1000 : 0);

// watch calls show(camera, blob) with each picture of any camera until signal aborts. It reconnects by itself.
export async function watch(signal, show) {
  while (!signal.aborted) {
    try {
      if (document.hidden) await visible(signal);
      else await stream(signal, show);
    } catch (error) {
      if (error.status === 401 || error.status === 403) return;
    }
    await sleep(1000, signal);
  }
}

function visible(signal) {
  return new Promise((resolve) => {
    signal.addEventListener('abort', resolve, { once: true });
    document.addEventListener('visibilitychange', resolve, { once: true });
  });
}

async function stream(signal, show) {
  const own = new AbortController();
  const end = () => own.abort();
  const hide = () => document.hidden && end();
  signal.addEventListener('abort', end);
  document.addEventListener('visibilitychange', hide);
  try {
    const reply = await fetch(apiURL('live?interval_ms=' + interval()), { signal: own.signal });
    await check(reply);
    await parts(reply.body.getReader(), show);
  } finally {
    own.abort();
    signal.removeEventListener('abort', end);
    document.removeEventListener('visibilitychange', hide);
  }
}

// parts reads "--boundary", headers, and as many bytes as Content-Length says.
async function parts(reader, show) {
  let buffer = new Uint8Array(0);
  const more = async () => {
    const { value, done } = await reader.read();
    if (done) return false;
    const joined = new Uint8Array(buffer.length + value.length);
    joined.set(buffer);
    joined.set(value, buffer.length);
    buffer = joined;
    return true;
  };
  for (;;) {
    let end;
    while ((end = headEnd(buffer)) < 0) if (!await more()) return;
    const head = new TextDecoder().decode(buffer.subarray(0, end));
    const length = Number(/content-length: *(\d+)/i.exec(head)?.[1]), camera = /x-camera: *(\S+)/i.exec(head)?.[1];
    while (buffer.length < end + length) if (!await more()) return;
    show(camera, new Blob([buffer.slice(end, end + length)], { type: 'image/jpeg' }));
    buffer = buffer.slice(end + length);
  }
}

// headEnd is where the empty line after the headers ends, -1 if it has not come.
function headEnd(b) {
  for (let i = 3; i < b.length; i++) {
    if (b[i] === 10 && b[i - 1] === 13 && b[i - 2] === 10 && b[i - 3] === 13 && i > 8) return i + 1;
  }
  return -1;
}

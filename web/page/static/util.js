// Small helpers that every screen uses.

// el makes an element: properties, aria- and data- attributes, listeners (onclick), and children.
export function el(tag, props = {}, ...children) {
  const svg = ['svg', 'rect', 'polygon', 'polyline', 'circle', 'g'].includes(tag);
  const e = svg ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) e.addEventListener(key.slice(2), value);
    else if (key in e && !svg && key !== 'list') e[key] = value;
    else e.setAttribute(key === 'class' || key === 'className' ? 'class' : key, value === true ? '' : value);
  }
  e.append(...children.flat(9).filter((c) => c !== null && c !== undefined && c !== false));
  return e;
}

// The page's addresses are relative to <base>, so it works under any path.
const url = (path) => new URL(path, document.baseURI);

// ProblemError is an error that edged has answered with (RFC 9457).
export class ProblemError extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

// api calls the API and returns its JSON. An error is a ProblemError, or a TypeError where edged does not answer.
export async function api(path, { method = 'GET', json, text, body, signal } = {}) {
  const options = { method, signal, body, headers: {} };
  if (json !== undefined) [options.body, options.headers['Content-Type']] = [JSON.stringify(json), 'application/json'];
  if (text !== undefined) [options.body, options.headers['Content-Type']] = [text, 'text/plain'];
  const reply = await fetch(apiURL(path), options);
  await check(reply);
  return reply.status === 204 ? null : reply.json();
}

export const apiURL = (path) => url('api/v1/' + path).href;

// check throws if the reply is an error, and asks for the password where one is needed.
export async function check(reply) {
  if (reply.ok) return;
  const problem = await reply.json().catch(() => ({}));
  if (reply.status === 401) window.dispatchEvent(new Event('edged:login'));
  throw new ProblemError(reply.status, problem.detail || reply.statusText);
}

export const staticURL = (path) => url('static/' + path).href;
export const pageURL = (path) => url(path).href;

const time = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
export const clock = (t) => time.format(new Date(t));
export function dayOf(t) {
  const d = new Date(t), now = new Date();
  const days = Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(d).setHours(0, 0, 0, 0)) / 864e5);
  return days === 0 ? 'Today' : days === 1 ? 'Yesterday' : day.format(d);
}

// lasting writes a duration in milliseconds.
export function lasting(ms) {
  const s = ms / 1000;
  if (s < 9.95) return s.toFixed(1) + ' s';
  if (s < 60) return Math.round(s) + ' s';
  const m = Math.floor(s / 60);
  return m < 60 ? `${m} min ${Math.round(s % 60)} s` : `${Math.floor(m / 60)} h ${m % 60} min`;
}

export const percent = (score) => Math.round(score * 100) + ' %';

// script loads one of edged's own classic scripts, once.
const scripts = new Map();
export function script(path) {
  if (!scripts.has(path)) {
    scripts.set(path, new Promise((resolve, reject) => {
      document.head.append(el('script', { src: staticURL(path), onload: resolve, onerror: () => reject(new Error(path + ' did not load')) }));
    }));
  }
  return scripts.get(path);
}

// sleep waits; an AbortSignal ends it early.
export const sleep = (ms, signal) => new Promise((resolve) => {
  const end = () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
    resolve();
  };
  const timer = setTimeout(end, ms);
  signal?.addEventListener('abort', end);
});

export const message = (error) => error instanceof TypeError ? 'edged does not answer.' : error.message;

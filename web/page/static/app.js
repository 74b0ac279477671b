// The frame of the page: which screen shows, the login, and the notice above.
import { api, el, message, pageURL } from './util.js';
import { connect, disconnect, on } from './stream.js';

const main = document.getElementById('main');
// Each screen's module is loaded when it is needed: the first picture waits for nothing else.
const screens = {
  now: () => import('./now.js'), events: () => import('./events.js'), teach: () => import('./teach/screen.js'), draw: () => import('./draw.js'),
  health: () => import('./health.js'),
};
let shown; // an AbortController of the screen that shows
let node; // what edged says of itself

// route is the screen for an address, and what follows in it.
function route() {
  const path = location.pathname.slice(new URL(document.baseURI).pathname.length);
  const [screen, id] = path.split('/');
  return { screen: screens[screen] ? screen : 'now', id: id && decodeURIComponent(id) };
}

async function show() {
  shown?.abort();
  const own = shown = new AbortController();
  const { screen, id } = route();
  for (const a of document.querySelectorAll('nav a')) {
    if (a.dataset.page === screen) a.setAttribute('aria-current', 'page');
    else a.removeAttribute('aria-current');
  }
  try {
    const asked = Date.now();
    const { begin, show: fill } = await screens[screen]();
    const begun = begin?.(own.signal);
    node = await api('node', { signal: own.signal });
    if (own.signal.aborted) return;
    document.getElementById('node').textContent = node.node;
    document.getElementById('logout').hidden = !node.login;
    document.title = `${document.querySelector('nav a[aria-current]').textContent} · ${node.node} · edged`;
    connectOnce();
    main.replaceChildren();
    await fill(main, { node, id, asked, begun, signal: own.signal, go });
  } catch (error) {
    if (own.signal.aborted || error.status === 401) return;
    main.replaceChildren(el('div', { class: 'card problem', role: 'alert' }, el('p', {}, message(error)),
      el('button', { onclick: show }, 'Try again')));
  }
}

let connected = false;
function connectOnce() {
  if (!connected) connect();
  connected = true;
}

// go shows another address of the page.
function go(path, { replace = false, quiet = false } = {}) {
  history[replace ? 'replaceState' : 'pushState']({}, '', pageURL(path));
  if (!quiet) show();
}

function login() {
  shown?.abort();
  disconnect();
  connected = false;
  const password = el('input', { type: 'password', id: 'password', autocomplete: 'current-password', required: true });
  const problem = el('p', { class: 'bad', role: 'alert' });
  const form = el('form', {
    class: 'card login',
    onsubmit: async (e) => {
      e.preventDefault();
      problem.textContent = '';
      try {
        await api('login', { method: 'POST', json: { password: password.value } });
        await api('node').catch((error) => { if (error.status === 401) throw new Error('The password is right, but the browser has not kept the login. Open the page by its https address.'); });
        show();
      } catch (error) {
        problem.textContent = message(error);
        password.select();
      }
    },
  }, el('h1', {}, 'Log in'), el('label', { htmlFor: 'password' }, 'Password'), password, problem, el('button', { class: 'primary' }, 'Log in'));
  main.replaceChildren(form);
  password.focus();
}

window.addEventListener('edged:login', () => { if (!main.querySelector('.login')) login(); });
window.addEventListener('popstate', show);
document.addEventListener('click', (e) => {
  const a = e.target.closest('a[data-page]');
  if (!a || e.button !== 0 || e.ctrlKey || e.metaKey || e.shiftKey) return;
  e.preventDefault();
  go(a.getAttribute('href') === '.' ? '.' : a.getAttribute('href'));
  main.focus();
});
document.getElementById('logout').addEventListener('click', async () => {
  try {
    await api('logout', { method: 'POST' });
  } catch (error) {
    if (error.status !== 401) return void main.prepend(el('p', { class: 'card problem', role: 'alert' }, 'You are still logged in: ' + message(error)));
  }
  login();
});
// After a pause what was missed is asked for; another version of edged comes with another page.
on('hello', (hello) => {
  if (!hello.again) return;
  if (node && hello.version !== node.version) location.reload();
  else if (!document.querySelector('dialog[open]') && !(['draw', 'teach'].includes(route().screen) || route().screen === 'events' && !hello.restarted)) show();
});
// The other screens are loaded as soon as there is time: they then show even while edged does not answer.
show().then(() => setTimeout(() => Object.values(screens).forEach((load) => load().catch(() => {})), 1000));

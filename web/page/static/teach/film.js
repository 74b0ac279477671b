// Films: small moving pictures. A film loads its pictures when somebody sees it, and moves only while somebody sees it.
import { apiURL, el } from '../util.js';

const pause = 200; // milliseconds from one picture to the next
const visible = new Set();
const sight = new IntersectionObserver((changes) => changes.forEach(({ target, isIntersecting }) => {
  if (!isIntersecting) visible.delete(target);
  else visible.add(target.start());
}), { rootMargin: '80px' });
let moving = !matchMedia('(prefers-reduced-motion: reduce)').matches;

setInterval(() => visible.forEach((f) => (moving || f.closest('button')?.matches(':hover, :focus-visible')) && f.step()), pause);

// film shows pictures in turn. addresses returns where they are, when somebody sees the film for the first time.
export function film(addresses) {
  const f = el('span', { class: 'film' });
  let paths;
  f.start = () => {
    if (!paths && !(paths = addresses()).length) f.textContent = 'no picture';
    if (!f.childElementCount) f.append(...paths.map((p) => el('img', { alt: '', src: p, onload: first, onerror: (e) => lose(e.target) })));
    f.show(f.at ?? paths.length >> 1);
    return f;
  };
  const first = (e) => { if (!f.children[f.at]?.complete) f.show([...f.children].indexOf(e.target)); };
  const lose = (img) => { // edged has dropped it since
    img.remove();
    if (!f.childElementCount) [paths, f.textContent] = [[], 'no picture'];
  };
  f.show = (n) => {
    f.at = n;
    [...f.children].forEach((img, i) => { img.hidden = i !== n; });
  };
  f.step = () => {
    const next = (f.at + 1) % (f.childElementCount || 1);
    if (f.children[next]?.complete) f.show(next);
  };
  sight.observe(f);
  return f;
}

// pauseButton stops and starts all films.
export function pauseButton() {
  const button = el('button', { class: 'quiet', title: 'Stop or start the moving pictures', onclick: () => { moving = !moving; name(); } });
  const name = () => { button.textContent = moving ? 'Pause' : 'Play'; };
  name();
  return button;
}

// spread picks at most that many of the items, evenly.
export const spread = (items, most) => (items.length <= most ? items : Array.from({ length: most }, (_, i) => items[Math.round(i * (items.length - 1) / (most - 1))]));

// numbered are the addresses of a thing's n pictures.
export const numbered = (path, n) => spread(Array.from({ length: n ?? 0 }, (_, i) => apiURL(`${path}&n=${i}`)), 8);

// brief is a time of day, as short as can be: there is little room beside a film.
const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
export const brief = (t) => time.format(new Date(t));

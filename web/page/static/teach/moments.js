// Moments: what a view has seen in the last minutes, as small moving pictures. Somebody marks one, or several in a row.
import { api, apiURL, el, lasting, sleep } from '../util.js';
import { brief, film, numbered, spread } from './film.js';

const pieceMs = 2000; // of time in one picture
const askEvery = 2000; // milliseconds
const lively = 3, stirred = 0.02; // a moment that stands out less than that, in standard deviations, and moves less is quiet
const kept = 10 * 60e3; // as long as edged keeps moments
const pictured = 55e3; // edged keeps their pictures for a minute

const narrow = matchMedia('(max-width: 640px)');

export class Moments {
  // changed is called with { from, until, times } when something is marked, and with undefined when nothing is.
  constructor(view, signal, changed) {
    Object.assign(this, { view, signal, changed, pieces: new Map(), opened: new Set(), last: 0, most: narrow.matches ? 9 : 32 });
    this.list = el('ul', { class: 'moments', 'aria-label': 'Moments' });
    this.more = el('button', { class: 'more', hidden: true, onclick: () => this.draw() });
    this.older = el('button', { class: 'more', hidden: true, onclick: () => { this.most *= 2; this.draw(); } }, 'Show older moments');
    this.element = el('div', { class: 'seen' }, this.more, this.list, this.older);
    this.list.addEventListener('keydown', (e) => this.key(e));
    this.list.addEventListener('pointerdown', (e) => this.press(e));
    this.list.addEventListener('click', (e) => this.click(e));
    this.follow();
  }

  async follow() {
    while (!this.signal.aborted) {
      if (!document.hidden) await this.ask().catch(() => {}); // the frame of the page says when edged does not answer
      await sleep(askEvery, this.signal);
    }
  }

  async ask() {
    const query = new URLSearchParams({ view: this.view, since: this.last });
    const { moments } = await api('teach/moments?' + query, { signal: this.signal });
    for (const m of moments.filter((m) => m.time > this.last)) {
      const n = Math.floor(m.time / pieceMs);
      if (!this.pieces.has(n)) this.pieces.set(n, []);
      this.pieces.get(n).push(m);
    }
    this.last = Math.max(this.last, ...moments.map((m) => m.time));
    for (const n of this.pieces.keys()) if (n * pieceMs < this.last - kept) this.pieces.delete(n);
    if (!moments.length && !this.growing) return;
    this.growing = moments.length > 0;
    // Nothing moves away under a finger.
    if (this.marked || this.dragging || this.list.querySelector(':focus-visible') || matchMedia('(hover: hover)').matches && this.list.matches(':hover')) this.wait();
    else this.draw();
  }

  wait() {
    const shown = Math.max(0, ...this.buttons().map((b) => b.piece));
    const n = [...this.pieces.keys()].filter((p) => p > shown && this.complete(p) && this.lively(p)).length;
    this.more.hidden = !n;
    this.more.textContent = n === 1 ? 'Show 1 new moment' : `Show ${n} new moments`;
  }

  lively(n) { return this.opened.has(n) || this.pieces.get(n).some((m) => m.stands_out > lively || m.motion > stirred); }

  complete(n) { return !this.growing || (n + 1) * pieceMs <= this.last; }

  // draw shows the newest first. What was quiet is folded.
  draw() {
    const focus = document.activeElement?.piece;
    const old = new Map([...this.list.children].map((li) => [li.key, li]));
    const items = [], quiet = [];
    const fold = () => {
      const pieces = quiet.splice(0);
      if (!pieces.length) return;
      const first = pieces.at(-1), open = () => { pieces.forEach((p) => this.opened.add(p)); this.draw(); this.button(pieces[0])?.focus(); };
      items.push(keyed('quiet' + first, el('li', {}, el('button', { class: 'quiet', onclick: open }, (pieces.some((p) => this.lively(p)) ? 'No pictures for ' : 'Quiet for ') + lasting(pieces.length * pieceMs)))));
    };
    const keyed = (key, li) => Object.assign(li, { key });
    const all = [...this.pieces.keys()].filter((n) => this.complete(n)).sort((a, b) => b - a);
    this.older.hidden = true;
    for (const n of all) {
      if (items.length >= this.most && !(n >= this.marked?.first)) {
        this.older.hidden = false;
        break;
      }
      if (!this.lively(n) || !this.opened.has(n) && !old.has(n) && !this.pieces.get(n).some((m) => this.pictured(m))) quiet.push(n);
      else {
        fold();
        items.push(old.get(n) ?? keyed(n, this.piece(n)));
      }
    }
    fold();
    this.list.replaceChildren(...items);
    this.more.hidden = true;
    this.show();
    if (focus !== undefined) this.button(focus)?.focus();
  }

  piece(n) {
    const moments = this.pieces.get(n);
    const best = moments.reduce((a, b) => (b.score > a.score ? b : a));
    const seen = best.score >= 0.5 ? best.label : '';
    return el('li', {}, Object.assign(el('button', { class: 'piece', 'aria-pressed': 'false' },
      film(() => this.pictures(moments)), el('span', {}, brief(moments[0].time)), ' ', el('small', {}, seen)), { piece: n }));
  }

  pictured(m) { return m.pictures && m.time > this.last - pictured; }

  pictures(moments) {
    const path = (m) => `teach/moments/picture?${new URLSearchParams({ view: this.view, time: m.time })}`;
    const seen = moments.filter((m) => this.pictured(m));
    if (seen.length < 3) return seen.flatMap((m) => numbered(path(m), m.pictures));
    return spread(seen, 8).map((m) => apiURL(`${path(m)}&n=${m.pictures - 1}`)); // windows overlap: their last pictures are one film
  }

  buttons() { return [...this.list.querySelectorAll('.piece')]; }
  button(n) { return this.buttons().find((b) => b.piece === n); }

  // mark marks the pieces from a to b, in either order.
  mark(a, b = a) {
    this.marked = a === undefined ? undefined : { anchor: a, first: Math.min(a, b), last: Math.max(a, b) };
    this.show();
    if (!this.dragging) this.tell();
  }

  tell() {
    const moments = this.marked ? [...this.pieces].filter(([n]) => n >= this.marked.first && n <= this.marked.last).sort(([m], [n]) => m - n).flatMap(([, m]) => m) : [];
    this.changed(moments.length ? { from: moments[0].time, until: moments.at(-1).time, pictures: () => this.shown() } : undefined);
  }

  // shown are the pictures of what is marked, as the pieces show them, in the order of time.
  shown() { return spread(this.buttons().filter((b) => b.ariaPressed === 'true').reverse().flatMap((b) => [...b.querySelectorAll('img')].map((i) => i.src)), 16); }

  // grow makes what is marked longer: earlier (-1) or later (1).
  grow(by) {
    const { first, last } = this.marked;
    const next = [...this.pieces.keys()].filter((n) => (by < 0 ? n < first : n > last)).sort((a, b) => by * (a - b))[0];
    if (next === undefined) return;
    this.opened.add(next);
    this.draw();
    this.mark(by < 0 ? last : first, next);
  }

  show() {
    const buttons = this.buttons(), { first, last } = this.marked ?? {};
    const current = buttons.find((b) => b === document.activeElement) ?? buttons.find((b) => b.piece === last) ?? buttons[0];
    for (const b of buttons) {
      b.setAttribute('aria-pressed', String(b.piece >= first && b.piece <= last));
      b.tabIndex = b === current ? 0 : -1;
    }
  }

  // key: the arrows go from one piece to the next; with Shift they mark.
  key(e) {
    if (e.key === 'Escape') this.mark();
    const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[e.key];
    const buttons = this.buttons(), next = buttons[buttons.indexOf(e.target) + by];
    if (!next || e.target.piece === undefined) return;
    e.preventDefault();
    next.focus();
    if (e.shiftKey) this.mark(this.marked?.anchor ?? e.target.piece, next.piece);
    else this.show();
  }

  press(e) {
    const start = e.target.closest('.piece')?.piece;
    if (start === undefined || e.button !== 0 || e.shiftKey) return;
    const own = new AbortController();
    const before = this.marked;
    [this.dragging, this.dragged] = [true, false];
    const end = () => { // only now does the bar come: before, it would lie under the finger
      own.abort();
      this.dragging = false;
      this.list.classList.remove('dragging');
      if (this.dragged) this.tell();
    };
    document.addEventListener('pointermove', (m) => {
      const at = document.elementFromPoint(m.clientX, m.clientY)?.closest('.piece')?.piece;
      if (at === undefined || at === start && !this.dragged) return;
      this.dragged = true;
      this.list.classList.add('dragging');
      this.mark(start, at);
    }, { signal: own.signal });
    document.addEventListener('pointerup', end, { signal: own.signal });
    document.addEventListener('pointercancel', () => { this.dragged = false; end(); if (this.marked !== before) this.mark(before?.first, before?.last); }, { signal: own.signal });
    e.target.closest('.piece').addEventListener('dragstart', (d) => d.preventDefault(), { signal: own.signal });
  }

  click(e) {
    const n = e.target.closest('.piece')?.piece;
    const dragged = this.dragged;
    this.dragged = false;
    if (n === undefined || dragged) return;
    if (e.shiftKey && this.marked) this.mark(this.marked.anchor, n);
    else if (this.marked?.first === n && this.marked.last === n) this.mark();
    else this.mark(n);
  }
}

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
      const n = Math.floor(m.time / pieceMs), key = `${n} ${m.track}`;
      if (!this.pieces.has(key)) this.pieces.set(key, { key, n, track: m.track, moments: [] });
      this.pieces.get(key).moments.push(m);
    }
    this.last = Math.max(this.last, ...moments.map((m) => m.time));
    for (const { key, n } of this.pieces.values()) if (n * pieceMs < this.last - kept) this.pieces.delete(key);
    if (!moments.length && !this.growing) return;
    this.growing = moments.length > 0;
    // Nothing moves away under a finger.
    if (this.marked || this.dragging || this.list.querySelector(':focus-visible') || matchMedia('(hover: hover)').matches && this.list.matches(':hover')) this.wait();
    else this.draw();
  }

  wait() {
    const shown = Math.max(0, ...this.buttons().map((b) => b.piece.n));
    const n = [...this.pieces.values()].filter((p) => p.n > shown && this.complete(p) && this.lively(p)).length;
    this.more.hidden = !n;
    this.more.textContent = n === 1 ? 'Show 1 new moment' : `Show ${n} new moments`;
  }

  lively(p) { return this.opened.has(p) || p.moments.some((m) => m.stands_out > lively || m.motion > stirred); }

  complete(p) { return !this.growing || (p.n + 1) * pieceMs <= this.last; }

  // draw shows the newest first. What was quiet is folded.
  draw() {
    const focus = document.activeElement?.piece;
    const old = new Map([...this.list.children].map((li) => [li.key, li]));
    const items = [], quiet = [];
    const fold = () => {
      const pieces = quiet.splice(0);
      if (!pieces.length) return;
      if (pieces.length === 1 && (old.has(pieces[0]) || pieces[0].moments.some((m) => this.pictured(m)))) { // not worth folding
        items.push(old.get(pieces[0]) ?? keyed(pieces[0], this.piece(pieces[0])));
        return;
      }
      const open = () => { pieces.forEach((p) => this.opened.add(p)); this.draw(); this.button(pieces[0])?.focus(); };
      items.push(keyed(undefined, el('li', {}, el('button', { class: 'quiet', onclick: open }, (pieces.some((p) => this.lively(p)) ? 'No pictures for ' : 'Quiet for ') + lasting(new Set(pieces.map((p) => p.n)).size * pieceMs)))));
    };
    const keyed = (key, li) => Object.assign(li, { key });
    const all = [...this.pieces.values()].filter((p) => this.complete(p)).sort((a, b) => b.n - a.n || a.track - b.track);
    const shows = (p) => this.lively(p) && (this.opened.has(p) || old.has(p) || p.moments.some((m) => this.pictured(m)));
    const busy = new Set(all.filter(shows).map((p) => p.n));
    this.older.hidden = true;
    for (const p of all) {
      if (items.length >= this.most && !(p.n >= this.marked?.first)) {
        this.older.hidden = false;
        break;
      }
      if (!shows(p)) {
        if (!busy.has(p.n)) quiet.push(p);
      } else {
        fold();
        items.push(old.get(p) ?? keyed(p, this.piece(p)));
      }
    }
    fold();
    this.list.replaceChildren(...items);
    this.more.hidden = true;
    this.show();
    if (focus !== undefined) this.button(focus)?.focus();
  }

  piece(p) {
    const { moments } = p;
    const best = moments.reduce((a, b) => (b.score > a.score ? b : a));
    const seen = best.score >= 0.5 ? best.label : '';
    return el('li', {}, Object.assign(el('button', { class: 'piece', 'aria-pressed': 'false' },
      film(() => this.pictures(moments)), el('span', {}, brief(moments[0].time)), ' ', el('small', {}, seen)), { piece: p }));
  }

  pictured(m) { return m.pictures && m.time > this.last - pictured; }

  pictures(moments) {
    const path = (m) => `teach/moments/picture?${new URLSearchParams({ view: this.view, time: m.time, track: m.track })}`;
    const seen = moments.filter((m) => this.pictured(m));
    if (seen.length < 3) return seen.flatMap((m) => numbered(path(m), m.pictures));
    return spread(seen, 8).map((m) => apiURL(`${path(m)}&n=${m.pictures - 1}`)); // windows overlap: their last pictures are one film
  }

  buttons() { return [...this.list.querySelectorAll('.piece')]; }
  button(p) { return this.buttons().find((b) => b.piece === p); }

  // mark marks the pieces from a to b, in either order: those of a's target.
  mark(a, b = a) {
    this.marked = a && { anchor: a, first: Math.min(a.n, b.n), last: Math.max(a.n, b.n) };
    this.show();
    if (!this.dragging) this.tell();
  }

  tell() {
    const moments = [...this.pieces.values()].filter((p) => this.isMarked(p)).flatMap((p) => p.moments).sort((a, b) => a.time - b.time);
    this.changed(moments.length ? { from: moments[0].time, until: moments.at(-1).time, track: moments[0].track, pictures: () => this.shown() } : undefined);
  }

  isMarked(p) { return !!this.marked && p.track === this.marked.anchor.track && p.n >= this.marked.first && p.n <= this.marked.last; }

  // shown are the pictures of what is marked, as the pieces show them, in the order of time.
  shown() { return spread(this.buttons().filter((b) => b.ariaPressed === 'true').reverse().flatMap((b) => [...b.querySelectorAll('img')].map((i) => i.src)), 16); }

  // grow makes what is marked longer: earlier (-1) or later (1).
  grow(by) {
    const { anchor, first, last } = this.marked;
    const own = [...this.pieces.values()].filter((p) => p.track === anchor.track);
    const next = own.filter((p) => (by < 0 ? p.n < first : p.n > last)).sort((a, b) => by * (a.n - b.n))[0];
    if (!next) return;
    this.opened.add(next);
    this.draw();
    this.mark(own.find((p) => p.n === (by < 0 ? last : first)), next);
  }

  show() {
    const buttons = this.buttons();
    const current = buttons.find((b) => b === document.activeElement) ?? buttons.find((b) => this.isMarked(b.piece)) ?? buttons[0];
    for (const b of buttons) {
      b.setAttribute('aria-pressed', String(this.isMarked(b.piece)));
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
    document.addEventListener('pointercancel', () => { this.dragged = false; end(); this.marked = before; this.show(); this.tell(); }, { signal: own.signal });
    e.target.closest('.piece').addEventListener('dragstart', (d) => d.preventDefault(), { signal: own.signal });
  }

  click(e) {
    const piece = e.target.closest('.piece')?.piece;
    const dragged = this.dragged;
    this.dragged = false;
    if (!piece || dragged) return;
    if (e.shiftKey && this.marked) this.mark(this.marked.anchor, piece);
    else if (this.isMarked(piece) && this.marked.first === this.marked.last) this.mark();
    else this.mark(piece);
  }
}

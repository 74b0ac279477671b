// Events: what happened, the newest first, with its clips.
import { api, apiURL, clock, dayOf, el, lasting, message, percent } from './util.js';
import { on } from './stream.js';
import { open } from './player.js';

const firstPage = 60, furtherPage = 250;

export async function show(main, { node, id, signal, go }) {
  const filter = new Filter(node, () => list.restart());
  const list = new List(filter, signal, (e) => openEvent(e));
  main.append(el('div', { class: 'title' }, el('h1', {}, 'Events'), filter.element), list.element, list.end);

  async function openEvent(e) {
    history.replaceState({}, '', new URL('events/' + encodeURIComponent(e.id), document.baseURI));
    await open(node, e, signal);
    if (!signal.aborted) go('events', { replace: true, quiet: true });
    list.button(e.id)?.focus();
  }
  const off = [on('event', (e) => list.update(e)), on('gone', (e) => list.remove(e.id)), on('hello', (hello) => hello.again && list.refresh())];
  signal.addEventListener('abort', () => off.forEach((f) => f()));
  await list.restart();
  if (!id) return;
  try {
    openEvent(await api('events/' + encodeURIComponent(id), { signal }));
  } catch (error) {
    if (!signal.aborted) main.prepend(el('p', { class: 'card problem', role: 'alert' }, message(error)));
  }
}

class Filter {
  constructor(node, change) {
    const choice = (name, label, values) => el('select', { name, 'aria-label': label, onchange: change },
      el('option', { value: '' }, label + ': all'), values.map((v) => el('option', { value: v }, v)));
    const views = node.cameras.flatMap((c) => c.views.filter((v) => v.name).map((v) => v.path));
    const text = el('output', {}, 'any score');
    this.score = el('input', {
      type: 'range', name: 'min_score', min: 0, max: 1, step: 0.05, value: 0, 'aria-label': 'Lowest score',
      oninput: () => { text.textContent = Number(this.score.value) ? 'from ' + percent(Number(this.score.value)) : 'any score'; },
      onchange: change,
    });
    this.element = el('form', { class: 'filter', role: 'search', 'aria-label': 'Filter', onsubmit: (e) => e.preventDefault() },
      node.cameras.length > 1 && choice('camera', 'Camera', node.cameras.map((c) => c.name)),
      views.length > 0 && choice('view', 'View', views),
      choice('label', 'Label', [...new Set(node.cameras.flatMap((c) => c.views.flatMap((v) => [...Object.keys(v.thresholds), ...v.derived ?? []])))]),
      el('label', { class: 'score' }, this.score, text));
  }

  // offer adds labels of events to the choice: the model of an earlier time may have had others.
  offer(labels) {
    const select = this.element.elements.label, there = new Set([...select.options].map((o) => o.value));
    for (const label of labels.sort()) if (!there.has(label)) select.append(el('option', { value: label }, label));
  }

  // query is what is selected, for the API.
  query() {
    const q = new URLSearchParams();
    for (const [name, value] of new FormData(this.element)) if (value && value !== '0') q.set(name, value);
    return q;
  }

  selects(e) {
    const q = this.query();
    return ['camera', 'view', 'label'].every((k) => !q.get(k) || q.get(k) === e[k]) && e.peak_score >= Number(q.get('min_score') || 0);
  }
}

class List {
  constructor(filter, signal, onOpen) {
    [this.filter, this.signal, this.onOpen] = [filter, signal, onOpen];
    this.items = new Map(); // list items by event id
    this.turn = 0; // answers of earlier turns come too late
    this.element = el('ul', { class: 'events', role: 'list', 'aria-label': 'Events' });
    this.end = el('p', { class: 'end' });
    this.seen = new IntersectionObserver((seen) => seen.at(-1).isIntersecting && this.more(), { rootMargin: '600px' });
    signal.addEventListener('abort', () => this.seen.disconnect());
  }

  async restart() {
    this.seen.disconnect();
    this.items.clear();
    this.element.replaceChildren();
    [this.next, this.done, this.loading, this.failed] = ['', false, false, false];
    this.turn++;
    await this.more();
  }

  // ask returns a page of events.
  ask(limit, before = '') {
    const q = this.filter.query();
    q.set('limit', limit);
    if (before) q.set('before', before);
    return api('events?' + q, { signal: this.signal });
  }

  // refresh brings the list up to date after a pause. The filter, and what was loaded, stay.
  async refresh() {
    const { turn } = this;
    if (this.failed) this.again();
    try {
      const { events, next } = await this.ask(firstPage);
      if (turn !== this.turn) return;
      if (next && !events.some((e) => this.items.has(e.id))) return void this.restart(); // so much has happened meanwhile
      const there = new Set(events.map((e) => e.id)), oldest = events.at(-1)?.start;
      for (const [id, item] of this.items) if (!there.has(id) && (!next || item.event.start > oldest)) this.remove(id);
      for (const e of events) this.update(e);
    } catch { /* the stream says when edged is back */ }
  }

  // more asks for the next events.
  async more() {
    if (this.loading || this.done) return;
    this.loading = true;
    const { turn } = this;
    try {
      const { events, next, labels } = await this.ask(this.next ? furtherPage : firstPage, this.next);
      if (turn !== this.turn) return;
      this.filter.offer(labels);
      for (const e of events) if (!this.items.has(e.id)) this.put(e, null);
      [this.next, this.done] = [next, !next];
      this.sum();
    } catch (error) {
      if (turn !== this.turn) return;
      this.failed = true;
      if (!this.signal.aborted) this.end.replaceChildren(message(error) + ' ', el('button', { onclick: () => this.again() }, 'Try again'));
    }
    this.loading = false;
    this.seen.unobserve(this.end);
    if (this.failed) return;
    if (!this.done && !this.signal.aborted) this.seen.observe(this.end); // again: the end may still be in sight
  }

  // again asks once more after a request has failed.
  again() {
    this.failed = false;
    this.sum();
    this.more();
  }

  sum() {
    if (this.failed) return; // what went wrong stays there
    this.end.textContent = !this.done ? 'Loading more…' : this.items.size ? '' : 'Nothing has happened yet. Events appear here by themselves.';
    if (this.done && !this.items.size && [...this.filter.query()].length) this.end.textContent = 'No event matches the filter.';
  }

  // update shows a new event, or what has become of one.
  update(e) {
    if (!this.filter.selects(e)) return;
    const old = this.items.get(e.id);
    if (old) {
      old.event = e;
      this.fill(old);
    } else {
      const after = [...this.element.children].find((item) => item.event.start <= e.start);
      if (after || this.done) this.put(e, after ?? null);
      for (const heading of this.element.querySelectorAll('h2')) heading.textContent = dayOf(heading.parentElement.event.start); // it may be past midnight
      this.sum();
    }
  }

  put(e, before) {
    const item = el('li');
    item.event = e;
    this.items.set(e.id, item);
    this.element.insertBefore(item, before);
    this.fill(item);
    this.days(item);
  }

  // days gives an item its day's heading if it is the day's first.
  days(item) {
    for (const i of [item, item.nextElementSibling]) {
      if (!i) continue;
      const first = !i.previousElementSibling || dayOf(i.previousElementSibling.event.start) !== dayOf(i.event.start);
      const heading = i.querySelector('h2');
      if (first && !heading) i.prepend(el('h2', {}, dayOf(i.event.start)));
      if (!first) heading?.remove();
      i.classList.toggle('first', first);
    }
  }

  fill(item) {
    const e = item.event;
    const length = e.end ? lasting(new Date(e.end) - new Date(e.start)) : 'going on';
    const clip = { none: '', recording: '', failed: 'no clip: writing it failed', saved: '', trimmed: 'clip deleted to make room' }[e.clip_state];
    const button = el('button', { class: 'event' + (e.end ? '' : ' on'), onclick: () => this.onOpen(item.event) },
      el('strong', {}, e.label), el('span', { class: 'when' }, clock(e.start)), el('span', { class: 'where' }, e.view),
      el('span', { class: 'how' }, [length, percent(e.peak_score), clip].filter(Boolean).join(', ')),
      el('span', { class: 'thumb' }, e.clip_state === 'recording' && el('span', {}, 'recording…'), e.clip_state === 'saved' && el('img', {
        alt: '', loading: 'lazy', decoding: 'async', width: 128, height: 96, src: apiURL(`events/${encodeURIComponent(e.id)}/thumbnail`),
      })));
    const old = item.querySelector('button');
    if (old === document.activeElement && old) queueMicrotask(() => button.focus());
    if (old) old.replaceWith(button);
    else item.append(button);
  }

  remove(id) {
    const item = this.items.get(id);
    if (!item) return;
    const next = item.nextElementSibling;
    item.remove();
    this.items.delete(id);
    if (next) this.days(next);
    this.sum();
  }

  button(id) { return this.items.get(id)?.querySelector('button'); }
}

// The player: a clip's pictures one by one, the scores beneath. Browsers play no MJPEG, so the page shows the JPEGs itself: the clip's
// description says where each lies in the file.
import { api, apiURL, check, clock, dayOf, el, lasting, message, percent } from './util.js';
import { on } from './stream.js';
import { chart } from './chart.js';
import { boxOf, shownFor } from './boxes.js';

const pieceBytes = 1 << 20; // that are asked for at once
const lead = 3000; // milliseconds that show before an event
const ahead = 40; // pictures that are loaded before they are needed

// open shows the event in a dialog, until it is closed.
export async function open(node, event, signal) {
  const name = `${event.label}, ${event.view}, ${dayOf(event.start)} ${clock(event.start)}`;
  const body = el('div', { class: 'body' }, el('p', { class: 'loading' }, 'Loading the clip…'));
  const dialog = el('dialog', { class: 'player', 'aria-label': name },
    el('div', { class: 'head' }, el('h2', {}, event.label), el('p', {}, `${event.view}, ${dayOf(event.start)} ${clock(event.start)}`),
      el('button', { class: 'quiet close', 'aria-label': 'Close', onclick: () => dialog.close() }, '✕')),
    body);
  const own = new AbortController();
  signal.addEventListener('abort', () => dialog.close(), { signal: own.signal });
  document.body.append(dialog);
  dialog.showModal();
  const load = () => fill(node, event, dialog, body, own.signal);
  const update = (e) => {
    if (e.id !== event.id) return;
    const state = event.clip_state;
    event = e;
    if (e.clip_state !== state) load();
  };
  const off = [
    on('event', update),
    on('hello', () => api('events/' + encodeURIComponent(event.id), { signal: own.signal }).then(update, (error) => error.status === 404 && dialog.close())),
    on('gone', (e) => e.id === event.id && dialog.close()),
  ];
  load();
  await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
  own.abort();
  off.forEach((f) => f());
  dialog.remove();
}

async function fill(node, event, dialog, body, signal) {
  const facts = `${event.end ? lasting(new Date(event.end) - new Date(event.start)) : 'going on'}, peak ${percent(event.peak_score)}`;
  if (event.clip_state !== 'saved') {
    const text = { none: 'There is no clip: recording is off. Turn it on: record.enabled in the configuration, or Record clips in the options of Home Assistant’s app.', recording: 'The clip is being recorded. It appears here when the event is over.', failed: 'edged could not write the clip. The page Health says why.', trimmed: 'The clip was deleted to make room for newer ones, while the action went on.' };
    body.replaceChildren(el('p', { class: 'loading' }, text[event.clip_state]), el('p', { class: 'facts' }, facts), el('div', { class: 'controls' }, removal(event, dialog)));
    return;
  }
  try {
    const clip = await api('clips/' + event.clip, { signal });
    if (!signal.aborted) new Player(clip, event, dialog, body, facts, signal);
  } catch (error) {
    if (!signal.aborted) body.replaceChildren(el('p', { class: 'problem', role: 'alert' }, message(error)));
  }
}

// removal is the button that deletes, after a second press.
function removal(event, dialog) {
  const button = el('button', {
    class: 'quiet danger',
    onclick: async () => {
      if (!button.sure) {
        [button.sure, button.textContent] = [true, event.clip ? 'Delete event and clip?' : 'Delete the event?'];
        return;
      }
      try {
        await api('events/' + encodeURIComponent(event.id), { method: 'DELETE' });
        dialog.close();
      } catch (error) {
        button.textContent = message(error);
      }
    },
    onblur: () => { [button.sure, button.textContent] = [false, 'Delete']; },
  }, 'Delete');
  return button;
}

class Player {
  constructor(clip, event, dialog, body, facts, signal) {
    Object.assign(this, { clip, signal, track: event.track, at: 0, playing: false, speed: 1, loading: new Map(), pictures: new Map() });
    this.canvas = el('canvas', { width: clip.width, height: clip.height, role: 'img', 'aria-label': 'Picture of the clip' });
    this.targets = el('div', { class: 'overlay', 'aria-hidden': 'true' });
    this.play = el('button', { class: 'primary', onclick: () => this.toggle() }, 'Play');
    this.slider = el('input', { type: 'range', min: 0, max: clip.frames.length - 1, value: 0, step: 1, 'aria-label': 'Position', oninput: () => { this.pause(); this.go(Number(this.slider.value)); } });
    this.time = el('output', { class: 'time' });
    const speed = el('select', { 'aria-label': 'Speed', onchange: () => { this.speed = Number(speed.value); this.restart(); } },
      [0.25, 0.5, 1, 2, 4].map((s) => el('option', { value: s, selected: s === 1 }, s + ' ×')));
    this.figure = el('figure', { class: 'curve' });
    const others = clip.events.length > 1 ? `; ${clip.events.length} events in this clip` : '';
    body.replaceChildren(
      el('div', { class: 'screen' }, el('div', { class: 'picture' }, this.canvas, this.targets)), this.slider,
      el('div', { class: 'controls' }, this.play,
        el('button', { 'aria-label': 'Picture before', onclick: () => this.step(-1) }, '◀'), el('button', { 'aria-label': 'Next picture', onclick: () => this.step(1) }, '▶'), speed, this.time,
        el('span', { class: 'space' }), el('a', { class: 'button', href: apiURL(`clips/${clip.id}/video?download`), download: '' }, 'Download'), removal(event, dialog)),
      this.figure,
      el('p', { class: 'facts' }, facts + others + (clip.pictures_lost ? `; ${clip.pictures_lost} pictures are missing: the disk was too slow` : '') + (clip.cut_short ? `; the clip ends early: ${clip.cut_short}` : '')));
    dialog.addEventListener('keydown', (e) => this.key(e));
    this.curve(event);
    this.go(this.first(event));
    this.toggle();
    signal.addEventListener('abort', () => this.pause());
  }

  // first is the picture with which the event begins to show. Further events may come before it in the same clip.
  first(event) {
    const from = new Date(event.start) - new Date(this.clip.start) - lead;
    return Math.max(0, this.clip.frames.findIndex(([ms]) => ms >= from));
  }

  key(e) {
    if (this.signal.aborted || e.target === this.slider || e.target.tagName === 'SELECT') return;
    if (e.key === 'ArrowLeft') this.step(-1);
    else if (e.key === 'ArrowRight') this.step(1);
    else if (e.key === ' ' && e.target.tagName !== 'BUTTON' && e.target.tagName !== 'A') this.toggle();
    else return;
    e.preventDefault();
  }

  step(by) {
    this.pause();
    this.go(Math.min(this.clip.frames.length - 1, Math.max(0, this.at + by)));
  }

  toggle() {
    if (this.playing) return this.pause();
    if (this.at === this.clip.frames.length - 1) this.at = 0;
    [this.playing, this.play.textContent] = [true, 'Pause'];
    this.restart();
  }

  pause() {
    [this.playing, this.play.textContent] = [false, 'Play'];
    cancelAnimationFrame(this.timer);
  }

  // restart counts time from the picture that shows.
  restart() {
    cancelAnimationFrame(this.timer);
    if (!this.playing) return;
    let began = performance.now() - this.clip.frames[this.at][0] / this.speed;
    const run = (now) => {
      if (!this.playing) return;
      const ms = (now - began) * this.speed;
      let n = this.at;
      while (n + 1 < this.clip.frames.length && this.clip.frames[n + 1][0] <= ms) n++;
      if (n !== this.at && !this.pictures.has(n)) { // not loaded yet: time waits
        this.load(n);
        began = now - this.clip.frames[this.at][0] / this.speed;
      } else if (n !== this.at) this.go(n);
      if (this.at === this.clip.frames.length - 1) return this.pause();
      this.timer = requestAnimationFrame(run);
    };
    this.timer = requestAnimationFrame(run);
  }

  // go shows picture n.
  async go(n) {
    this.at = n;
    this.slider.value = n;
    const ms = this.clip.frames[n][0];
    this.time.textContent = `${(ms / 1000).toFixed(2)} of ${(this.clip.duration_ms / 1000).toFixed(1)} s`;
    this.slider.setAttribute('aria-valuetext', `${(ms / 1000).toFixed(2)} seconds`);
    this.plot?.mark(ms / 1000);
    this.showTargets(ms);
    const blob = await this.load(n);
    if (!blob || this.at !== n || this.signal.aborted) return;
    const bitmap = await createImageBitmap(blob).catch(() => null); // a damaged picture: the one before stays
    if (!bitmap) return;
    if (this.at === n) this.canvas.getContext('2d').drawImage(bitmap, 0, 0, this.canvas.width, this.canvas.height);
    bitmap.close();
    if (!this.pictures.has(Math.min(n + ahead, this.clip.frames.length - 1))) this.load(Math.min(n + ahead / 2, this.clip.frames.length - 1));
  }

  // load returns picture n, which it asks for together with those that follow.
  async load(n) {
    n = Math.floor(n);
    if (!this.pictures.has(n)) await (this.loading.get(n) ?? this.piece(n));
    return this.pictures.get(n);
  }

  // piece asks for the pictures from n on that fit into one answer.
  piece(n) {
    const { frames } = this.clip;
    let end = n;
    while (end < frames.length && !this.pictures.has(end) && !this.loading.has(end) && frames[end][1] + frames[end][2] - frames[n][1] <= pieceBytes || end === n) end++;
    const piece = this.ask(n, end);
    for (let i = n; i < end; i++) this.loading.set(i, piece);
    return piece;
  }

  // ask loads the pictures from n up to, not including, end.
  async ask(n, end) {
    const { frames } = this.clip;
    try {
      const last = frames[end - 1][1] + frames[end - 1][2] - 1;
      const reply = await fetch(apiURL(`clips/${this.clip.id}/video`), { headers: { Range: `bytes=${frames[n][1]}-${last}` }, signal: this.signal });
      await check(reply);
      const bytes = await reply.blob();
      for (let i = n; i < end; i++) {
        const from = frames[i][1] - frames[n][1];
        this.pictures.set(i, bytes.slice(from, from + frames[i][2], 'image/jpeg'));
      }
    } catch (error) {
      if (!this.signal.aborted) {
        this.pause();
        this.time.textContent = message(error);
      }
    } finally {
      for (let i = n; i < end; i++) this.loading.delete(i);
    }
  }

  // showTargets draws the boxes of the targets that a following view had at that time. The event's own target says what it does.
  showTargets(ms) {
    const { clip } = this, newest = new Map();
    clip.targets?.forEach(([track, ...box], i) => {
      const [at, ...scores] = clip.windows[i], own = !this.track || track === this.track;
      if (track && at <= ms && at > ms - shownFor) newest.set(track, boxOf(clip.area, box, own ? clip.labels : [], own ? scores : []));
    });
    this.targets.replaceChildren(...newest.values());
  }

  // curve draws the scores, and marks where the clip's events start and end. Of a view that follows it shows the event's own target.
  async curve(event) {
    const { clip } = this;
    const windows = (clip.windows ?? []).filter((w, i) => !clip.targets || !event.track || clip.targets[i][0] === event.track);
    if (!windows.length) {
      this.figure.replaceChildren(el('figcaption', {}, 'This clip has no scores.'));
      return;
    }
    const events = clip.events.filter((e) => e.track === event.track);
    const seconds = (t) => (new Date(t) - new Date(clip.start)) / 1000;
    const text = (e, word) => (e.id === event.id ? word : ''); // further events of the clip are lines alone
    const marks = events.flatMap((e) => [{ at: seconds(e.start), text: text(e, 'start') }, e.end && { at: seconds(e.end), text: text(e, 'end'), ends: true }].filter(Boolean));
    const series = curves(clip.labels, windows, new Set(events.map((e) => e.label)));
    this.figure.replaceChildren(el('figcaption', {}, event.track ? 'Scores of this target' : 'Scores'));
    this.plot = await chart(this.figure, {
      label: 'Scores of the clip: ' + series.map((s) => s.name).join(', '), x: windows.map((w) => w[0] / 1000), series,
      range: [0, 1], height: 150, marks, from: 0, to: clip.duration_ms / 1000, signal: this.signal, text: (v) => percent(v),
    });
    this.plot.mark(clip.frames[this.at][0] / 1000);
  }
}

const maxCurves = 6; // as many as there are colours
const visible = 0.2; // a curve that stays below this score says nothing

// curves are the scores of the events' labels, and of those that came highest.
function curves(labels, windows, always) {
  const all = labels.map((name, i) => ({ name, values: windows.map((w) => w[i + 1]) }));
  const rank = (s) => (always.has(s.name) ? 1 : 0) + Math.max(...s.values);
  const shown = new Set(all.filter((s) => rank(s) >= visible).sort((a, b) => rank(b) - rank(a)).slice(0, maxCurves));
  return all.filter((s) => shown.has(s));
}

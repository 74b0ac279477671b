// Now: what the cameras show, how sure the model is of each action, and what goes on.
import { api, clock, el, lasting, message, percent } from './util.js';
import { on, recent } from './stream.js';
import { watch } from './live.js';
import { boxOf, shownFor } from './boxes.js';
import { Zones } from './zones.js';

const barsAtFirst = 8; // further labels are shown on demand

// begin asks for the pictures of all cameras, even before it is known which there are: the first one shows so much sooner.
export function begin(signal) {
  const begun = { early: new Map(), show: (name, picture) => begun.early.set(name, picture) };
  watch(signal, (name, picture) => begun.show(name, picture));
  return begun;
}

export async function show(main, { node, asked, begun, signal }) {
  const cameras = node.cameras.map((c) => new Camera(node, c));
  main.append(el('h1', { class: 'hidden' }, 'Now'), hints(node) ?? '', el('div', { class: 'cameras' + (cameras.length === 1 ? ' one' : '') }, cameras.map((c) => c.element)),
    el('p', { class: 'help' }, 'A bar shows how sure edged is of an action. The action starts where the bar reaches its mark. Drag the mark to change that.'));
  const all = (f) => (data) => cameras.forEach((c) => f(c, data));
  let told = new Set(); // events of which the stream has told: the list that is asked for below may be older
  const off = [
    on('scores', all((c, s) => c.scores(s))),
    on('view', all((c, v) => c.setView(v))),
    on('camera', (s) => cameras.find((c) => c.name === s.name)?.setOnline(s.online, s.reason)),
    on('event', (e) => { told?.add(e.id); cameras.find((c) => c.name === e.camera)?.event(e); }),
    on('gone', (e) => { told?.add(e.id); cameras.forEach((c) => c.event({ ...e, end: true })); }),
  ];
  recent(asked);
  const ticking = setInterval(all((c) => c.tick()), 500);
  signal.addEventListener('abort', () => {
    off.forEach((f) => f());
    clearInterval(ticking);
    cameras.forEach((c) => c.close());
  });
  begun.show = (name, picture) => cameras.find((c) => c.name === name)?.picture(picture);
  begun.early.forEach((picture, name) => begun.show(name, picture));
  const { events } = await api('events?going=true&limit=500', { signal });
  events.reverse().forEach((e) => told.has(e.id) || cameras.find((c) => c.name === e.camera)?.event(e));
  told = undefined;
}

// hints are what somebody who has just installed edged can do next.
function hints(node) {
  const hidden = new Set(JSON.parse(localStorage.getItem('hints') || '[]'));
  const left = node.hints.filter((h) => !hidden.has(h.id));
  if (!left.length) return null;
  return el('section', { class: 'hints', 'aria-label': 'What to do next' }, left.map((h) => {
    const card = el('details', { class: 'card hint', open: h.id === 'camera' },
      el('summary', {}, el('h2', {}, h.title)), el('p', {}, h.text), h.lines && el('pre', { tabIndex: 0 }, h.lines.join('\n')),
      el('button', {
        class: 'quiet',
        onclick: () => {
          hidden.add(h.id);
          localStorage.setItem('hints', JSON.stringify([...hidden]));
          card.remove();
        },
      }, 'Do not show this again'));
    return card;
  }));
}

class Camera {
  constructor(node, camera) {
    this.name = camera.name;
    this.going = new Map(); // events that go on, by id
    this.views = camera.views.map((v) => new View(node, v));
    this.image = el('img', { alt: camera.name + ' now', hidden: true });
    this.text = el('p', { class: 'instead' }, 'Waiting for a picture…');
    this.state = el('span', { class: 'state' });
    this.doing = el('ul', { class: 'doing', 'aria-label': 'Going on' });
    this.targets = el('div', { class: 'overlay', 'aria-hidden': 'true' });
    this.zones = new Zones(camera.zones);
    this.stage = el('div', { class: 'stage empty' }, this.image, this.text, overlay(camera, this.zones), this.targets);
    this.element = el('section', { class: 'card camera', 'aria-label': camera.name },
      el('div', { class: 'head' }, el('h2', {}, camera.name), this.state),
      this.stage, this.doing, this.views.map((v) => v.element));
    this.image.addEventListener('load', () => this.stage.style.setProperty('--ratio', this.image.naturalWidth / this.image.naturalHeight));
    this.setOnline(camera.online, camera.reason);
  }

  setOnline(online, reason) {
    this.online = online;
    this.reason = reason;
    this.state.textContent = online ? 'online' : 'offline';
    this.state.classList.toggle('bad', !online);
    if (online) return;
    this.say(reason ? 'Offline: ' + reason : 'Offline: no picture yet');
    this.views.forEach((v) => v.clear());
  }

  // say puts words in the picture's place.
  say(text) {
    this.text.textContent = text;
    this.text.hidden = false;
    this.stage.classList.add('empty');
    this.image.hidden = true;
    this.seen = undefined;
  }

  picture(blob) {
    if (!this.online) return;
    const old = this.image.src;
    this.image.src = URL.createObjectURL(blob);
    if (old) URL.revokeObjectURL(old);
    this.image.hidden = false;
    this.text.hidden = true;
    this.stage.classList.remove('empty');
    this.seen = Date.now();
  }

  scores(s) {
    const view = this.views.find((v) => v.path === s.view);
    view?.scores(s);
    if (s.track && view) this.showTargets();
  }

  // showTargets draws a box around each target that is followed.
  showTargets() {
    const boxes = this.views.flatMap((v) => v.boxes());
    if (boxes.length || this.targets.childElementCount) this.targets.replaceChildren(...boxes);
    this.zones.show(this.views.flatMap((v) => v.feet()));
  }

  setView(s) {
    this.views.find((v) => v.path === s.path)?.set(s);
    if (this.views.every((v) => !v.enabled)) this.say('Switched off: edged does not look at this camera.');
  }

  // event notes that an action goes on, or has ended.
  event(e) {
    if (e.end) this.going.delete(e.id);
    else this.going.set(e.id, e);
    this.tick();
  }

  tick() {
    if (this.seen && Date.now() - this.seen > 5000) this.stage.classList.add('stale');
    else this.stage.classList.remove('stale');
    this.views.forEach((v) => v.forget());
    this.showTargets();
    const texts = [...this.going.values()].map((e) => `${e.label}${e.view.includes('/') ? ' in ' + e.view.slice(e.camera.length + 1) : ''}, for ${lasting(Math.max(0, Date.now() - new Date(e.start)))}`);
    if (texts.join() === this.told) return;
    this.told = texts.join();
    this.doing.replaceChildren(...texts.map((t) => el('li', {}, t)));
  }

  close() {
    if (this.image.src) URL.revokeObjectURL(this.image.src);
  }
}

// overlay draws views, masks and zones on the picture.
function overlay(camera, zones) {
  const named = camera.views.filter((v) => v.name);
  const names = named.map((v) => {
    const tag = el('span', { class: 'tag' }, v.name);
    [tag.style.left, tag.style.top] = [v.area[0] * 100 + '%', v.area[1] * 100 + '%'];
    return tag;
  });
  return el('div', { class: 'overlay', 'aria-hidden': 'true' },
    el('svg', { viewBox: '0 0 1 1', preserveAspectRatio: 'none' },
      camera.masks.map((m) => el('polygon', { class: 'mask', points: m.map((p) => p.join(',')).join(' ') })),
      named.map((v) => el('rect', { class: 'view', x: v.area[0], y: v.area[1], width: v.area[2], height: v.area[3] })),
      zones.shapes()),
    names, zones.tags());
}

class View {
  constructor(node, view) {
    this.path = view.path;
    this.area = view.area ?? [0, 0, 1, 1];
    this.targets = new Map(); // that are followed, by track: their smoothed scores, and where they are
    this.smoothing = node.smoothing_ms;
    this.labels = view.labels ?? node.model.labels;
    const actions = this.labels.filter((l) => l in view.thresholds);
    const others = this.labels.filter((l) => !(l in view.thresholds));
    this.bars = new Map([...actions, ...others].map((l) => [l, new Bar(view.path, l, view.thresholds[l])]));
    const rows = [...actions, ...others].map((l) => this.bars.get(l).element);
    const last = others.map((l) => this.bars.get(l).element); // the background shows at once: it says that the model is at work
    const rest = el('div', { hidden: true }, rows.slice(barsAtFirst, rows.length - last.length));
    this.off = el('p', { class: 'off', hidden: true }, 'Switched off');
    this.problem = el('p', { class: 'bad', hidden: true });
    this.element = el('div', { class: 'scores', role: 'group', 'aria-label': 'Scores of ' + view.path },
      view.name && el('h3', {}, view.name), this.off, this.problem, rows.slice(0, Math.min(barsAtFirst, actions.length)), rest, last,
      actions.length > barsAtFirst && el('button', {
        class: 'quiet', 'aria-expanded': 'false',
        onclick: (e) => {
          rest.hidden = !rest.hidden;
          e.target.setAttribute('aria-expanded', String(!rest.hidden));
          e.target.textContent = rest.hidden ? `Show all ${rows.length} labels` : 'Show fewer';
        },
      }, `Show all ${rows.length} labels`),
      this.button = el('button', { class: 'quiet', onclick: () => this.toggle() }));
    this.set(view);
    this.problem.hidden = !view.problem;
    this.problem.textContent = view.problem || '';
  }

  set({ enabled, thresholds }) {
    this.enabled = enabled;
    this.off.hidden = enabled;
    this.element.classList.toggle('disabled', !enabled);
    this.button.textContent = enabled ? 'Switch off' : 'Switch on';
    this.button.setAttribute('aria-label', `${this.button.textContent}: ${this.path}`);
    for (const [label, score] of Object.entries(thresholds)) this.bars.get(label)?.setThreshold(score);
    if (!enabled) this.bars.forEach((b) => b.setScore(0));
  }

  async toggle() {
    this.button.disabled = true;
    try {
      await api('enabled', { method: 'PUT', json: { view: this.path, enabled: !this.enabled } });
    } catch (error) {
      alert(`${this.path} was not switched. ${message(error)}`);
    }
    this.button.disabled = false;
  }

  // scores smooths as edged does, so that a bar reaches its threshold when the action starts. Where targets are followed, a bar shows the target that
  // scores highest.
  scores({ time, scores, track = 0, box }) {
    this.problem.hidden = true;
    const last = this.targets.get(track) ?? { time: time - 250, scores: [] };
    const dt = time - last.time;
    const weight = this.smoothing > 0 && dt < 10000 ? 1 - Math.exp(-Math.max(0, dt) / this.smoothing) : 1;
    const smoothed = this.labels.map((_, i) => (last.scores[i] ?? 0) + weight * ((scores[i] ?? 0) - (last.scores[i] ?? 0)));
    if (track) this.targets.delete(0); // the camera moved, and the whole picture was judged
    this.targets.set(track, { time, box, scores: smoothed, seen: Date.now() });
    this.showScores();
  }

  showScores() {
    const all = [...this.targets.values()];
    this.labels.forEach((label, i) => this.bars.get(label).setScore(Math.max(0, ...all.map((t) => t.scores[i]))));
  }

  // clear drops all scores: the camera shows nothing.
  clear() {
    this.targets.clear();
    this.showScores();
  }

  // forget drops the targets that have gone.
  forget() {
    for (const [track, t] of this.targets) {
      if (!track || Date.now() - t.seen < shownFor) continue;
      this.targets.delete(track);
      this.showScores();
    }
  }

  // feet are where the targets stand, in the picture.
  feet() {
    const almost = 1 - 1e-9; // the picture cuts off who stands at its lower edge
    return [...this.targets.values()].filter((t) => t.box).map(({ box: [x, y, w, h] }) => [
      this.area[0] + (x + w / 2) * this.area[2], Math.min(this.area[1] + (y + h) * this.area[3], almost),
    ]);
  }

  // boxes are drawn where the targets are, each with its best action.
  boxes() {
    return [...this.targets.values()].filter((t) => t.box).map((t) => boxOf(this.area, t.box, this.labels, t.scores));
  }
}

// Bar is a label's score, with its threshold to drag. The background label has none.
class Bar {
  constructor(view, label, threshold) {
    [this.view, this.label, this.score] = [view, label, 0];
    this.fill = el('div', { class: 'fill' });
    this.value = el('span', { class: 'value' }, '0 %');
    this.meter = el('div', { class: 'meter', role: 'meter', 'aria-label': label, 'aria-valuemin': '0', 'aria-valuemax': '1', 'aria-valuenow': '0' }, this.fill);
    if (threshold !== undefined) {
      this.slider = el('input', {
        type: 'range', min: 0.01, max: 1, step: 0.01, 'aria-label': 'Threshold of ' + label,
        oninput: () => this.show(),
        onchange: () => this.save(),
        onblur: () => this.setThreshold(this.saved),
      });
    }
    this.element = el('div', { class: 'bar' + (this.slider ? '' : ' background') },
      el('span', { class: 'label', title: label }, label), el('div', { class: 'track' }, this.meter, this.slider), this.value);
    if (this.slider) this.setThreshold(threshold);
  }

  setScore(score) {
    this.score = Math.min(1, Math.max(0, score));
    this.fill.style.transform = `scaleX(${this.score.toFixed(3)})`;
    this.meter.setAttribute('aria-valuenow', this.score.toFixed(2));
    this.value.textContent = percent(this.score);
    this.element.classList.toggle('over', !!this.slider && this.score >= Number(this.slider.value));
  }

  // setThreshold shows the threshold that edged has. While somebody moves the slider, it keeps its own value until edged has that too. Otherwise the
  // next key would step from an old value.
  setThreshold(score) {
    this.saved = score;
    const ahead = this.saving || document.activeElement === this.slider && this.dragged;
    if (!ahead) this.slider.value = score;
    this.show();
  }

  show() {
    this.dragged = Number(this.slider.value) !== this.saved;
    this.slider.setAttribute('aria-valuetext', `${percent(Number(this.slider.value))}`);
    this.slider.title = `Starts at ${percent(Number(this.slider.value))}`;
  }

  // save sends one change at a time, so that the last one counts.
  async save() {
    if (this.saving) return;
    this.saving = true;
    try {
      for (let sent; sent !== this.slider.value;) {
        sent = this.slider.value;
        await api('thresholds', { method: 'PUT', json: { view: this.view, label: this.label, score: Number(sent) } });
      }
    } catch (error) {
      this.slider.value = this.saved;
      alert(`The threshold of ${this.label} was not changed. ${message(error)}`);
    }
    this.saving = false;
    this.show();
  }
}

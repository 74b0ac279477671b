// Teach: somebody shows edged an action of their own, by pointing at it.
import { api, el, lasting, message, staticURL } from '../util.js';
import { on } from '../stream.js';
import { Action, count, fill, pictures, when } from './action.js';
import { brief, film, pauseButton } from './film.js';
import { Moments } from './moments.js';

let style; // loads once

export async function show(main, { signal }) {
  style ??= new Promise((loaded) => document.head.append(el('link', { rel: 'stylesheet', href: staticURL('teach/style.css'), onload: loaded, onerror: loaded })));
  const [state] = await Promise.all([api('teach', { signal }), style]);
  if (!signal.aborted) new Teach(main, state, signal);
}

class Teach {
  constructor(main, state, signal) {
    this.signal = signal;
    this.choice = el('select', { 'aria-label': 'View', onchange: () => this.open(this.choice.value) });
    this.undo = el('button', { class: 'quiet', onclick: () => this.run('Undone.', 'teach/undo', { method: 'POST', json: { view: this.view } }) });
    this.guide = el('p', { role: 'status' });
    this.step = el('button', { class: 'primary', onclick: () => this.step.act() });
    this.said = el('p', { class: 'said', role: 'status' });
    this.problem = el('p', { class: 'card problem', role: 'alert', hidden: true });
    this.body = el('div', { class: 'teach' });
    main.append(el('div', { class: 'title' }, el('h1', {}, 'Teach'), this.choice, el('span', { class: 'space' }), this.undo), el('div', { class: 'card guide' }, this.guide, this.step), this.problem, this.body, this.said);
    const off = [on('teach', (e) => e.view === this.view && this.load()), on('hello', (h) => h.again && this.load())];
    signal.addEventListener('abort', () => { off.forEach((f) => f()); this.own?.abort(); });
    const last = sessionStorage.getItem('teach');
    this.state = state;
    this.open(state.views.some((v) => v.view === last) ? last : state.views[0]?.view);
  }

  // open shows a view.
  open(view) {
    this.own?.abort();
    this.own = new AbortController();
    this.view = view;
    sessionStorage.setItem('teach', view ?? '');
    this.cards = new Map();
    this.marked = this.names = undefined;
    this.choice.value = view;
    this.moments = new Moments(view, this.own.signal, (m) => this.mark(m));
    this.questions = el('ul', { class: 'films', 'aria-label': 'Questions' });
    this.asking = el('section', { class: 'card asking', 'aria-label': 'Questions', hidden: true }, el('h2', {}, 'Is this it?'), this.questions);
    this.list = el('div', { class: 'actions' });
    this.nothing = el('p', { class: 'help' }, 'Nothing yet. What you teach appears here.');
    this.bar = el('form', { class: 'card marked', 'aria-label': 'What was it?', hidden: true });
    this.body.replaceChildren(
      this.asking,
      this.watched = el('section', { class: 'watched', 'aria-label': 'What the camera saw' }, el('div', { class: 'title' }, el('h2', {}, 'What the camera saw'), pauseButton()), this.moments.element, this.bar),
      el('section', { 'aria-label': 'What edged has learned' }, el('h2', {}, 'What edged has learned'), this.nothing, this.list, this.adding()));
    this.show(this.state);
  }

  // adding makes a new action without an example, and takes one from a file.
  adding() {
    const name = el('input', { 'aria-label': 'New action', placeholder: 'New action', maxLength: 64, required: true });
    const file = el('input', { type: 'file', accept: '.zip', hidden: true, onchange: () => file.files[0] && this.import(file) });
    return el('form', {
      class: 'controls',
      onsubmit: async (e) => {
        e.preventDefault();
        if (await this.create(name.value.trim())) name.value = '';
      },
    }, name, el('button', {}, 'Add'), el('span', { class: 'space' }), file, el('button', { type: 'button', class: 'quiet', onclick: () => file.click() }, 'Import…'));
  }

  create(name) {
    return this.run(`Now do “${name}” in front of the camera, then press “That was it”.`, 'teach/actions', { method: 'POST', json: { view: this.view, name } });
  }

  async import(file) {
    await this.run('The action is imported.', `teach/import?${new URLSearchParams({ view: this.view })}`, { method: 'POST', body: file.files[0] });
    file.value = '';
  }

  // run does something with the API. It says what comes of it, and returns whether it worked.
  async run(done, path, options) {
    try {
      await api(path, options);
      this.say(done);
      await this.load();
      return true;
    } catch (error) {
      this.say(message(error), true);
      return false;
    }
  }

  say(text, bad = false) {
    this.said.className = bad ? 'said bad' : 'said';
    this.said.textContent = text[0].toUpperCase() + text.slice(1);
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => { this.said.textContent = ''; }, bad ? 15e3 : 6e3);
  }

  async load() {
    try {
      const state = await api('teach', { signal: this.signal });
      this.show(state);
    } catch (error) {
      if (!this.signal.aborted) this.say(message(error), true);
    }
  }

  show(state) {
    this.state = state;
    const view = state.views.find((v) => v.view === this.view);
    if (this.choice.length !== state.views.length) this.choice.replaceChildren(...state.views.map((v) => el('option', { value: v.view, selected: v === view }, v.view)));
    this.choice.hidden = state.views.length < 2;
    this.problem.hidden = !state.degraded;
    this.problem.textContent = state.degraded;
    this.body.hidden = !view?.can_teach && !view?.actions.length;
    this.watched.hidden = !view?.can_teach;
    this.undo.hidden = !view?.undo;
    this.undo.textContent = 'Undo: ' + (view?.undo ?? '');
    this.lead(next(view));
    if (!view) return;
    for (const [name, card] of this.cards) {
      if (view.actions.some((a) => a.name === name)) continue;
      card.element.remove();
      this.cards.delete(name);
      this.fillNames();
    }
    for (const a of view.actions) {
      if (!this.cards.has(a.name)) {
        const card = new Action(this.view, a.name, (...it) => this.run(...it));
        this.cards.set(a.name, card);
        this.list.append(card.element);
        this.fillNames();
      }
      this.cards.get(a.name).update({ ...a, pictured: view.keep_pictures });
    }
    this.nothing.hidden = view.actions.length > 0;
    this.ask(view.actions.some((a) => a.questions));
  }

  // lead shows what to do now, with the button for it.
  lead([text, action, button, method]) {
    if (this.guide.textContent !== text) this.guide.textContent = text;
    this.step.hidden = !action;
    this.step.textContent = button ?? '';
    this.step.act = () => this.cards.get(action)[method]();
  }

  // ask shows what edged is not sure about.
  async ask(any) {
    const { questions } = any ? await api(`teach/questions?${new URLSearchParams({ view: this.view })}`, { signal: this.own.signal }).catch(() => ({ questions: [] })) : { questions: [] };
    const answer = (q, text, yes) => el('button', {
      'aria-label': `${text}: ${q.name}, ${when(q.start)}`,
      onclick: () => this.run('Thank you. It learns from that.', 'teach/questions', { method: 'POST', json: { id: q.id, answer: yes } }),
    }, text);
    fill(this.questions, questions.slice(0, innerWidth < 700 ? 2 : 4), (q) => q.id, (q) => el('li', {}, film(() => pictures(q)),
      el('strong', {}, q.name + '?'), el('small', {}, when(q.start)), el('span', { class: 'controls' }, answer(q, 'Yes', 'yes'), answer(q, 'No', 'no'))));
    this.asking.hidden = !questions.length;
  }

  // mark shows the bar that asks what the marked moments were.
  mark(m) {
    const was = this.marked;
    this.marked = m;
    this.bar.hidden = !m;
    if (!m) return;
    if (!was) this.fillBar();
    this.bar.querySelector('.film').replaceWith(film(m.pictures));
    this.bar.querySelector('output').textContent = `${brief(m.from)}${m.until - m.from > 999 ? `, ${lasting(m.until - m.from)}` : ''}`;
  }

  fillBar() {
    const button = (text, act, name) => el('button', { type: 'button', onclick: act, 'aria-label': name }, text);
    const name = el('input', { 'aria-label': 'A new name', placeholder: 'A new name', maxLength: 64, required: true });
    this.bar.onsubmit = async (e) => {
      e.preventDefault();
      const text = name.value.trim();
      if (this.cards.has(text) || await this.create(text)) this.teach(text);
    };
    this.names = el('div', { class: 'controls' });
    this.fillNames();
    this.bar.replaceChildren(film(() => []),
      el('div', { class: 'controls' }, el('output'), el('span', { class: 'longer' }, button('◀', () => this.moments.grow(-1), 'Longer: begin earlier'), ' longer ', button('▶', () => this.moments.grow(1), 'Longer: end later')), el('span', { class: 'space' }),
        el('button', { type: 'button', class: 'quiet', 'aria-label': 'Unmark', onclick: () => this.moments.mark() }, '✕')),
      el('h3', {}, 'What was it?'),
      this.names,
      el('div', { class: 'controls' }, name, el('button', { class: 'primary' }, 'That was it')));
  }

  fillNames() { this.names?.replaceChildren(...[...this.cards.keys()].map((n) => el('button', { type: 'button', onclick: () => this.teach(n) }, n))); }

  // teach makes what is marked an example.
  async teach(name) {
    const { marked } = this, { from, until, track } = marked;
    if (!await this.run(`Thank you. “${name}” learns from that.`, 'teach/examples', { method: 'POST', json: { view: this.view, name, from, until, track } })) return;
    if (this.marked !== marked) return;
    const { anchor } = this.moments.marked;
    this.moments.mark();
    this.moments.button(anchor)?.focus({ preventScroll: true });
  }
}

// waits says what to do about an action in a state in which it cannot fire.
const waits = {
  relearning: (name) => `edged learns “${name}” anew, with another model. This takes about an hour. Just wait.`,
  resting: (name) => `“${name}” rests. Its card says why.`,
  needs_name: (name) => `“${name}” needs another name: open “More” on its card.`,
  foreign_model: (name) => `“${name}” was taught with another model. Its card says what helps.`,
};

// next says in one sentence what to do now; then the action, the button and the method of its card that do it.
function next(view) {
  if (!view) return ['There is no camera yet. Add one to the configuration.'];
  if (!view.can_teach) return [view.why_not];
  const { actions } = view;
  const empty = actions.find((a) => a.state === 'no_examples');
  const asks = actions.reduce((n, a) => n + a.questions, 0);
  const few = actions.find((a) => a.state === 'shadow' && a.examples < 3);
  const ready = actions.find((a) => a.state === 'shadow' && a.worth.met);
  if (!actions.length) return ['Do something in front of the camera, then press the picture that shows it.'];
  if (empty) return [`Do “${empty.name}” in front of the camera. Then press:`, empty.name, 'That was it', 'thatWasIt'];
  if (asks) return [`edged is not sure about ${count(asks, 'moment')}. Answer Yes or No: that helps most.`];
  if (few) return [`“${few.name}” has ${count(few.examples, 'example')}; five are much better. Do it again. Then press:`, few.name, 'That was it', 'thatWasIt'];
  if (ready) return [`“${ready.name}” is ready. When you trust it, let it send events:`, ready.name, 'Go live', 'setLive'];
  const stuck = actions.find((a) => ['needs_name', 'foreign_model'].includes(a.state));
  if (stuck) return [waits[stuck.state](stuck.name)];
  if (actions.some((a) => a.state === 'live')) return ['If edged reports something by mistake, press “Wrong”. You can teach more at any time.'];
  const waiting = actions.find((a) => a.state in waits);
  if (waiting && !actions.some((a) => a.state === 'shadow')) return [waits[waiting.state](waiting.name)];
  return ['Open “What it would have reported”. Say what was right and what was wrong.'];
}

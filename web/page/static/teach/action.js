// An action that was taught: how good it is, its examples, what it has recognised, and what can be done with it.
import { api, apiURL, dayOf, el, percent } from '../util.js';
import { brief, film, numbered } from './film.js';

const states = {
  shadow: ['Practising', 'It is practising: it sends no events yet.'],
  live: ['Live', 'It is live: it sends events.'],
  resting: ['Resting', 'It rests: its view is switched off.'],
  needs_name: ['Needs a name', 'It rests: rename it.'],
  relearning: ['Learning anew', 'It rests: edged learns it anew for another model.'],
  foreign_model: ['Other model', 'It waits: its examples belong to another model.'],
  no_examples: ['New', 'It has no example yet.'],
};

export const pictures = ({ id, pictures }) => numbered(`teach/examples/picture?id=${encodeURIComponent(id)}`, pictures);
export const count = (n, thing) => `${n} ${thing}${n === 1 ? '' : 's'}`;
export const when = (t) => (dayOf(t) === 'Today' ? '' : dayOf(t) + ' ') + brief(t);

// twice is a button that acts at the second press.
function twice(text, sure, act) {
  const button = el('button', {
    class: 'quiet danger',
    onclick: () => {
      if (button.sure) return act();
      [button.sure, button.textContent] = [true, sure];
    },
    onblur: () => { [button.sure, button.textContent] = [false, text]; },
  }, text);
  return button;
}

// Action is the card of one action. run does something with the API, and says how it went.
export class Action {
  constructor(view, name, run) {
    Object.assign(this, { view, name, run, query: new URLSearchParams({ view, name }) });
    this.state = el('span', { class: 'state' });
    this.worth = el('div', { class: 'worth' });
    this.press = el('button', { class: 'primary', 'aria-label': `That was it: ${name}`, onclick: () => this.thatWasIt() }, 'That was it');
    this.wrong = el('button', { 'aria-label': `Wrong: ${name}`, onclick: () => run(`“${name}” learns that this was wrong.`, 'teach/wrong', { method: 'POST', json: { view, name } }) }, 'Wrong');
    this.live = el('button', { onclick: () => this.setLive() });
    this.examples = el('ul', { class: 'films', 'aria-label': `Examples of ${name}` });
    this.firings = el('ul', { class: 'films', 'aria-label': `Recognised as ${name}` });
    this.seen = el('details', { ontoggle: () => this.seen.open && this.loadFirings() }, this.sum = el('summary'), this.firings);
    this.element = el('section', { class: 'card taught', 'aria-label': name },
      el('div', { class: 'head' }, el('h3', {}, name), this.state), this.worth,
      el('div', { class: 'controls' }, this.press, this.live, this.wrong), this.examples, this.seen, this.menu());
  }

  menu() {
    const input = el('input', { value: this.name, 'aria-label': `New name of ${this.name}`, maxLength: 64, required: true });
    const path = `teach/actions?${this.query}`;
    return el('details', {}, el('summary', {}, 'More'),
      el('form', {
        class: 'controls',
        onsubmit: (e) => {
          e.preventDefault();
          this.run(`It is called “${input.value.trim()}” now.`, path, { method: 'PATCH', json: { name: input.value.trim() } });
        },
      }, input, el('button', {}, 'Rename')),
      el('div', { class: 'controls' },
        el('a', { class: 'button', href: apiURL(`teach/export?${this.query}`), download: '' }, 'Export'),
        twice('Forget', `Forget “${this.name}” and delete its pictures?`, () => this.run(`“${this.name}” is forgotten.`, path, { method: 'DELETE' }))));
  }

  thatWasIt() {
    return this.run(`Thank you. “${this.name}” learns from the last seconds.`, 'teach/examples', { method: 'POST', json: { view: this.view, name: this.name } });
  }

  setLive() {
    const live = !this.action.live;
    return this.run(live ? `“${this.name}” is live: it sends events.` : `“${this.name}” is practising again.`, `teach/actions?${this.query}`, { method: 'PATCH', json: { live } });
  }

  // update shows what edged says of the action.
  update(action) {
    const text = JSON.stringify(action);
    if (text === this.shown) return;
    [this.action, this.shown] = [action, text];
    const [word, doing] = states[action.state] ?? [action.state, ''];
    const { live } = action;
    this.state.textContent = action.firing ? 'Now!' : action.learning ? 'Learning…' : word;
    this.state.classList.toggle('bad', ['foreign_model', 'needs_name'].includes(action.state));
    this.state.classList.toggle('dim', !live && !action.firing);
    this.worth.replaceChildren(...worth(action, action.problem ? `${word}: ${action.problem}.` : doing));
    this.live.hidden = !live && !action.examples;
    this.live.textContent = live ? 'Back to practising' : 'Go live';
    this.live.classList.toggle('primary', !live && action.worth.met);
    this.press.classList.toggle('primary', !this.live.classList.contains('primary'));
    this.wrong.hidden = !live;
    const fired = action.worth.would_fire;
    this.seen.hidden = !action.examples;
    this.sum.textContent = live ? 'What it recognised' : `What it would have reported (${fired})`;
    this.loadExamples();
    if (this.seen.open) this.loadFirings();
  }

  // ask asks for a list of the action. Without an answer, because the action was renamed or forgotten or the connection is lost, the list is empty until the
  // next change.
  ask(list) {
    return api(`teach/${list}?${this.query}`).catch(() => {
      this.shown = undefined;
      return { [list]: [] };
    });
  }

  async loadExamples() {
    const { examples } = await this.ask('examples');
    fill(this.examples, examples, (e) => e.id + e.tried + e.found, (e) => el('li', {}, film(() => pictures(e)), el('span', {}, when(e.time)),
      e.tried && el('small', { class: e.found ? 'good' : 'bad' }, e.found ? '✓ recognised' : '✗ not recognised'),
      el('button', { class: 'quiet', 'aria-label': `Remove the example of ${when(e.time)}`, onclick: () => this.run('The example is removed.', `teach/examples?id=${encodeURIComponent(e.id)}`, { method: 'DELETE' }) }, 'Remove')));
  }

  async loadFirings() {
    const { firings } = await this.ask('firings');
    fill(this.firings, firings, (f) => f.id + f.judged, (f) => el('li', {}, film(() => pictures(f)),
      el('span', {}, when(f.start)), el('small', {}, `${percent(f.peak)}${f.fired ? '' : ', nearly'}`),
      f.judged ? el('strong', {}, f.judged === 'right' ? 'Right' : 'Wrong') : (f.pictures > 0 || !this.action.pictured) && el('span', { class: 'controls' }, this.judge(f, 'Right', 'yes'), this.judge(f, 'Wrong', 'no'))));
    if (!firings.length) this.firings.replaceChildren(el('li', { class: 'help' }, 'Nothing so far.'));
  }

  judge(f, text, answer) {
    return el('button', { 'aria-label': `${text}: ${when(f.start)}`, onclick: () => this.run('Thank you. It learns from that.', 'teach/questions', { method: 'POST', json: { id: f.id, answer } }) }, text);
  }
}

// worth says how good an action is: a dot for each example, and edged's own words.
function worth({ worth: w }, state) {
  const dots = w.of > 0 && el('p', { class: 'dots', 'aria-hidden': 'true' }, '●'.repeat(w.found), el('span', {}, '●'.repeat(w.of - w.found)));
  return [el('p', { class: 'help' }, state), dots, w.text && el('p', {}, w.text), w.advice && el('p', { class: 'advice' }, w.advice)].filter(Boolean);
}

// fill shows items in a list; those that are there stay, so that their films go on.
export function fill(list, items, key, make) {
  const old = new Map([...list.children].map((li) => [li.key, li]));
  const at = [...list.children].findIndex((li) => li.contains(document.activeElement));
  list.replaceChildren(...items.map((i) => old.get(key(i)) ?? Object.assign(make(i), { key: key(i) })));
  if (at >= 0 && !list.contains(document.activeElement)) (list.children[Math.min(at, items.length - 1)]?.querySelector('button') ?? document.getElementById('main')).focus();
}

// Draw: masks, views and zones on a still picture. It shows the YAML to paste, which edged itself has checked; it changes no file.
import { api, apiURL, check, el, message } from './util.js';

const close = 0.03; // a click so near to a polygon's first corner closes it
const reserved = /^(true|false|null|yes|no|on|off|y|n)$/i; // YAML gives these words a meaning of their own
const round = (v) => Math.round(Math.min(1, Math.max(0, v)) * 1000) / 1000;

export async function show(main, { node, signal }) {
  const choice = el('select', { 'aria-label': 'Camera', onchange: () => open(choice.value) }, node.cameras.map((c) => el('option', { value: c.name }, c.name)));
  const holder = el('div');
  main.append(el('div', { class: 'title' }, el('h1', {}, 'Draw'), choice), holder);
  let own;
  const open = (name) => {
    own?.abort();
    own = new AbortController();
    const board = new Board(node.cameras.find((c) => c.name === name), own.signal);
    holder.replaceChildren(board.element);
    board.begin();
  };
  signal.addEventListener('abort', () => own?.abort());
  open(node.cameras[0].name);
}

const polygonHelp = 'Click its corners. To finish, click the first corner again or press Enter. Esc takes the last corner back.';
const tools = {
  view: { text: 'Draw a view', help: 'A view is a part of the picture that edged analyses by itself. Drag a rectangle. Its corners can be dragged later.' },
  mask: { text: 'Draw a mask', help: 'A mask hides a part of the picture: edged makes it black before anything else. ' + polygonHelp },
  zone: { text: 'Draw a zone', help: 'A zone is a place with a name: edged says when somebody is in it. Zones need follow: true. ' + polygonHelp },
};

class Board {
  constructor(camera, signal) {
    Object.assign(this, { camera, signal, tool: 'view', corners: [] });
    this.masks = camera.masks.map((m) => ({ corners: m.map((p) => [...p]) }));
    this.zones = Object.entries(camera.zones ?? {}).map(([name, corners]) => ({ name, corners: corners.map((p) => [...p]) }));
    this.views = camera.views.filter((v) => v.name).map((v) => {
      const { stride = '', ...own } = v.own ?? {};
      return { name: v.name, area: [...v.area], stride: String(stride), own };
    });
    this.image = el('img', { alt: `Still picture of ${camera.name}`, hidden: true });
    this.svg = el('svg', { viewBox: '0 0 1 1', preserveAspectRatio: 'none', class: 'drawing', 'aria-hidden': 'true' });
    this.stage = el('div', { class: 'stage board' }, this.image, this.svg);
    this.help = el('p', { class: 'help' });
    this.tools = Object.keys(tools).filter((tool) => tool !== 'zone' || camera.zones).map((tool) => el('button',
      { class: 'tool', 'data-tool': tool, 'aria-pressed': 'false', onclick: () => this.choose(tool) }, tools[tool].text));
    this.lists = el('div', { class: 'shapes' });
    this.yaml = el('textarea', { readOnly: true, rows: 14, spellcheck: false, 'aria-label': 'Configuration to paste' });
    this.verdict = el('div', { class: 'verdict', role: 'status' });
    this.copy = el('button', { onclick: () => this.copyYAML() }, 'Copy');
    this.element = el('div', { class: 'draw' },
      el('div', {}, el('div', { class: 'controls' }, this.tools, el('button', { class: 'quiet', onclick: () => this.begin() }, 'New picture')), this.stage, this.help),
      el('div', {}, this.lists, el('h2', {}, 'For the configuration'), el('p', {}, 'In the configuration, replace the same lines of the camera with these. Keep its other keys. Then run ', el('code', {}, 'sudo systemctl reload edged'), ', or restart the container or Home Assistant’s app.'), this.yaml,
        el('div', { class: 'controls' }, this.copy, this.verdict)));
    this.stage.addEventListener('pointerdown', (e) => this.down(e));
    this.stage.addEventListener('pointermove', (e) => this.move(e));
    this.stage.addEventListener('pointerup', (e) => this.up(e));
    this.stage.addEventListener('dblclick', () => this.finish());
    document.addEventListener('keydown', (e) => this.key(e), { signal });
    this.choose('view');
    this.list();
  }

  async begin() {
    try {
      const reply = await fetch(apiURL(`cameras/${encodeURIComponent(this.camera.name)}/picture`), { signal: this.signal });
      await check(reply);
      this.image.src = URL.createObjectURL(await reply.blob());
      await this.image.decode();
      this.image.hidden = false;
      this.stage.style.setProperty('--ratio', this.image.naturalWidth / this.image.naturalHeight);
    } catch (error) {
      if (!this.signal.aborted) this.help.textContent = message(error) + ' You can draw without a picture.';
    }
  }

  choose(tool) {
    this.tool = tool;
    this.corners = [];
    this.tools.forEach((b) => b.setAttribute('aria-pressed', String(b.dataset.tool === tool)));
    this.help.textContent = tools[tool].help;
    this.draw();
  }

  key(e) {
    if (['INPUT', 'TEXTAREA', 'SELECT'].includes(e.target.tagName)) return;
    if (e.key === 'Enter' && this.corners.length && e.target.tagName !== 'BUTTON') this.finish();
    if (e.key === 'Escape' && this.corners.length) {
      this.corners.pop();
      this.draw();
    }
  }

  at(e) {
    const box = this.stage.getBoundingClientRect();
    return [round((e.clientX - box.left) / box.width), round((e.clientY - box.top) / box.height)];
  }

  down(e) {
    if (e.button !== 0) return;
    const p = this.at(e);
    this.stage.setPointerCapture(e.pointerId);
    const grip = e.target.closest?.('.grip');
    if (grip) this.drag = grip.move;
    else if (this.tool === 'view') {
      const view = { name: freeName('view', this.views), area: [...p, 0, 0], stride: '', own: {}, fresh: true };
      this.views.push(view);
      this.drag = (q) => { view.area = [round(Math.min(p[0], q[0])), round(Math.min(p[1], q[1])), round(Math.abs(q[0] - p[0])), round(Math.abs(q[1] - p[1]))]; };
    } else if (this.corners.length > 2 && Math.hypot(p[0] - this.corners[0][0], p[1] - this.corners[0][1]) < close) this.finish();
    else if (!this.corners.length || Math.hypot(p[0] - this.corners.at(-1)[0], p[1] - this.corners.at(-1)[1]) > 0.005) this.corners.push(p);
    e.preventDefault();
    this.draw();
  }

  move(e) {
    this.pointer = this.at(e);
    this.drag?.(this.pointer);
    if (this.drag || this.corners.length) this.draw();
  }

  up() {
    if (!this.drag) return;
    this.drag = undefined;
    this.views = this.views.filter((v) => !v.fresh || v.area[2] > 0.02 && v.area[3] > 0.02); // a click is no view
    this.views.forEach((v) => delete v.fresh);
    this.list();
  }

  finish() {
    const { corners } = this;
    if (corners.length >= 3 && this.tool === 'zone') this.zones.push({ name: freeName('zone', this.zones), corners });
    else if (corners.length >= 3) this.masks.push({ corners });
    this.corners = [];
    this.list();
  }

  draw() {
    const points = (corners) => corners.map((p) => p.join(',')).join(' ');
    const grips = [];
    const grip = (p, move) => {
      const g = el('rect', { class: 'grip', x: p[0] - 0.012, y: p[1] - 0.016, width: 0.024, height: 0.032 });
      g.move = move;
      grips.push(g);
    };
    for (const shape of [...this.masks, ...this.zones]) shape.corners.forEach((c, i) => grip(c, (q) => { shape.corners[i] = q; }));
    for (const v of this.views) {
      const [x, y, w, h] = v.area;
      grip([x, y], (q) => { v.area = [Math.min(q[0], x + w), Math.min(q[1], y + h), round(Math.max(0, x + w - q[0])), round(Math.max(0, y + h - q[1]))]; });
      grip([x + w, y + h], (q) => { v.area = [x, y, round(Math.max(0, q[0] - x)), round(Math.max(0, q[1] - y))]; });
    }
    this.svg.replaceChildren(
      ...this.views.map((v) => el('rect', { class: 'view', x: v.area[0], y: v.area[1], width: v.area[2], height: v.area[3] })),
      ...this.masks.map((m) => el('polygon', { class: 'mask', points: points(m.corners) })),
      ...this.zones.map((z) => el('polygon', { class: 'zone', points: points(z.corners) })),
      this.corners.length ? el('polyline', { class: this.tool + ' open', points: points([...this.corners, ...(this.pointer ? [this.pointer] : [])]) }) : '',
      ...this.corners.map((c) => el('rect', { class: 'corner', x: c[0] - 0.008, y: c[1] - 0.011, width: 0.016, height: 0.022 })), ...grips);
    this.write();
  }

  // list shows the shapes as text, which can be edited with the keyboard alone.
  list() {
    const numbers = (text) => text.split(/[\s,]+/).filter(Boolean).map(Number).filter((n) => n >= 0 && n <= 1).map(round);
    const view = (v, i) => el('li', {},
      el('label', {}, 'Name', el('input', { value: v.name, size: 12, oninput: (e) => { v.name = e.target.value; this.write(); } })),
      el('label', {}, 'Stride', el('input', { value: v.stride, size: 4, inputMode: 'numeric', placeholder: 'as set', oninput: (e) => { v.stride = e.target.value; this.write(); } })),
      el('label', { class: 'wide' }, 'Area: x, y, width, height', el('input', { value: v.area.join(', '), onchange: (e) => { const n = numbers(e.target.value); if (n.length === 4) v.area = n; this.list(); } })),
      el('button', { class: 'quiet danger', 'aria-label': `Delete view ${v.name}`, onclick: () => { this.views.splice(i, 1); this.list(); } }, 'Delete'));
    const corners = (shape, name) => el('label', { class: 'wide' }, name, el('input', {
      value: shape.corners.map((c) => c.join(' ')).join(', '),
      onchange: (e) => {
        const n = numbers(e.target.value);
        if (n.length >= 6 && n.length % 2 === 0) shape.corners = n.reduce((all, v, k) => (k % 2 ? all.at(-1).push(v) : all.push([v]), all), []);
        this.list();
      },
    }));
    const mask = (m, i) => el('li', {}, corners(m, `Mask ${i + 1}: corners x, y`),
      el('button', { class: 'quiet danger', 'aria-label': `Delete mask ${i + 1}`, onclick: () => { this.masks.splice(i, 1); this.list(); } }, 'Delete'));
    const zone = (z, i) => el('li', {},
      el('label', {}, 'Name', el('input', { value: z.name, size: 12, oninput: (e) => { z.name = e.target.value; this.write(); } })), corners(z, 'Corners: x y, x y, …'),
      el('button', { class: 'quiet danger', 'aria-label': `Delete zone ${z.name}`, onclick: () => { this.zones.splice(i, 1); this.list(); } }, 'Delete'));
    const section = (title, list, item, none, text, add) => [
      el('h2', {}, title), list.length ? el('ul', {}, list.map(item)) : el('p', { class: 'help' }, none), el('button', { onclick: () => { add(); this.list(); } }, text),
    ];
    this.lists.replaceChildren(
      ...section('Views', this.views, view, 'None: edged analyses the whole picture.', 'Add a view',
        () => this.views.push({ name: freeName('view', this.views), area: [0.25, 0.25, 0.5, 0.5], stride: '', own: {} })),
      ...section('Masks', this.masks, mask, 'None: nothing is hidden.', 'Add a mask', () => this.masks.push({ corners: square() })),
      ...(this.camera.zones ? section('Zones', this.zones, zone, 'None.', 'Add a zone', () => this.zones.push({ name: freeName('zone', this.zones), corners: square() })) : []));
    this.draw();
  }

  // text is the camera's part of the configuration: what is drawn here, and what the drawn keys depend on.
  text() {
    const own = this.camera.own ?? {};
    const lines = ['cameras:', `  - name: ${yaml(this.camera.name)}`];
    for (const [key, value] of Object.entries(own)) lines.push(`    ${key}: ${yaml(value)}`);
    if (this.zones.length && !own.follow && !this.views.some((v) => v.own.follow)) lines.push('    follow: true # zones need it');
    if (this.masks.length) lines.push('    masks:', ...this.masks.map((m) => `      - ${yaml(m.corners)}`));
    if (this.zones.length) lines.push('    zones:', ...this.zones.map((z) => `      ${yaml(z.name)}: ${yaml(z.corners)}`));
    if (this.views.length) lines.push('    views:', ...this.views.map((v) => `      - ${yaml({ name: v.name, area: v.area, ...(v.stride.trim() && { stride: number(v.stride) }), ...v.own })}`));
    return lines.join('\n') + '\n';
  }

  // write shows the YAML, and asks edged whether it is right.
  write() {
    const text = this.text();
    if (this.yaml.value === text) return;
    this.yaml.value = text;
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      try {
        const { problems } = await api('config/check', { method: 'POST', text, signal: this.signal });
        this.verdict.className = 'verdict ' + (problems.length ? 'bad' : 'good');
        this.verdict.replaceChildren(problems.length ? el('ul', {}, problems.map((p) => el('li', {}, `${p.line ? `line ${p.line}: ` : ''}${p.key}: ${p.text}`))) : 'edged takes this.');
      } catch (error) {
        if (!this.signal.aborted) this.verdict.textContent = message(error);
      }
    }, 300);
  }

  async copyYAML() {
    try {
      await navigator.clipboard.writeText(this.yaml.value);
      this.copy.textContent = 'Copied';
    } catch { // without HTTPS browsers have no clipboard: select it instead
      this.yaml.select();
      this.copy.textContent = 'Selected: press Ctrl+C';
    }
    setTimeout(() => { this.copy.textContent = 'Copy'; }, 2000);
  }
}

const square = () => [[0.25, 0.25], [0.5, 0.25], [0.5, 0.5], [0.25, 0.5]];

function freeName(kind, list) {
  for (let n = 1; ; n++) if (!list.some((shape) => shape.name === kind + n)) return kind + n;
}

// number is what somebody has typed; edged says what is wrong with it if it is no number.
const number = (text) => (text.trim() === '' || isNaN(text) ? text.trim() : Number(text));

// yaml writes a value in YAML's flow style.
function yaml(value) {
  if (Array.isArray(value)) return `[${value.map(yaml).join(', ')}]`;
  if (value && typeof value === 'object') return `{${Object.entries(value).map(([k, v]) => `${k}: ${yaml(v)}`).join(', ')}}`;
  if (typeof value !== 'string') return String(value);
  return /^[A-Za-z][\w-]*$/.test(value) && !reserved.test(value) ? value : JSON.stringify(value);
}

// Draw: masks and views on a still picture. It shows the YAML to paste, which edged itself has checked; it changes no file.
import { api, apiURL, check, el, message } from './util.js';

const close = 0.03; // a click so near to a polygon's first corner closes it
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

class Board {
  constructor(camera, signal) {
    Object.assign(this, { camera, signal, tool: 'view', corners: [] });
    this.masks = camera.masks.map((m) => ({ corners: m.map((p) => [...p]) }));
    this.views = camera.views.filter((v) => v.name).map((v) => ({ name: v.name, area: [...v.area], stride: '' }));
    this.image = el('img', { alt: `Still picture of ${camera.name}`, hidden: true });
    this.svg = el('svg', { viewBox: '0 0 1 1', preserveAspectRatio: 'none', class: 'drawing', 'aria-hidden': 'true' });
    this.stage = el('div', { class: 'stage board' }, this.image, this.svg);
    this.help = el('p', { class: 'help' });
    this.tools = [['view', 'Draw a view'], ['mask', 'Draw a mask']].map(([tool, text]) => el('button', { class: 'tool', 'aria-pressed': 'false', onclick: () => this.choose(tool) }, text));
    this.lists = el('div', { class: 'shapes' });
    this.yaml = el('textarea', { readOnly: true, rows: 14, spellcheck: false, 'aria-label': 'Configuration to paste' });
    this.verdict = el('div', { class: 'verdict', role: 'status' });
    this.copy = el('button', { onclick: () => this.copyYAML() }, 'Copy');
    this.element = el('div', { class: 'draw' },
      el('div', {}, el('div', { class: 'controls' }, this.tools, el('button', { class: 'quiet', onclick: () => this.begin() }, 'New picture')), this.stage, this.help),
      el('div', {}, this.lists, el('h2', {}, 'For the configuration'), el('p', {}, 'Put this in place of the camera\'s own lines, keep its other keys, and let edged read it with ', el('code', {}, 'systemctl reload edged'), '.'), this.yaml,
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
    this.tools.forEach((b, i) => b.setAttribute('aria-pressed', String((i === 0) === (tool === 'view'))));
    this.help.textContent = tool === 'view' ? 'Drag a rectangle. edged analyses each view by itself. Corners can be dragged later.'
      : 'Click the corners of the part to hide; click the first one again, or press Enter, to finish. Esc takes the last corner back.';
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
      const view = { name: this.freeName(), area: [...p, 0, 0], stride: '', fresh: true };
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
    if (this.corners.length >= 3) this.masks.push({ corners: this.corners });
    this.corners = [];
    this.list();
  }

  freeName() {
    for (let n = 1; ; n++) if (!this.views.some((v) => v.name === 'view' + n)) return 'view' + n;
  }

  draw() {
    const points = (corners) => corners.map((p) => p.join(',')).join(' ');
    const grips = [];
    const grip = (p, move) => {
      const g = el('rect', { class: 'grip', x: p[0] - 0.012, y: p[1] - 0.016, width: 0.024, height: 0.032 });
      g.move = move;
      grips.push(g);
    };
    for (const m of this.masks) m.corners.forEach((c, i) => grip(c, (q) => { m.corners[i] = q; }));
    for (const v of this.views) {
      const [x, y, w, h] = v.area;
      grip([x, y], (q) => { v.area = [Math.min(q[0], x + w), Math.min(q[1], y + h), round(Math.max(0, x + w - q[0])), round(Math.max(0, y + h - q[1]))]; });
      grip([x + w, y + h], (q) => { v.area = [x, y, round(Math.max(0, q[0] - x)), round(Math.max(0, q[1] - y))]; });
    }
    this.svg.replaceChildren(
      ...this.views.map((v) => el('rect', { class: 'view', x: v.area[0], y: v.area[1], width: v.area[2], height: v.area[3] })),
      ...this.masks.map((m) => el('polygon', { class: 'mask', points: points(m.corners) })),
      this.corners.length ? el('polyline', { class: 'mask open', points: points([...this.corners, ...(this.pointer ? [this.pointer] : [])]) }) : '',
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
    const mask = (m, i) => el('li', {},
      el('label', { class: 'wide' }, `Mask ${i + 1}: corners x, y`, el('input', { value: m.corners.map((c) => c.join(' ')).join(', '), onchange: (e) => { const n = numbers(e.target.value); if (n.length >= 6 && n.length % 2 === 0) m.corners = n.reduce((all, v, k) => (k % 2 ? all.at(-1).push(v) : all.push([v]), all), []); this.list(); } })),
      el('button', { class: 'quiet danger', 'aria-label': `Delete mask ${i + 1}`, onclick: () => { this.masks.splice(i, 1); this.list(); } }, 'Delete'));
    this.lists.replaceChildren(
      el('h2', {}, 'Views'), this.views.length ? el('ul', {}, this.views.map(view)) : el('p', { class: 'help' }, 'None: edged analyses the whole picture.'),
      el('button', { onclick: () => { this.views.push({ name: this.freeName(), area: [0.25, 0.25, 0.5, 0.5], stride: '' }); this.list(); } }, 'Add a view'),
      el('h2', {}, 'Masks'), this.masks.length ? el('ul', {}, this.masks.map(mask)) : el('p', { class: 'help' }, 'None: edged uses the whole picture.'),
      el('button', { onclick: () => { this.masks.push({ corners: [[0.25, 0.25], [0.5, 0.25], [0.5, 0.5], [0.25, 0.5]] }); this.list(); } }, 'Add a mask'));
    this.draw();
  }

  text() {
    const quoted = (s) => (/^[A-Za-z][\w-]*$/.test(s) ? s : JSON.stringify(s));
    const lines = ['cameras:', `  - name: ${this.camera.name}`];
    if (this.masks.length) lines.push('    masks:', ...this.masks.map((m) => `      - [${m.corners.map((c) => `[${c.join(', ')}]`).join(', ')}]`));
    if (this.views.length) lines.push('    views:', ...this.views.map((v) => `      - {name: ${quoted(v.name)}, area: [${v.area.join(', ')}]${v.stride.trim() ? `, stride: ${v.stride.trim()}` : ''}}`));
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

// Health: what edged status shows, and the last hour.
import { api, apiURL, el, lasting, message } from './util.js';
import { chart } from './chart.js';

const every = 10e3; // edged measures as often

// quantile names a curve such as "p99 gate/path".
function quantile(name) {
  const [q, ...of] = name.split(' ');
  return [of.join(' '), q === 'p50' ? 'half within' : '99 % within'].filter(Boolean).join(': ');
}

// kinds of charts: which curves belong into one, and how their values read.
const kinds = [
  { title: 'Frames a second', prefix: 'frames ', text: (v) => v.toFixed(v < 10 ? 1 : 0) },
  { title: 'Windows a second', prefix: 'windows ', text: (v) => v.toFixed(1) },
  { title: 'A run of the model takes', prefix: 'invoke_', text: (v) => v.toFixed(1) + ' ms', name: quantile },
  { title: 'The broker acknowledges within', prefix: 'ack_', text: (v) => v.toFixed(1) + ' ms', name: quantile },
  { title: 'Processor', prefix: 'cpu', text: (v) => v.toFixed(1) + ' %', name: () => 'of a core' },
  { title: 'Memory', prefix: 'memory', text: (v) => v.toFixed(0) + ' MB', name: () => 'resident' },
  { title: 'Temperature', prefix: 'celsius', text: (v) => v.toFixed(0) + ' °C', name: () => 'processor' },
  { title: 'Dropped per second', prefix: 'dropped ', text: (v) => v.toFixed(2), onlyMoving: true },
];

export async function show(main, { node, signal }) {
  const facts = el('div', { class: 'facts-grid' }), charts = el('div', { class: 'charts' });
  main.append(el('div', { class: 'title' }, el('h1', {}, 'Health'), el('a', { class: 'button', href: apiURL('support'), download: '' }, 'Save a support file')), facts, charts);
  const drawn = new Map();
  const refresh = async () => {
    const { times, series, status } = await api('history', { signal });
    if (signal.aborted) return;
    facts.replaceChildren(...cards(status, node));
    await drawAll(charts, drawn, times.map((t) => t / 1000), series, signal);
    if (!times.length) charts.replaceChildren(el('p', { class: 'end' }, 'Charts appear after the first twenty seconds.'));
  };
  await refresh();
  const timer = setInterval(() => !document.hidden && refresh().catch(() => {}), every);
  signal.addEventListener('abort', () => clearInterval(timer));
}

async function drawAll(charts, drawn, x, series, signal) {
  for (const kind of kinds) {
    let names = Object.keys(series).filter((n) => n.startsWith(kind.prefix)).sort();
    if (kind.onlyMoving) names = names.filter((n) => series[n].some((v) => v > 0));
    const key = kind.title + names.join();
    const before = drawn.get(kind.title);
    if (!names.length || !x.length) { // nothing of it in the last hour
      before?.remove();
      drawn.delete(kind.title);
      continue;
    }
    const data = [x, ...names.map((n) => series[n])];
    if (before?.key === key) {
      before.plot.set(data);
      continue;
    }
    before?.remove();
    charts.querySelector('.end')?.remove();
    const card = el('figure', { class: 'card' }, el('figcaption', {}, kind.title));
    charts.append(card);
    const shown = names.map((n) => ({ name: (kind.name ?? ((s) => s))(n.slice(kind.prefix.length)), values: series[n] }));
    const own = new AbortController();
    const remove = () => {
      own.abort();
      card.remove();
    };
    signal.addEventListener('abort', remove, { signal: own.signal });
    drawn.set(kind.title, { key, remove, plot: await chart(card, { label: kind.title + ' in the last hour', x, series: shown, time: true, signal: own.signal, text: kind.text }) });
  }
}

const row = (name, value, bad) => value === undefined || value === '' ? null : el('tr', {}, el('th', { scope: 'row' }, name), el('td', { class: bad ? 'bad' : '' }, String(value)));
const table = (title, ...rows) => el('section', { class: 'card' }, el('h2', {}, title), el('table', {}, el('tbody', {}, rows)));

// cards are what edged status shows.
function cards(s, node) {
  if (!s) return [];
  const r = s.recording;
  return [
    table('Node', row('name', s.node), row('edged', s.version), row('up', lasting(s.uptime_seconds * 1000)),
      row('settings', s.settings_error, true), row('temperature', s.cpu_temperature_celsius && s.cpu_temperature_celsius.toFixed(0) + ' °C')),
    ...s.models.map((m) => table(s.models.length > 1 ? `Model of ${m.cameras.join(', ')}` : 'Model', row('name', `${m.name} ${m.version}`), row('runs on', m.delegate || 'being loaded'),
      m.delegate && row(`parts on ${m.delegate}`, `${m.nodes_delegated} of ${m.nodes_total}`), row('windows', m.windows), row('sha256', m.sha256.slice(0, 12)))),
    table('Broker', row('address', s.broker), row('state', s.broker_connected ? 'connected' : 'no connection', !s.broker_connected),
      row('events', `${s.events_sent} sent, ${s.events_waiting} waiting, ${s.events_dropped} dropped`), row('outbox', s.outbox_error, true)),
    r ? table('Clips', row('on disk', `${r.clips}, ${(r.bytes / 1e6).toFixed(0)} of ${(r.max_bytes / 1e6).toFixed(0)} MB`),
      row('written', r.written), row('failed', r.failed, r.failed > 0), row('pictures lost', r.pictures_lost, r.pictures_lost > 0),
      row('state', r.degraded ? 'edged cannot write clips: ' + r.degraded : 'fine', !!r.degraded),
      r.memory_short && row('memory', 'too small for record.before: ' + r.memory_short.join(', '), true))
      : table('Clips', row('state', 'recording is off')),
    ...Object.entries(s.cameras).map(([name, c]) => table(`Camera ${name}`, row('state', c.online ? 'online' : 'offline', !c.online), row('why', c.reason, true),
      row('source', c.source), row('frames', `${c.frames}, ${c.frames_per_second.toFixed(1)} a second`), row('dropped', c.dropped, c.dropped > 0),
      ...Object.entries(c.failures ?? {}).map(([why, n]) => row(why, n + ' times')),
      ...Object.entries(c.views).map(([path, v]) => row(path === name ? 'windows' : path,
        v.enabled ? `${v.windows}, ${v.windows_per_second.toFixed(1)} a second, ${v.invoke_ms.toFixed(1)} ms each` + (v.windows_skipped ? `, ${v.windows_skipped} skipped` : '') : 'switched off', v.problem)))),
  ];
}

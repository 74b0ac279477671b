// Charts, drawn by uPlot (vendor/uplot-1.6.32.js).
import { el, script } from './util.js';

const colours = ['--c1', '--c2', '--c3', '--c4', '--c5', '--c6'];
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const minutes = (t) => new Date(t * 1000).toLocaleTimeString(undefined, { hour: 'numeric', minute: '2-digit', ...(t % 60 && { second: '2-digit' }) });

// chart draws curves into the element. Its x values are seconds: of the clip, or since 1970 where time is set.
export async function chart(into, { label, x, series, range, height = 160, marks = [], time = false, from, to, signal, text = (v) => String(v) }) {
  await script('vendor/uplot-1.6.32.js');
  if (signal?.aborted) return { mark() {}, set() {} };
  let at;
  const axis = () => ({ stroke: css('--muted'), grid: { stroke: css('--line'), width: 1 }, ticks: { stroke: css('--line'), width: 1 }, font: '12px system-ui, sans-serif' });
  const options = () => ({
    width: Math.max(200, holder.clientWidth), height, pxAlign: false, padding: [10, time ? 30 : 16, 0, 0], cursor: { y: false, drag: { x: false, y: false } }, legend: { live: true },
    scales: { x: { time, ...(from !== undefined && { range: () => [from, to] }) }, y: { range: range ? () => range : (u, low, high) => [0, (high || 1) * 1.1] } },
    axes: [{ ...axis(), ...(time && { space: 90, values: (u, v) => v.map(minutes) }) },
      { ...axis(), size: (u, v) => 20 + 7.3 * Math.max(3, ...(v ?? []).map((n) => n.length)), values: (u, v) => v.map((n) => text(n)) }],
    series: [{ label: 'time', value: (u, v) => v == null ? '' : time ? new Date(v * 1000).toLocaleTimeString() : v.toFixed(2) + ' s' },
      ...series.map((s, i) => ({ label: s.name, stroke: css(colours[i % colours.length]), width: 2, points: { show: false }, value: (u, v) => v == null ? '' : text(v) }))],
    hooks: { draw: [(u) => drawMarks(u, marks, at)] },
  });
  const holder = el('div', { class: 'plot', role: 'img', 'aria-label': label });
  into.append(holder);
  let data = [x, ...series.map((s) => s.values)];
  let plot = new uPlot(options(), data, holder);
  const again = () => {
    plot.destroy();
    plot = new uPlot(options(), data, holder);
  };
  const size = new ResizeObserver(() => plot.setSize({ width: Math.max(200, holder.clientWidth), height }));
  size.observe(holder);
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  scheme.addEventListener('change', again);
  signal?.addEventListener('abort', () => {
    size.disconnect();
    scheme.removeEventListener('change', again);
    plot.destroy();
  });
  return {
    // mark draws a line at the time that shows.
    mark(seconds) {
      at = seconds;
      plot.redraw(false);
    },
    set(next) {
      data = next;
      plot.setData(data);
    },
  };
}

function drawMarks(u, marks, at) {
  const { ctx } = u, { left, top, width, height } = u.bbox;
  const line = (x, colour, dash) => {
    const px = u.valToPos(x, 'x', true);
    if (px < left || px > left + width) return;
    ctx.beginPath();
    ctx.setLineDash(dash);
    ctx.strokeStyle = colour;
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.moveTo(px, top);
    ctx.lineTo(px, top + height);
    ctx.stroke();
    return px;
  };
  ctx.save();
  for (const m of marks) {
    const px = line(m.at, css('--muted'), [4 * devicePixelRatio, 3 * devicePixelRatio]);
    if (px === undefined) continue;
    ctx.fillStyle = css('--muted');
    ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    const ends = m.ends, room = ctx.measureText(m.text).width + 6 * devicePixelRatio;
    ctx.textAlign = ends && px + room > left + width || px + room > left + width ? 'right' : 'left';
    ctx.fillText(m.text, px + (ctx.textAlign === 'left' ? 4 : -4) * devicePixelRatio, top + (ends ? 26 : 12) * devicePixelRatio);
  }
  if (at !== undefined) line(at, css('--accent'), []);
  ctx.restore();
}

// Boxes around targets that are followed, drawn over a picture.
import { el, percent } from './util.js';

export const shownFor = 1500; // milliseconds: a target of which no newer window has come by then has gone

// boxOf makes the box of a target with its best action. The box is [x, y, width, height] of its view, and the area is the same of the
// view in the picture; all 0 to 1.
export function boxOf(area, box, labels, scores) {
  const place = { left: area[0] + box[0] * area[2], top: area[1] + box[1] * area[3], width: box[2] * area[2], height: box[3] * area[3] };
  const best = scores.indexOf(Math.max(...scores));
  const kind = (place.left + place.width / 2 > 0.5 ? ' right' : '') + (place.top < 0.08 ? ' low' : ''); // where the text has room
  const e = el('div', { class: 'target' + kind }, best >= 0 && el('span', { class: 'tag' }, `${labels[best]} ${percent(scores[best])}`));
  for (const [side, part] of Object.entries(place)) e.style[side] = part * 100 + '%';
  return e;
}

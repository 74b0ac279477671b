// Zones: places with names on a camera's picture. One in which somebody stands is filled.
import { el } from './util.js';

export class Zones {
  // corners are polygons by name, each corner [x, y], 0 to 1 of the picture.
  constructor(corners) {
    this.zones = Object.entries(corners).map(([name, polygon]) => ({
      polygon,
      shape: el('polygon', { class: 'zone', points: polygon.map((p) => p.join(',')).join(' ') }),
      tag: tagAt(name, polygon),
    }));
  }

  shapes() {
    return this.zones.map((z) => z.shape);
  }

  tags() {
    return this.zones.map((z) => z.tag);
  }

  // show fills the zones in which one of the feet, [x, y] in the picture, is.
  show(feet) {
    for (const z of this.zones) z.shape.classList.toggle('occupied', feet.some((foot) => inside(z.polygon, foot)));
  }
}

// tagAt puts the name at the zone's highest corner.
function tagAt(name, polygon) {
  const [x, y] = polygon.reduce((a, b) => (b[1] < a[1] ? b : a));
  const tag = el('span', { class: 'tag zone' }, name);
  tag.style.left = Math.min(x, 0.9) * 100 + '%';
  tag.style.top = Math.min(y, 0.95) * 100 + '%';
  return tag;
}

// inside says whether the point is in the polygon: a line from it to the left crosses an odd number of sides.
export function inside(polygon, [x, y]) {
  let within = false;
  polygon.forEach(([bx, by], i) => {
    const [ax, ay] = polygon.at(i - 1);
    if (by > y !== ay > y && x > bx + (ax - bx) * (y - by) / (ay - by)) within = !within;
  });
  return within;
}

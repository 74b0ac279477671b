"""What moves: walkers, cars and plain shapes, as signed distance functions with a texture.

A figure lives in its own coordinates u (right), v (down), its half height about 1; the
distance is negative inside. `phase` (radians) drives what moves within it: a walker's legs.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

TEXTURE = 24  # side of a figure's texture, texels over -1..1


def _capsule(u, v, x0, y0, x1, y1, radius):
    """Distance to a thick line from (x0,y0) to (x1,y1)."""
    dx, dy = x1 - x0, y1 - y0
    along = np.clip(((u - x0) * dx + (v - y0) * dy) / (dx * dx + dy * dy), 0, 1)
    return np.hypot(u - x0 - along * dx, v - y0 - along * dy) - radius


def _box(u, v, x, y, half_width, half_height):
    return np.maximum(np.abs(u - x) - half_width, np.abs(v - y) - half_height)


def _walker(u, v, phase, aspect):
    stride = 0.3 * np.sin(phase)
    head = np.hypot(u, v + 0.82) - 0.16
    torso = _capsule(u, v, 0, -0.5, 0, -0.05, 0.2 * aspect + 0.05)
    legs = np.minimum(
        _capsule(u, v, 0, 0, stride, 0.88, 0.1), _capsule(u, v, 0, 0, -stride, 0.88, 0.1)
    )
    arm = _capsule(u, v, 0, -0.48, 0.8 * stride, 0.05, 0.07)
    return np.minimum(np.minimum(head, torso), np.minimum(legs, arm))


def _car(u, v, phase, aspect):
    body = np.minimum(_box(u, v, 0, 0.1, 1, 0.22), _box(u, v, -0.1, -0.18, 0.55, 0.2))
    wheels = np.minimum(np.hypot(u - 0.6, v - 0.32), np.hypot(u + 0.6, v - 0.32)) - 0.18
    return np.minimum(body, wheels)


def _ellipse(u, v, phase, aspect):
    return np.hypot(u / aspect, v) - 1


def _bar(u, v, phase, aspect):
    return _box(u, v, 0, 0, 0.35 * aspect, 1)


def _arrow(u, v, phase, aspect):
    head = np.maximum(-v - 1, v + 0.1 + np.abs(u) * 1.3 / aspect - 0.7)
    return np.minimum(_box(u, v, 0, 0.2, 0.18, 0.8), np.maximum(head, np.abs(v + 0.55) - 0.45))


def _ell(u, v, phase, aspect):
    return np.minimum(_box(u, v, -0.4, 0, 0.22, 0.9), _box(u, v, 0, 0.7, 0.6 * aspect, 0.2))


def _blob(u, v, phase, aspect):
    return np.hypot(u / aspect, v) - (0.75 + 0.22 * np.cos(3 * np.arctan2(v, u)))


_UPRIGHT = (_walker, _walker, _walker, _car, _ellipse, _bar, _blob)  # walkers are the usual case
_ANY = (_walker, _ellipse, _bar, _arrow, _ell, _blob)
_ASYMMETRIC = (_walker, _bar, _arrow, _ell, _ell, _blob)  # a turned disc would look the same


@dataclass
class Figure:
    """One object: its outline, texture [TEXTURE,TEXTURE,3] and half height in picture sides."""

    outline: Callable[..., np.ndarray]  # of u, v, phase, aspect: distances
    aspect: float
    half_height: float
    texture: np.ndarray
    steps: float  # strides in a window
    facing: float  # 1 or -1: mirrored

    @property
    def reach(self) -> float:
        """Radius that surely holds the figure, in half heights."""
        return 1.25 * max(1.0, self.aspect)

    def distance(self, u, v, phase):
        return self.outline(u * self.facing, v, phase, self.aspect)


def draw_figure(rng: np.random.Generator, label: str, photos: list[np.ndarray], against) -> Figure:
    """A random figure fit for the label, its colours apart from the background's mean `against`."""
    if label in ("left_to_right", "right_to_left"):
        outlines = _UPRIGHT
    else:
        outlines = _ASYMMETRIC if label in ("rotate_cw", "rotate_ccw") else _ANY
    outline = outlines[rng.integers(len(outlines))]
    half_height = rng.uniform(0.08, 0.22)
    if outline is _walker:
        half_height = rng.uniform(0.1, 0.38)
    if label in ("rotate_cw", "rotate_ccw"):
        half_height = rng.uniform(0.13, 0.26)
    return Figure(
        outline=outline,
        aspect=rng.uniform(0.5, 1.0) if rng.random() < 0.6 else rng.uniform(1.0, 1.5),
        half_height=half_height,
        texture=_texture(rng, photos, against),
        steps=rng.uniform(2, 5),
        facing=rng.choice([-1.0, 1.0]),
    )


def _texture(rng, photos, against) -> np.ndarray:
    """Two colours above each other (clothes), or a piece of a photo; visible on `against`."""
    while True:
        if photos and rng.random() < 0.3:
            photo = photos[rng.integers(len(photos))]
            y = rng.integers(photo.shape[0] - TEXTURE)
            x = rng.integers(photo.shape[1] - TEXTURE)
            texture = photo[y : y + TEXTURE, x : x + TEXTURE] * rng.uniform(0.5, 1.4)
        else:
            rows = np.linspace(-1, 1, TEXTURE)[:, None, None]
            split = 1 / (1 + np.exp(-(rows - rng.uniform(-0.4, 0.4)) * 12))
            texture = rng.random(3) * split + rng.random(3) * (1 - split)
            columns = np.linspace(-1, 1, TEXTURE)[None, :, None]
            stripes = np.sin(columns * rng.uniform(3, 12)) + np.sin(rows * rng.uniform(3, 12))
            texture = texture + rng.uniform(0, 0.12) * stripes
        texture = np.clip(texture, 0, 1).astype(np.float32)
        if np.abs(texture.mean((0, 1)) - against).max() > 0.15:
            return texture


def paint(image, figure, x, y, scale, angle, opacity, phase):
    """Draws the figure into image [S,S,3] (float, 0..1) in place, edges anti-aliased."""
    side = image.shape[0]
    radius = figure.half_height * scale * side
    cx, cy = x * side, y * side
    reach = radius * figure.reach + 1
    x0, x1 = int(max(0, cx - reach)), int(min(side, cx + reach + 1))
    y0, y1 = int(max(0, cy - reach)), int(min(side, cy + reach + 1))
    if x0 >= x1 or y0 >= y1 or opacity <= 0:
        return
    across = ((np.arange(x0, x1, dtype=np.float32) - cx) / radius)[None, :]
    down = ((np.arange(y0, y1, dtype=np.float32) - cy) / radius)[:, None]
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    u, v = across * cos + down * sin, down * cos - across * sin
    alpha = np.clip(0.5 - figure.distance(u, v, phase) * radius, 0, 1)[..., None] * opacity
    columns = np.clip(((u + 1) * (TEXTURE / 2)).astype(np.intp), 0, TEXTURE - 1)
    rows = np.clip(((v + 1) * (TEXTURE / 2)).astype(np.intp), 0, TEXTURE - 1)
    patch = image[y0:y1, x0:x1]
    patch += alpha * (figure.texture[rows, columns] - patch)

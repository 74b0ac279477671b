"""The background: a room with doors, windows and pictures, a yard, or a photograph."""

import numpy as np

from .lens import Camera
from .render import FAR, Canvas
from .textures import backdrop, surface

FARTHEST = 60.0  # metres


def draw(
    rng: np.random.Generator, camera: Camera, points: np.ndarray, side: int, held_out: bool
) -> tuple[Canvas, np.ndarray]:
    """The empty place around these points, and which of its pixels are floor, [side,side]."""
    if rng.random() < 0.16:
        return Canvas(backdrop(rng, side, held_out)), np.zeros((side, side), bool)
    rays = camera.rays(side)
    picture = np.zeros((side, side, 3)) + _sky(rng, side)
    depth, floor = np.full((side, side), FARTHEST), np.zeros((side, side), bool)
    for axis, place, sign in _planes(rng, points):
        if (camera.eye[axis] - place) * sign <= 0:
            continue
        slope = rays[..., axis]
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.where(np.abs(slope) > 1e-6, (place - camera.eye[axis]) / slope, -1)
        seen = (reach > 0.05) & (reach < depth)
        if not seen.any():
            continue
        at = camera.eye + rays[seen] * reach[seen][:, None]
        across, along = [k for k in range(3) if k != axis] if axis != 0 else (2, 1)
        if axis == 2:
            across, along = 0, 1
        colours = np.array(surface(rng, at[:, across], at[:, along], held_out))
        if axis == 1:
            _lay(rng, colours, at - points.mean(0), held_out)
        else:
            _hang(rng, colours, at[:, across], at[:, along], points[:, across])
        picture[seen], depth[seen], floor[seen] = colours, reach[seen], axis == 1
    picture *= _light(rng, side)
    depth = np.where(depth < FARTHEST, depth, FAR).astype(np.float32)
    return Canvas(picture.clip(0, 255).astype(np.uint8), depth), floor


def _planes(rng, points: np.ndarray) -> list[tuple[int, float, int]]:
    """Floor and walls: axis, place, the side from which it is seen. In yards the walls are far."""
    low, high = points.min(0), points.max(0)

    def gap():
        return rng.uniform(0.3, 3.5) if rng.random() < 0.8 else 30.0

    walls = [(0, low[0] - gap(), 1), (0, high[0] + gap(), -1)]
    walls += [(2, low[2] - gap(), 1), (2, high[2] + gap(), -1)]
    return [(1, 0.0, 1), *walls]


def _sky(rng, side: int) -> np.ndarray:
    colour = rng.uniform(60, 230, 3)
    return colour * np.linspace(rng.uniform(0.7, 1.1), 1, side)[:, None, None]


def _hang(rng, colours, across, height, points) -> None:
    """Doors, windows, pictures and cupboards, as rectangles on a wall."""
    for _ in range(rng.integers(0, 4)):
        door = rng.random() < 0.4
        left = rng.uniform(points.min() - 2.5, points.max() + 1.5)
        width, bottom = rng.uniform(0.5, 1.6), 0 if door else rng.uniform(0.6, 1.5)
        top = rng.uniform(1.9, 2.2) if door else bottom + rng.uniform(0.3, 1.2)
        inside = (across > left) & (across < left + width) & (height > bottom) & (height < top)
        edge = inside & ~(
            (across > left + 0.07)
            & (across < left + width - 0.07)
            & (height > bottom + 0.07)
            & (height < top - 0.07)
        )
        bright = rng.random() < 0.3  # a window by day
        colours[inside] = rng.uniform(190, 255, 3) if bright else rng.uniform(30, 220, 3)
        colours[edge] = rng.uniform(30, 240)


def _lay(rng, colours, at: np.ndarray, held_out: bool) -> None:
    """Rugs in rooms; paths, lawns and kerbs in yards: bands and rectangles on the floor."""
    for _ in range(rng.choice([0, 1, 2, 3], p=[0.5, 0.25, 0.15, 0.1])):
        angle, far = rng.uniform(0, np.pi), rng.normal(0, 1.5, 2)
        cos, sin = np.cos(angle), np.sin(angle)
        across, along = at[:, 0] * cos + at[:, 2] * sin, at[:, 2] * cos - at[:, 0] * sin
        there = np.abs(across - far[0]) < rng.uniform(0.05, 1.5)
        if rng.random() < 0.4:
            there &= np.abs(along - far[1]) < rng.uniform(0.4, 2)
        if there.any():
            colours[there] = surface(rng, across[there], along[there], held_out)


def _light(rng, side: int) -> np.ndarray:
    """Even, or brighter around a lamp: factors [side,side,1]."""
    if rng.random() < 0.5:
        return np.ones((1, 1, 1))
    x, y = np.meshgrid(np.arange(side), np.arange(side))
    centre, reach = rng.uniform(0, side, 2), side * rng.uniform(0.3, 1.2)
    spot = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * reach**2))
    return (rng.uniform(0.4, 0.8) + 0.7 * spot)[..., None]

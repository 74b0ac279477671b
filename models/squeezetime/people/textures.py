"""What floors, walls and yards look like: drawn patterns, and the sample photographs that
scikit-image and scikit-learn bring. Held-out clips have their own of both.
"""

from functools import lru_cache

import cv2
import numpy as np

from ..starter.synthetic.scenes import load_photos

SIDE, DRAWN = 256, 60
PHOTO_SIDE = 512


@lru_cache
def drawn(held_out: bool) -> tuple[np.ndarray, ...]:
    """Patterns uint8 [SIDE,SIDE,3] that repeat without a seam."""
    rng = np.random.default_rng((7, int(held_out)))
    kinds = (planks, tiles, checks, mottled, carpet, plain)
    return tuple(kinds[i % len(kinds)](rng) for i in range(DRAWN))


@lru_cache
def photos(held_out: bool) -> tuple[np.ndarray, ...]:
    """Photographs uint8 [PHOTO_SIDE,PHOTO_SIDE,3]."""
    return tuple(_square(photo) for photo in load_photos(held_out))


def _square(photo: np.ndarray) -> np.ndarray:
    side = min(photo.shape[:2])
    y, x = (photo.shape[0] - side) // 2, (photo.shape[1] - side) // 2
    part = np.ascontiguousarray(photo[y : y + side, x : x + side] * 255)
    return cv2.resize(part, (PHOTO_SIDE, PHOTO_SIDE), interpolation=cv2.INTER_AREA).astype(np.uint8)


def _base(rng) -> np.ndarray:
    """One colour: often nearly grey."""
    colour = rng.uniform(60, 220) + rng.uniform(-25, 25, 3)
    if rng.random() < 0.4:
        colour = rng.uniform(50, 225, 3)
    return np.ones((SIDE, SIDE, 3), np.float32) * np.float32(colour)


def _finished(rng, texture: np.ndarray) -> np.ndarray:
    grain = rng.normal(0, rng.uniform(1, 9), (SIDE, SIDE, 1))
    return (texture + grain).clip(0, 255).astype(np.uint8)


def planks(rng) -> np.ndarray:
    texture, width = _base(rng), int(rng.choice([16, 32, 64]))
    for y in range(0, SIDE, width):
        shift = rng.integers(SIDE)
        for x in range(0, SIDE, 128):
            columns = (np.arange(x, x + 128) + shift) % SIDE
            texture[y : y + width, columns] *= rng.uniform(0.8, 1.12)
        texture[y] *= 0.7
    veins = cv2.resize(rng.normal(0, 1, (SIDE, 8)).astype(np.float32), (SIDE, SIDE))
    return _finished(rng, texture * (1 + 0.05 * veins[..., None]))


def tiles(rng) -> np.ndarray:
    texture, width = _base(rng), int(rng.choice([16, 32, 64]))
    for y in range(0, SIDE, width):
        for x in range(0, SIDE, width):
            texture[y : y + width, x : x + width] *= rng.uniform(0.88, 1.1)
    texture[::width] *= rng.uniform(0.5, 0.9)
    texture[:, ::width] *= rng.uniform(0.5, 0.9)
    return _finished(rng, texture)


def checks(rng) -> np.ndarray:
    texture, width = _base(rng), int(rng.choice([16, 32]))
    dark = np.add.outer(np.arange(SIDE) // width, np.arange(SIDE) // width) % 2
    return _finished(rng, texture * (1 - 0.4 * rng.random() * dark)[..., None].astype(np.float32))


def mottled(rng) -> np.ndarray:
    """Grass, gravel, concrete, plaster."""
    cells = int(rng.choice([12, 32, 64]))
    noise = cv2.resize(rng.normal(0, 1, (cells, cells)).astype(np.float32), (SIDE, SIDE))
    return _finished(rng, _base(rng) * (1 + rng.uniform(0.05, 0.2) * noise)[..., None])


def carpet(rng) -> np.ndarray:
    """A border and a pattern of waves in two other colours."""
    texture, rows = _base(rng), np.arange(SIDE)[:, None] * 2 * np.pi / SIDE
    waves = np.sin(rows * rng.integers(2, 9)) + np.sin(rows.T * rng.integers(2, 9))
    texture[waves > rng.uniform(0.2, 1.2)] = rng.uniform(30, 230, 3)
    edge = int(rng.integers(6, 30))
    texture[:edge] = texture[-edge:] = rng.uniform(30, 230, 3)
    return _finished(rng, texture)


def plain(rng) -> np.ndarray:
    return _finished(rng, _base(rng))


def surface(rng, across: np.ndarray, along: np.ndarray, held_out: bool) -> np.ndarray:
    """Colours [N,3] at these metres of a floor or wall."""
    light = rng.uniform(0.5, 1.1)
    if rng.random() < 0.2:
        colour = rng.uniform(60, 230) + rng.uniform(-20, 20, 3)
        return np.broadcast_to(colour * light, (len(across), 3))
    if rng.random() < 0.2:
        choices, scale = photos(held_out), rng.uniform(0.15, 0.5)
    else:
        choices, scale = drawn(held_out), rng.uniform(0.3, 1.2)
    texture = choices[rng.integers(len(choices))]
    side = len(texture)
    rows, columns = ((m * side * scale + 5000).astype(np.int64) % side for m in (along, across))
    return texture[rows, columns] * light


def backdrop(rng, side: int, held_out: bool) -> np.ndarray:
    """A part of a photograph as the whole background, uint8 [side,side,3]."""
    choices = photos(held_out)
    photo = choices[rng.integers(len(choices))]
    cut = int(PHOTO_SIDE * rng.uniform(0.3, 1))
    x, y = rng.integers(PHOTO_SIDE - cut + 1, size=2)
    part = cv2.resize(photo[y : y + cut, x : x + cut], (side, side), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(part[:, ::-1] if rng.random() < 0.5 else part)

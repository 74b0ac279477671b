"""Things that people carry or wear: bags, sticks, walkers, skirts."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import furniture
from .actor import Actor
from .clothes import cloth
from .skeleton import (
    CHEST,
    LEFT_HAND,
    LEFT_SHIN,
    LEFT_THIGH,
    PELVIS,
    RIGHT_HAND,
    RIGHT_SHIN,
    RIGHT_THIGH,
    about_y,
)

SIDES = 12  # of a skirt


@dataclass
class Part:
    """vertices [T,V,3] in the world, metres; triangles [N,3]; colours [V,3]."""

    vertices: np.ndarray
    triangles: np.ndarray
    colours: np.ndarray


def draw(rng: np.random.Generator, actor: Actor) -> list[Part]:
    """What this one carries and wears; mostly nothing."""
    made = []
    for make, share in SHARES.items():
        if rng.random() < share:
            made += make(rng, actor)
    return made


def backpack(rng, actor: Actor) -> list[Part]:
    size = actor.size * rng.uniform((0.24, 0.3, 0.1), (0.36, 0.5, 0.24))
    axes, chest = actor.world[:, CHEST], actor.joints[:, CHEST]
    off = np.array([0, 0.03, -0.1 * actor.size - size[2] / 2])
    return [_box(rng, size, cloth(rng), chest + axes @ off, axes)]


def bag(rng, actor: Actor) -> list[Part]:
    """Hangs from a hand."""
    size = rng.uniform((0.08, 0.2, 0.2), (0.2, 0.42, 0.45))
    hand = actor.joints[:, _hand(rng)]
    return [_box(rng, size, cloth(rng), hand - (0, size[1] / 2 + 0.05, 0), _facing(actor))]


def stick(rng, actor: Actor) -> list[Part]:
    """From a hand to the floor, or as far as it reaches."""
    hand, length = actor.joints[:, _hand(rng)], rng.uniform(0.75, 1) * actor.size
    tall = np.minimum(hand[:, 1], length)
    part = _box(rng, (0.035, 1, 0.035), cloth(rng) * 0.6, hand, _facing(actor))
    down = part.vertices[..., 1] - hand[:, None, 1] - 0.5  # 0 at the hand, -1 at the floor
    part.vertices[..., 1] = hand[:, None, 1] + down * tall[:, None]
    return [part]


def walker(rng, actor: Actor) -> list[Part]:
    """A walking frame, ahead of somebody who stays on the feet for the whole clip."""
    if not _on_the_feet(actor):
        return []
    wide, tall = rng.uniform(0.45, 0.62), rng.uniform(0.78, 0.95) * actor.size
    away, colour, axes = rng.uniform(0.3, 0.5), cloth(rng), _facing(actor)
    floor = actor.joints[:, PELVIS] * (1, 0, 1)
    bars = [((0.04, tall, 0.04), (side * wide / 2, tall / 2, away)) for side in (-1, 1)]
    bars += [((0.04, 0.04, 0.4), (side * wide / 2, tall, away - 0.18)) for side in (-1, 1)]
    bars.append(((wide, 0.05, 0.05), (0, tall * rng.uniform(0.4, 0.9), away)))
    return [_box(rng, size, colour, floor + axes @ np.array(at), axes) for size, at in bars]


def skirt(rng, actor: Actor) -> list[Part]:
    """A skirt, or a coat. It does not bend: only those whose legs stay straight wear one."""
    axes = actor.world[:, PELVIS]
    for hip, knee in ((LEFT_THIGH, LEFT_SHIN), (RIGHT_THIGH, RIGHT_SHIN)):
        thigh = actor.joints[:, knee] - actor.joints[:, hip]
        along = np.einsum("tj,tj->t", thigh, -axes[..., 1])
        if (along < 0.6 * np.linalg.norm(thigh, axis=1)).any():
            return []
    length, wide = rng.uniform(0.35, 0.85) * actor.size, rng.uniform(0.2, 0.34) * actor.size
    angles = np.arange(SIDES) / SIDES * 2 * np.pi
    ring = np.stack([np.cos(angles), np.zeros(SIDES), 0.8 * np.sin(angles)], 1)
    top, bottom = 0.17 * actor.size * ring + (0, 0.06, 0), wide * ring - (0, length, 0)
    vertices = _placed(np.concatenate([top, bottom]), actor.joints[:, PELVIS], axes)
    k, after = np.arange(SIDES), (np.arange(SIDES) + 1) % SIDES
    triangles = np.r_[np.c_[k, after, k + SIDES], np.c_[after, after + SIDES, k + SIDES]]
    shade = np.tile(0.75 + 0.2 * np.cos(angles), 2)[:, None]
    colours = (cloth(rng) * shade).clip(0, 255)
    return [Part(vertices, triangles.astype(np.int32), np.float32(colours))]


Way = Callable[[np.random.Generator, Actor], list[Part]]
SHARES: dict[Way, float] = {backpack: 0.08, bag: 0.12, stick: 0.03, walker: 0.015, skirt: 0.15}


def _hand(rng) -> int:
    return LEFT_HAND if rng.random() < 0.5 else RIGHT_HAND


def _facing(actor: Actor) -> np.ndarray:
    """Upright axes that look ahead, [T,3,3]."""
    ahead = np.array([actor.ahead(frame) for frame in range(len(actor.joints))])
    return about_y(np.arctan2(ahead[:, 0], ahead[:, 2]))


def _on_the_feet(actor: Actor) -> bool:
    standing = np.linalg.norm(actor.body.joints[LEFT_SHIN] - actor.body.joints[PELVIS])
    knees = actor.joints[:, [LEFT_SHIN, RIGHT_SHIN], 1].max(1)
    return bool((actor.joints[:, PELVIS, 1] - knees > 0.6 * standing * actor.size).all())


def _box(rng, size, colour, centres: np.ndarray, axes: np.ndarray) -> Part:
    """A box with this centre [T,3] and these axes [T,3,3] in each frame."""
    vertices, triangles, colours = furniture.box(rng, (0, 0, 0), size, 0.0, colour)
    return Part(_placed(vertices, centres, axes), triangles, colours)


def _placed(vertices: np.ndarray, centres: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Vertices [V,3] around these centres [T,3] and along these axes [T,3,3]: [T,V,3]."""
    moved = centres[:, None] + vertices @ np.swapaxes(axes, 1, 2)
    return np.ascontiguousarray(moved, np.float32)

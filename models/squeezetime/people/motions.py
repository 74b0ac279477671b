"""The motion of one person in one clip: made or captured, then varied."""

import numpy as np

from . import acts, captured
from .poses import DEGREE, FRAMES, Motion
from .skeleton import about_x, about_y, about_z, mirror, to_local, to_world

# How often a label's motion is made of key poses; otherwise it is a captured one.
MADE = {
    "other": 0.7,
    "walk": 0.4,
    "run": 0.4,
    "sit_down": 0.88,
    "stand_up": 0.88,
    "fall": 0.93,
    "lying": 0.92,
    "get_up": 0.95,
    "lie_down": 0.95,
    "bend": 0.85,
    "wave": 0.82,
    "jump": 0.65,
    "fight": 0.6,
    "crawl": 0.75,
}


class Library:
    """The captured motions of one split, by label: the packaged ones and the user's."""

    def __init__(self, held_out: bool, added: tuple[captured.Capture, ...] = ()):
        self.by_label: dict[str, list[captured.Capture]] = {}
        for capture in (*captured.load(), *map(captured.looped, added)):
            if capture.held_out == held_out:
                self.by_label.setdefault(capture.label, []).append(capture)

    def draw(self, rng: np.random.Generator, label: str) -> Motion:
        captures = self.by_label.get(label, [])
        if not captures or rng.random() < MADE[label]:
            motion = acts.make(rng, label)
        else:
            motion = captured.take(rng, captures[rng.integers(len(captures))])
        return varied(rng, motion)


def varied(rng: np.random.Generator, motion: Motion) -> Motion:
    """Joints a little off, left and right exchanged, turned to any side, centred on the floor."""
    world = to_world(_loosened(rng, to_local(motion.world)))
    root = motion.root.astype(np.float64)
    root[:, [0, 2]] -= root[FRAMES // 2, [0, 2]]
    if rng.random() < 0.5:
        world, root = mirror(world, root)
    turn = about_y(rng.uniform(0, 2 * np.pi))
    motion.world, motion.root = turn @ world, root @ turn.T
    return motion


def _loosened(rng, local: np.ndarray) -> np.ndarray:
    """A constant offset at each joint, and mostly a slow sway around it."""
    amount = rng.uniform(0, 9) * DEGREE
    swaying = 0.35 * amount * (rng.random() < 0.7)
    cycle = np.arange(len(local)) / len(local) * 2 * np.pi
    local = local.copy()
    for joint in range(1, 17):
        sway = np.sin(cycle * rng.uniform(0.4, 2) + rng.uniform(0, 6.3))
        off = rng.normal(0, amount, 3) + rng.normal(0, swaying, 3) * sway[:, None]
        local[:, joint] = (
            local[:, joint] @ about_z(off[:, 0]) @ about_x(off[:, 1]) @ about_y(off[:, 2])
        )
    return local

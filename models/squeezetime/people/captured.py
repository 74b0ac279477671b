"""Captured and hand-made motions: data/motions.npz, and what the user adds with --motions.

The file's motions are Mesh2Motion's and KayKit's (made by animators, CC0), AnimatedDrawings'
(MIT) and some of the CMU Graphics Lab Motion Capture Database (mocap.cs.cmu.edu).
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from zlib import crc32

import numpy as np

from ..packaging import write_whole
from .labels import LABELS
from .poses import FRAME_RATE, FRAMES, Furniture, Motion

FILE = Path(__file__).parent / "data" / "motions.npz"
RATE = 20  # frames a second in the file
STEPS_A_LEG = 2000  # of the pelvis' place in the file
PARTS = 4095  # write() stores a quaternion's numbers in steps of 1/4095: 0.02 degrees
LONG_ENOUGH = 60  # frames: more than a clip shows at the highest speed
# CMU has this take twice: as 14_31, of which a part is held out, and as 14_36.
REPEATED = ("cmu:14_36a:sit_down", "cmu:14_36b:stand_up")
SHORTEST_LOOP = 8  # frames: a step or two
EVENTS = ("sit_down", "stand_up", "fall", "lie_down", "get_up", "bend", "jump")
# What a name of the packs means; the first that fits counts.
NAMES = {
    "sitting_enter": "sit_down",
    "sit_chair_down": "sit_down",
    "sit_floor_down": "sit_down",
    "sitting_exit": "stand_up",
    "sit_chair_standup": "stand_up",
    "sit_floor_standup": "stand_up",
    "lie_down": "lie_down",
    "lie_standup": "get_up",
    "lie_idle": "lying",
    "sleeping": "lying",
    "death": "fall",
    "crouch": "other",
    "walk": "walk",
    "running": "run",
    "jog": "run",
    "sprint": "run",
    "run anime": "run",
    "bow": "bend",
    "pickup": "bend",
    "greeting": "wave",
    "cheer": "wave",
    "wave": "wave",
    "crawl": "crawl",
    "jump": "jump",
    "punch": "fight",
    "jab": "fight",
    "fighting": "fight",
    "attack": "fight",
    "zombie": "walk",
}


@dataclass(frozen=True)
class Capture:
    """world [K,17,3,3] and root [K,3], in leg lengths, at RATE frames a second."""

    name: str
    label: str
    world: np.ndarray
    root: np.ndarray

    @property
    def held_out(self) -> bool:
        """A sixth of the motions, by their names, is for testing alone."""
        return crc32(self.name.encode()) % 6 == 0

    @property
    def cyclic(self) -> bool:
        """Animators' loops can be played on and on; captured takes end."""
        return self.name.startswith(("m2m:", "kay:")) and self.label not in (*EVENTS, "other")


def label_of(name: str) -> str:
    """The label of a motion by its name, SOURCE:NAME or SOURCE:NAME:LABEL."""
    own, _, said = name.partition(":")[2].partition(":")
    known = next((word for word in (said, own) if word in LABELS), None)
    if known:
        return known
    lowered = own.lower()
    return next((label for part, label in NAMES.items() if part in lowered), "other")


@lru_cache
def load() -> tuple[Capture, ...]:
    """The packaged motions, each long enough for a clip."""
    return tuple(looped(c) for c in stored() if c.name not in REPEATED)


def stored(path: Path = FILE) -> list[Capture]:
    """The motions as the file has them."""
    with np.load(path) as content:
        return [_capture(content, i, str(name)) for i, name in enumerate(content["names"])]


def _capture(content, index: int, name: str) -> Capture:
    """The file holds the differences from frame to frame: turns as quaternions."""
    turns = np.cumsum(content[f"{index}/turns"], 0, dtype=np.int16).astype(float)
    root = np.cumsum(content[f"{index}/root"], 0, dtype=np.int16) / STEPS_A_LEG
    return Capture(name, label_of(name), matrices(turns), root)


def write(path: Path, captures: Sequence[Capture]) -> None:
    """Writes a file like FILE, which stored reads."""
    kept = {"names": np.array([capture.name for capture in captures])}
    for index, capture in enumerate(captures):
        turns = np.round(quaternions(capture.world) * PARTS).astype(np.int16)
        if np.abs(capture.root).max() * STEPS_A_LEG > 32767:
            raise ValueError(f"{capture.name}: goes further than a file can hold")
        root = np.round(capture.root * STEPS_A_LEG).astype(np.int16)
        kept[f"{index}/turns"] = np.diff(turns, axis=0, prepend=np.zeros_like(turns[:1]))
        kept[f"{index}/root"] = np.diff(root, axis=0, prepend=np.zeros_like(root[:1]))
    content = io.BytesIO()
    np.savez_compressed(content, **kept)
    write_whole(path, content.getvalue())


def quaternions(world: np.ndarray) -> np.ndarray:
    """Rotations [K,J,3,3] -> quaternions [K,J,4], x y z w: from frame to frame without a leap."""
    m = world
    squares = np.stack(  # four times the square of x, y, z and w
        [
            1 + m[..., 0, 0] - m[..., 1, 1] - m[..., 2, 2],
            1 - m[..., 0, 0] + m[..., 1, 1] - m[..., 2, 2],
            1 - m[..., 0, 0] - m[..., 1, 1] + m[..., 2, 2],
            1 + m[..., 0, 0] + m[..., 1, 1] + m[..., 2, 2],
        ],
        -1,
    )
    xy, xz, yz = (m[..., i, j] + m[..., j, i] for i, j in ((0, 1), (0, 2), (1, 2)))
    xw, yw, zw = (m[..., i, j] - m[..., j, i] for i, j in ((2, 1), (0, 2), (1, 0)))
    rows = np.stack(  # each row is the quaternion times four of its parts
        [
            np.stack([squares[..., 0], xy, xz, xw], -1),
            np.stack([xy, squares[..., 1], yz, yw], -1),
            np.stack([xz, yz, squares[..., 2], zw], -1),
            np.stack([xw, yw, zw, squares[..., 3]], -1),
        ],
        -2,
    )
    largest = squares.argmax(-1)[..., None, None]  # the part that divides with the least error
    found = np.take_along_axis(rows, largest, -2)[..., 0, :]
    found /= np.linalg.norm(found, axis=-1, keepdims=True)
    same = np.where((found[1:] * found[:-1]).sum(-1) < 0, -1, 1)
    found[1:] *= np.cumprod(same, 0)[..., None]
    return found


def matrices(turns: np.ndarray) -> np.ndarray:
    """Quaternions [...,4], x y z w, of any length -> rotations [...,3,3]."""
    x, y, z, w = np.moveaxis(turns / np.linalg.norm(turns, axis=-1, keepdims=True), -1, 0)
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    )
    return np.moveaxis(np.array(rows), (0, 1), (-2, -1))


def looped(capture: Capture) -> Capture:
    """A walk or run that is shorter than a clip goes on from the moment that its end is most like.

    Captured runs cross the room in a second.
    """
    world, root = capture.world, capture.root
    count = len(world)
    if capture.label not in ("walk", "run") or capture.cyclic or count >= LONG_ENOUGH:
        return capture
    pairs = [
        (begin, end)
        for begin in range(count // 2)
        for end in range(max(begin + SHORTEST_LOOP, 2 * count // 3), count)
    ]
    if not pairs:
        return capture
    begin, end = min(pairs, key=lambda pair: np.abs(world[pair[0]] - world[pair[1]]).sum())
    step = (root[end] - root[begin]) * (1, 0, 1)
    times = -(-(LONG_ENOUGH - begin) // (end - begin))
    worlds = [world[:begin], *[world[begin:end]] * times]
    roots = [root[:begin], *(root[begin:end] + k * step for k in range(times))]
    return replace(capture, world=np.concatenate(worlds), root=np.concatenate(roots))


def take(rng: np.random.Generator, capture: Capture) -> Motion:
    """Two seconds of it, faster or slower than it was."""
    length, last = (len(capture.world) - 1) / RATE, len(capture.world) - 1
    speed = rng.uniform(0.6, 1.4)
    if capture.label not in EVENTS and not capture.cyclic:  # it shall not end before the clip does
        speed = min(speed, max(0.6, length * FRAME_RATE / FRAMES))
    seconds = np.arange(FRAMES) / FRAME_RATE * speed
    if capture.cyclic:
        frames = np.round((seconds + rng.uniform(0, length)) * RATE).astype(int) % (last + 1)
    else:
        frames = _once(rng, capture, seconds, length, last)
    world, root = capture.world[frames], capture.root[frames].copy()
    if capture.cyclic and capture.label in ("walk", "run", "crawl"):
        root = _ahead(rng, capture, root, seconds)
    return Motion(capture.name, world, root, scale="leg", furniture=_furniture(capture))


def _once(rng, capture, seconds, length, last) -> np.ndarray:
    if capture.label in EVENTS:  # the event begins up to 0.8 s after the clip does
        start = -rng.uniform(-0.25, 0.8)
    else:
        start = rng.uniform(0, max(0.01, length - seconds[-1]))
    return np.clip(np.round((seconds + start) * RATE), 0, last).astype(int)


def _ahead(rng, capture, root, seconds) -> np.ndarray:
    """Animators' walks stay in place: the pelvis is moved ahead, or to the side."""
    speed = {"walk": rng.uniform(1, 1.7), "run": rng.uniform(2.6, 4.5), "crawl": 0.6}[capture.label]
    way = speed * seconds / (seconds[1] * FRAME_RATE)
    root[:, 2] = -way if "Backward" in capture.name else way
    for word, sign in (("Left", 0.8), ("Right", -0.8)):
        if word in capture.name:
            root[:, 0], root[:, 2] = sign * way, 0
    return root


def _furniture(capture: Capture) -> Furniture:
    if "loor" in capture.name:
        return Furniture()
    sits = capture.label in ("sit_down", "stand_up")
    seated = sits or capture.name.split(":")[1].lower().startswith("sit")
    frame = {"sit_down": FRAMES - 1, "stand_up": 0}.get(capture.label, FRAMES // 2)
    return Furniture(seat=frame if seated else None)

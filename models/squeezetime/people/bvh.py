"""Motions in Biovision's BVH files: a skeleton, then the joints' angles of each frame, as text."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .skeleton import about_x, about_y, about_z

_ABOUT = {"X": about_x, "Y": about_y, "Z": about_z}


@dataclass
class Joint:
    name: str
    parent: int
    offset: np.ndarray = field(default_factory=lambda: np.zeros(3))
    channels: list[str] = field(default_factory=list)


@dataclass
class Take:
    """rest [J,3]: the joints' places at rest; turns [K,J,3,3] and places [K,J,3] in the world."""

    names: list[str]
    rest: np.ndarray
    turns: np.ndarray
    places: np.ndarray
    interval: float  # seconds from frame to frame


def read(path: Path) -> Take:
    """ValueError says what is wrong with the file."""
    lines = path.read_text(errors="replace").splitlines()
    start = next((i for i, line in enumerate(lines) if line.strip() == "MOTION"), None)
    if not lines or lines[0].strip() != "HIERARCHY" or start is None:
        raise ValueError("no BVH: HIERARCHY or MOTION is missing")
    joints = _skeleton(lines[:start])
    values, interval = _values(lines[start:], sum(len(j.channels) for j in joints))
    turns, places = _posed(joints, values)
    rest = np.zeros((len(joints), 3))
    for i, joint in enumerate(joints):
        rest[i] = joint.offset + (rest[joint.parent] if joint.parent >= 0 else 0)
    return Take([j.name for j in joints], rest, turns, places, interval)


def _skeleton(lines: list[str]) -> list[Joint]:
    joints: list[Joint] = []
    open_: list[int] = []  # the joints whose braces are open; -1 for an end site's
    coming = -1
    for line in lines:
        word, *rest = line.split() or [""]
        if word in ("ROOT", "JOINT"):
            parent = open_[-1] if open_ else -1
            joints.append(Joint(" ".join(rest), parent))
            coming = len(joints) - 1
        elif word == "End":
            coming = -1
        elif word == "{":
            open_.append(coming)
        elif word == "}":
            if not open_:
                raise ValueError("a } too many in the skeleton")
            open_.pop()
        elif word == "OFFSET" and open_ and open_[-1] >= 0:
            joints[open_[-1]].offset = numbers(rest, 3)
        elif word == "CHANNELS" and open_ and open_[-1] >= 0:
            joints[open_[-1]].channels = _channels(rest)
    if not joints or open_:
        raise ValueError("the skeleton has no joint" if not joints else "the skeleton has no end")
    return joints


def numbers(words: list[str], count: int) -> np.ndarray:
    try:
        numbers = np.array(words, float)
    except ValueError:
        numbers = np.array([])
    if len(numbers) != count or not np.isfinite(numbers).all():
        raise ValueError(f"{' '.join(words)[:60]!r}: {count} numbers are expected")
    return numbers


def _channels(words: list[str]) -> list[str]:
    known = {axis + kind for axis in "XYZ" for kind in ("position", "rotation")}
    if not words or not set(words[1:]) <= known or words[0] != str(len(words) - 1):
        raise ValueError(f"CHANNELS {' '.join(words)[:60]}: not understood")
    return words[1:]


def _values(lines: list[str], count: int) -> tuple[np.ndarray, float]:
    heads = [line.partition(":")[2].strip() for line in lines[1:3]]
    if len(heads) < 2 or not heads[0].isdigit():
        raise ValueError("MOTION: Frames or Frame Time is missing")
    interval = float(numbers([heads[1]], 1)[0])
    rows = [line.split() for line in lines[3:] if line.strip()]
    if interval <= 0 or len(rows) < max(2, int(heads[0])):
        raise ValueError(f"MOTION: {len(rows)} frames, {heads[0]} announced: cut off?")
    return np.stack([numbers(row, count) for row in rows[: int(heads[0])]]), interval


def _posed(joints: list[Joint], values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    turns = np.empty((len(values), len(joints), 3, 3))
    places = np.empty((len(values), len(joints), 3))
    column = 0
    for i, joint in enumerate(joints):
        turn = np.tile(np.eye(3), (len(values), 1, 1))
        moved = np.tile(joint.offset, (len(values), 1))
        for channel in joint.channels:
            value = values[:, column]
            column += 1
            if channel.endswith("rotation"):
                turn = turn @ _ABOUT[channel[0]](np.radians(value))
            elif joint.parent < 0:
                moved[:, "XYZ".index(channel[0])] = value
            else:
                moved[:, "XYZ".index(channel[0])] += value
        if joint.parent < 0:
            turns[:, i], places[:, i] = turn, moved
        else:
            turns[:, i] = turns[:, joint.parent] @ turn
            shift = np.einsum("kij,kj->ki", turns[:, joint.parent], moved)
            places[:, i] = places[:, joint.parent] + shift
    return turns, places

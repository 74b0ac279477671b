"""vtest.avi as two days: its first 40 seconds and the rest. Each event is a square of it that stands still for 3.5 s.

An event shows its own walk. Of other walks in its square it says only that they may be seen.

The walks are those of follow/testdata, labelled by hand. A walker's square is as high as one and a half times the
walker, or as wide as the way. Ordinary life is squares elsewhere: nobody, bystanders, several people at once.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from teachbench.days import Event

RATE = 10  # frames a second
LENGTH = 35  # frames of an event
BORDER = 400  # the frame in which the second day begins
SIDE = 192
ACTIONS = {"left_to_right": "goes_right", "right_to_left": "goes_left"}


@dataclass
class Walk:
    person: str
    first: int
    last: int
    direction: str


def read(labels: Path) -> tuple[dict[str, np.ndarray], list[Walk]]:
    """Of each person a box [frame,x,y,width,height] in each frame between the first and the last one; and the walks."""
    noted: dict[str, list] = {}
    for row in _rows(labels / "vtest.people.tsv"):
        noted.setdefault(row["person"], []).append([float(row[k]) for k in ("frame", "x", "y", "width", "height")])
    people = {}
    for person, rows in noted.items():
        rows = np.array(rows)
        frames = np.arange(rows[0, 0], rows[-1, 0] + 1)
        people[person] = np.stack([frames, *(np.interp(frames, rows[:, 0], rows[:, k]) for k in range(1, 5))], 1)
    walks = [Walk(r["person"], int(r["from"]), int(r["to"]), r["direction"]) for r in _rows(labels / "vtest.walks.tsv")]
    return people, walks


def _rows(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def events(path: Path, labels: Path, day: int, ordinary: int, rng) -> Iterator[Event]:
    people, walks = read(labels)
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    first, last = (0, BORDER) if day == 1 else (BORDER, len(frames))
    chosen = []
    for walk in walks:
        for start in _starts(walk, first, last):
            chosen.append((_square(people[walk.person], start, frames[0].shape), start, walk.direction))
    for _ in range(ordinary):
        start = int(rng.integers(first, last - LENGTH))
        side = float(rng.choice([box[2] for box, *_ in chosen[: len(walks)]]))
        height, width = frames[0].shape[:2]
        box = (rng.uniform(0, width - side), rng.uniform(0, height - side), side)
        chosen.append((box, start, ""))
    for box, start, shown in chosen:
        names = {ACTIONS[shown]} if shown else set()
        names |= {f"?{ACTIONS[direction]}" for direction in _seen(people, walks, box, start) if direction != shown}
        yield Event(
            "+".join(sorted(names)) or "nothing",
            np.stack([_cut(frame, box) for frame in frames[start : start + LENGTH]]),
        )


def _starts(walk: Walk, first: int, last: int) -> Iterator[int]:
    """One event of a walk that lies in the day, about its middle."""
    begins, ends = max(walk.first, first), min(walk.last, last - 1)
    if ends - begins >= LENGTH:
        yield (begins + ends - LENGTH) // 2


def _square(boxes: np.ndarray, start: int, shape) -> tuple[float, float, float]:
    """x, y and side, pixels: what the person covers from start on, with some room."""
    inside = boxes[(boxes[:, 0] >= start) & (boxes[:, 0] < start + LENGTH)]
    left, top = inside[:, 1].min(), inside[:, 2].min()
    right, bottom = (inside[:, 1] + inside[:, 3]).max(), (inside[:, 2] + inside[:, 4]).max()
    side = min(max(right - left, 1.5 * (bottom - top)) * 1.1, shape[0])
    x = np.clip((left + right - side) / 2, 0, shape[1] - side)
    y = np.clip((top + bottom - side) / 2, 0, shape[0] - side)
    return float(x), float(y), float(side)


def _seen(people, walks: list[Walk], box, start: int) -> set[str]:
    """The directions of all walks that are in the square for a second or more."""
    x, y, side = box
    seen = set()
    for walk in walks:
        boxes = people[walk.person]
        frames = (boxes[:, 0] >= max(walk.first, start)) & (boxes[:, 0] <= min(walk.last, start + LENGTH - 1))
        middle_x, middle_y = boxes[:, 1] + boxes[:, 3] / 2, boxes[:, 2] + boxes[:, 4] / 2
        within = (middle_x > x) & (middle_x < x + side) & (middle_y > y) & (middle_y < y + side)
        if (frames & within).sum() >= RATE:
            seen.add(walk.direction)
    return seen


def _cut(frame: np.ndarray, box) -> np.ndarray:
    x, y, side = (round(value) for value in box)
    return cv2.resize(frame[y : y + side, x : x + side], (SIDE, SIDE), interpolation=cv2.INTER_AREA)

"""Labelled windows out of real footage of walkers seen by a fixed camera (vtest.avi).

Labels come from background subtraction alone: a window counts as left_to_right or
right_to_left when the one thing that moves in it goes mostly sideways, as still when nothing
moves at all. Other windows are left out. Nothing here was ever trained on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from .. import video
from ..clip import packed
from ..labels import BACKGROUND, LABELS
from ..pixels import Area, Planes, to_rgb
from ..sampling import on_grid

ROWS = 288  # of the analysis' own pictures; vtest.avi has twice as many
CROPS = (72, 96, 144, 192)  # sides of the square windows, in pixels of those
DIFFERENCE = 38  # of 255, from the median picture: foreground
SIDEWAYS = 0.2  # of the window's side: at least so far from its first to its last frame
SHOWN = (BACKGROUND, "left_to_right", "right_to_left")


@dataclass
class Film:
    path: Path
    frames: list[Planes]  # each of them, as it was decoded: of vtest.avi 0.7 MB
    times: np.ndarray  # [N] ns


@dataclass
class Window:
    label: int
    frames: list[int]  # which of the film's
    crop: int  # side, of ROWS
    area: Area  # of the picture


def read(path: Path) -> Film:
    times, frames = zip(*video.frames_of(path), strict=True)
    return Film(path, list(frames), np.array(times))


def windows(film: Film, frames: int, rate: float, crops: tuple[int, ...] = CROPS) -> list[Window]:
    """Every labelled window, on a grid of places, sizes and times.

    Raises ValueError where one of the labels has none.
    """
    found = list(_windows(film, frames, rate, crops))
    seen = {LABELS[window.label] for window in found}
    if missing := [label for label in SHOWN if label not in seen]:
        raise ValueError(
            f"{film.path}: shows nothing that is clearly {', '.join(missing)}; it must be a fixed "
            "camera's video of people who walk past, such as vtest.avi"
        )
    return found


def clip(film: Film, window: Window, side: int) -> np.ndarray:
    """What edged shows a model of the window: uint8 [side,side,T*3]."""
    return packed(
        np.stack([to_rgb(film.frames[i], side, side, window.area) for i in window.frames])
    )


def _windows(film, frames, rate, crops) -> Iterator[Window]:
    moving = _moving(film)
    height, width = moving.shape[1:]
    taken = list(on_grid(((time, i) for i, time in enumerate(film.times.tolist())), rate))
    for tick in range(0, len(taken) - frames + 1, round(rate / 2)):
        at = taken[tick : tick + frames]
        if None in at:
            continue
        for crop in crops:
            for y in range(0, height - crop + 1, crop // 4):
                for x in range(0, width - crop + 1, crop // 4):
                    label = _label(moving[at, y : y + crop, x : x + crop])
                    if label is None:
                        continue
                    if label == BACKGROUND and (x // (crop // 4) + y // (crop // 4)) % 5:
                        continue  # a fifth of these is plenty
                    area = x / width, y / height, crop / width, crop / height
                    yield Window(LABELS.index(label), at, crop, area)


def _moving(film: Film) -> np.ndarray:
    """Foreground masks [N,ROWS,...] of the film's aspect."""
    height, width = film.frames[0][0].shape
    size = ROWS, round(ROWS * width / height)
    background = np.median([to_rgb(frame, *size) for frame in film.frames[::8]], axis=0)
    background = background.astype(np.float32)  # whole and half numbers
    return np.stack(
        [
            ndimage.binary_opening(np.abs(to_rgb(frame, *size) - background).max(-1) > DIFFERENCE)
            for frame in film.frames
        ]
    )


def _label(moving: np.ndarray) -> str | None:
    """The label of a window's foreground masks [T,h,w], None when it is not clear."""
    side = moving.shape[1]
    areas = moving.sum((1, 2)) / side**2
    if areas.max() < 0.0008:
        return BACKGROUND
    if areas.min() < 0.01 or areas.max() > 0.2:
        return None
    centres = [_only_blob(moving[t]) for t in (0, len(moving) // 2, -1)]
    if None in centres:
        return None
    (y0, x0), (_, x1), (y2, x2) = centres
    dx, dy = (x2 - x0) / side, (y2 - y0) / side
    if abs(dx) < SIDEWAYS or abs(dy) > 0.4 * abs(dx) or (x1 - x0) * (x2 - x1) <= 0:
        return None
    return "left_to_right" if dx > 0 else "right_to_left"


def _only_blob(mask: np.ndarray) -> tuple[float, float] | None:
    """Centre (y, x) of the one thing in the mask; None when there is none, or another."""
    named, count = ndimage.label(ndimage.binary_dilation(mask, iterations=2))
    areas = np.atleast_1d(ndimage.sum(mask, named, range(1, count + 1)))
    large = np.flatnonzero(areas > 0.01 * mask.size)
    if len(large) != 1 or (np.delete(areas, large) > 0.003 * mask.size).any():
        return None
    return ndimage.center_of_mass(mask, named, large[0] + 1)

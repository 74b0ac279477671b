"""Labelled windows out of real footage of walkers seen by a fixed camera (vtest.avi).

Labels come from background subtraction alone: a window counts as left_to_right or
right_to_left when the one thing that moves in it goes mostly sideways, as still when nothing
moves at all. Other windows are left out. Nothing here was ever trained on.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from ..labels import LABELS
from ..sampling import on_grid

WIDTH, HEIGHT = 384, 288  # the analysis' own resolution; vtest.avi is twice that
CROPS = (72, 96, 144, 192)  # sides of the square windows, in pixels of that resolution
DIFFERENCE = 38  # of 255, from the median picture: foreground
SIDEWAYS = 0.2  # of the window's side: at least so far from its first to its last frame


@dataclass
class Windows:
    clips: np.ndarray  # uint8 [N,S,S,T*3]
    labels: np.ndarray  # [N]
    crops: np.ndarray  # [N] side of the crop
    places: np.ndarray  # [N,3] where it begins: seconds, y, x (pixels of the analysis)


def read_frames(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Frames uint8 [N,HEIGHT,WIDTH,3] and their times [N] in seconds."""
    import av

    with av.open(str(path)) as container:
        decoded = [
            (frame.to_ndarray(format="rgb24", width=WIDTH, height=HEIGHT), float(frame.time))
            for frame in container.decode(video=0)
        ]
    frames, times = zip(*decoded, strict=True)
    return np.stack(frames), np.array(times)


def windows(
    path: Path, frames: int, rate: float, side: int, sizes: tuple[int, ...] = CROPS
) -> Windows:
    """Every labelled window, on a grid of places, sizes and times."""
    pictures, times = read_frames(path)
    background = np.median(pictures[::8], axis=0)
    moving = np.stack(
        [ndimage.binary_opening(np.abs(p - background).max(-1) > DIFFERENCE) for p in pictures]
    )
    clips, labels, crops, places = [], [], [], []
    taken = list(on_grid(((round(t * 1e9), i) for i, t in enumerate(times)), rate))
    for tick in range(0, len(taken) - frames + 1, round(rate / 2)):
        at = taken[tick : tick + frames]
        if None in at:
            continue
        start = times[at[0]]
        for crop in sizes:
            for y in range(0, HEIGHT - crop + 1, crop // 4):
                for x in range(0, WIDTH - crop + 1, crop // 4):
                    label = _label(moving[at, y : y + crop, x : x + crop])
                    if label is None:
                        continue
                    if label == "still" and (x // (crop // 4) + y // (crop // 4)) % 5:
                        continue  # a fifth of these is plenty
                    clips.append(_squeezed(pictures[at, y : y + crop, x : x + crop], side))
                    labels.append(LABELS.index(label))
                    crops.append(crop)
                    places.append((start, y, x))
    return Windows(np.stack(clips), np.array(labels), np.array(crops), np.array(places))


def _label(moving: np.ndarray) -> str | None:
    """The label of a window's foreground masks [T,h,w], None when it is not clear."""
    side = moving.shape[1]
    areas = moving.sum((1, 2)) / side**2
    if areas.max() < 0.0008:
        return "still"
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


def _squeezed(pictures: np.ndarray, side: int) -> np.ndarray:
    """[T,h,w,3] -> [side,side,T*3]"""
    scaled = [
        np.asarray(Image.fromarray(p).resize((side, side), Image.Resampling.BOX)) for p in pictures
    ]
    return np.stack(scaled, 2).reshape(side, side, -1)

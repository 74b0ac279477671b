"""What needs no network: where the picture changes in a window, and which colours it shows.

A window's numbers are the mean differences of neighbouring frames on a grid of 8 x 8, for each half of the window, and
a histogram of 8 values for each colour.
"""

from itertools import pairwise

import cv2
import numpy as np

GRID, VALUES = 8, 8
WINDOW, STRIDE = 16, 2  # frames


def windows(times: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """Of each window of an event its time and its numbers: [N,1+152]."""
    grey = np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]).astype(np.float32)
    moved = np.stack([_on_grid(np.abs(after - before)) for before, after in pairwise(grey)])
    colours = np.stack([_histogram(frame) for frame in frames])
    rows = []
    for last in range(WINDOW - 1, len(frames), STRIDE):
        first, middle = last - WINDOW + 1, last - WINDOW // 2
        halves = moved[first:middle].mean(0), moved[middle:last].mean(0)
        rows.append(np.r_[times[last], *halves, colours[first : last + 1].mean(0)])
    return np.array(rows, np.float32)


def _on_grid(difference: np.ndarray) -> np.ndarray:
    return cv2.resize(difference, (GRID, GRID), interpolation=cv2.INTER_AREA).ravel()


def _histogram(frame: np.ndarray) -> np.ndarray:
    counts = [np.bincount(frame[..., channel].ravel() >> 5, minlength=VALUES) for channel in range(3)]
    return np.concatenate(counts) / frame[..., 0].size

"""Contact sheets: some clips of a label, one a row, every second frame."""

from pathlib import Path

import cv2
import numpy as np

from .captured import Capture
from .clip import draw_pair
from .motions import Library


def write(
    folder: Path,
    labels: list[str],
    rows: int,
    seed: int,
    held_out: bool = False,
    added: tuple[Capture, ...] = (),
) -> None:
    """One PNG for each label."""
    folder.mkdir(parents=True, exist_ok=True)
    library = Library(held_out, added)
    for label in labels:
        clips = [draw_pair(library, (seed, row), held_out, label)[row % 2] for row in range(rows)]
        sheet = np.concatenate([strip(clip.pixels) for clip in clips])
        path = folder / f"{label}.png"
        if not cv2.imwrite(str(path), sheet[..., ::-1]):
            raise OSError(f"{path}: not written")


def strip(pixels: np.ndarray) -> np.ndarray:
    """A clip [H,W,T*3] -> every second frame side by side [H,W*T/2,3]."""
    height, width, channels = pixels.shape
    frames = pixels.reshape(height, width, channels // 3, 3)[:, :, ::2]
    return frames.transpose(0, 2, 1, 3).reshape(height, -1, 3)

"""The network's windows out of files: drawn at random to train on, all of them to be judged."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from ..arrays import head
from ..clip import packed
from ..packaging import write_whole
from ..starter.augment import at_night
from .dataset import File

BATCH = 16
FEW_STEPS = 250


def starts(file: File, frames: int) -> range:
    """Where the windows of a file begin: half overlapping."""
    return range(0, max(1, file.length - frames + 1), max(1, frames // 2))


def window(pictures: np.ndarray, start: int, frames: int) -> np.ndarray:
    """[T,H,W,3] from start on; copied only where the last frame must be repeated to fill it."""
    cut = pictures[start : start + frames]
    short = frames - len(cut)
    return np.pad(cut, ((0, short), (0, 0), (0, 0), (0, 0)), "edge") if short else cut


def steps_of(training: list[File], frames: int) -> int:
    """Returns the steps of an epoch.

    Over an epoch every second of the clips is drawn once, on average. Where the clips are so few
    that this is less than FEW_STEPS, an epoch draws one window for every frame, up to FEW_STEPS.
    """
    total = sum(max(f.length, frames) for f in training)
    return max(8, min(total // BATCH, max(FEW_STEPS, total // frames // BATCH)))


def batches(file: File, frames: int, size: int) -> Iterator[np.ndarray]:
    """A file's windows, uint8 [n,H,W,T*3], at most `size` at once."""
    at, pictures = starts(file, frames), file.frames
    for first in range(0, len(at), size):
        yield np.stack([packed(window(pictures, s, frames)) for s in at[first : first + size]])


def spread(files: list[File], frames: int, most: int) -> list[np.ndarray]:
    """At most so many windows [T,H,W,3], evenly out of all: not copied."""
    every = [(f, s) for f in files for s in starts(f, frames)]
    chosen = np.unique(np.linspace(0, len(every) - 1, min(most, len(every))).round().astype(int))
    return [window(every[i][0].frames, every[i][1], frames) for i in chosen]


def keep(path: Path, windows: list[np.ndarray]) -> None:
    """Writes them packed as one array, uint8 [n,H,W,T*3], .npy, and holds one at a time."""
    shape = (len(windows), *packed(windows[0]).shape)
    write_whole(path, itertools.chain([head(shape)], map(packed, windows)))


def guesses(
    files: list[File],
    frames: int,
    size: int,
    logits: Callable[[np.ndarray], np.ndarray],
    change: Callable[[np.ndarray], np.ndarray] = lambda windows: windows,
) -> np.ndarray:
    """Each file's label: that of the highest mean logits over its (changed) windows."""
    return np.array(
        [
            np.concatenate([logits(change(w)) for w in batches(f, frames, size)]).mean(0).argmax()
            for f in files
        ]
    )


class Draw:
    """Training windows: any start and tempo, shifted, grey, dark; flipped where allowed.

    mirrored, backwards: for each label what it becomes, None where that may not be done.
    """

    def __init__(
        self,
        files: list[File],
        frames: int,
        mirrored: list[int | None],
        backwards: list[int | None],
        seed: int,
    ):
        self.files, self.frames, self.rng = files, frames, np.random.default_rng(seed)
        self.mirrored, self.backwards = mirrored, backwards
        by_label = np.array([f.label for f in files])
        counts = np.bincount(by_label, minlength=len(mirrored))
        self.weights = 1 / counts[by_label] / len(mirrored)  # every label as often as every other

    def batch(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """uint8 [count,H,W,T*3] and labels [count]."""
        chosen = self.rng.choice(len(self.files), count, p=self.weights)
        windows, labels = zip(*(self._window(self.files[i]) for i in chosen), strict=True)
        return np.stack(windows), np.array(labels)

    def _window(self, file: File) -> tuple[np.ndarray, int]:
        rng, frames, label = self.rng, file.frames, file.label
        tempo = rng.uniform(0.8, 1.2)
        span = (self.frames - 1) * tempo
        start = rng.uniform(0, max(0.0, max(len(frames), self.frames) - 1 - span))
        at = np.rint(start + tempo * np.arange(self.frames)).clip(0, len(frames) - 1)
        window = frames[at.astype(int)]
        if self.mirrored[label] is not None and rng.random() < 0.5:
            window, label = window[:, :, ::-1], self.mirrored[label]
        if self.backwards[label] is not None and rng.random() < 0.5:
            window, label = window[::-1], self.backwards[label]
        margin = window.shape[1] // 12
        dy, dx = rng.integers(0, 2 * margin + 1, 2)
        padded = np.pad(window, ((0, 0), (margin, margin), (margin, margin), (0, 0)), "edge")
        window = padded[:, dy : dy + window.shape[1], dx : dx + window.shape[2]]
        if rng.random() < 0.3:
            window = np.broadcast_to(window[..., 1:2], window.shape)  # infrared at night
        return packed(at_night(rng, window)), label

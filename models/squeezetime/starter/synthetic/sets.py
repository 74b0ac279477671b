"""Data sets of clips in files, drawn by several processes, reproducible from their seed."""

import math
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ... import workers
from ...arrays import head
from ...labels import LABELS
from ...packaging import alone_in
from . import clips, scenes
from .clips import Shot, make_clip

SHARD = 200  # clips drawn from one seed, by one process

_photos: list[np.ndarray] = []  # a worker process's own


def _make_shard(arguments) -> tuple[np.ndarray, np.ndarray]:
    seed, index, count, frames, side, mix, held_out, shots = arguments
    if not _photos:
        _photos.extend(scenes.load_photos(held_out))
    rng = np.random.default_rng((seed, index))
    labels = rng.permutation(np.array([mix[i % len(mix)] for i in range(count)]))
    drawn = [make_clip(rng, LABELS[label], frames, side, _photos, shots(rng)) for label in labels]
    return np.stack(drawn), labels.astype(np.int64)


def make_set(
    path: Path,
    seed: int,
    count: int,
    frames: int,
    side: int,
    mix: tuple[int, ...],
    held_out: bool,
    shots: Callable[[np.random.Generator], Shot],
    processes: int = 2,
) -> tuple[np.ndarray, np.ndarray]:
    """Clips [count,side,side,frames*3] (mapped from path, made when absent) and labels [count].

    The labels' indices come in turn from mix: one that stands there twice gets twice the clips.
    """
    labels_path, shape = path.with_suffix(".labels.npy"), (count, side, side, frames * 3)
    path.parent.mkdir(parents=True, exist_ok=True)
    with alone_in(path.parent):
        if not labels_path.exists():
            drawn = new_array(path, shape)
            labels = np.empty(count, np.int64)
            jobs = [
                (seed, index, min(SHARD, count - start), frames, side, mix, held_out, shots)
                for index, start in enumerate(range(0, count, SHARD))
            ]
            start = 0
            for shard, shard_labels in workers.each(_make_shard, jobs, processes):
                drawn[start : start + len(shard)] = shard
                labels[start : start + len(shard)] = shard_labels
                start += len(shard)
                print(f"\r{path}: {start} of {count} clips drawn", end="", flush=True)
            print()
            drawn.flush()
            beside = labels_path.with_suffix(".part.npy")
            np.save(beside, labels)
            beside.rename(labels_path)  # last: its presence says that the set is whole
    drawn = np.load(path, mmap_mode="r")
    if drawn.shape != shape:
        raise ValueError(f"{path}: its shape is {drawn.shape}, not {shape}; remove it")
    return drawn, np.load(labels_path)


def drawn_windows(frames: int, size: tuple[int, int], count: int = 120) -> np.ndarray:
    """A few drawn clips of every label, uint8 [count,H,W,frames*3], to find ranges with."""
    every = tuple(range(len(LABELS)))
    drawn, _ = _make_shard((1, 0, count, frames, max(size), every, False, clips.varied_shot))
    return drawn[:, : size[0], : size[1]]


def new_array(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """A new .npy, uint8, mapped. Its room is taken at once: a full disk is an OSError here, where
    it would end the process at some later write.
    """
    size = math.prod(shape)
    with open(path, "wb") as file:
        file.write(head(shape))
        file.flush()
        try:
            os.posix_fallocate(file.fileno(), file.tell(), size)
        except OSError as error:
            path.unlink()
            raise OSError(f"{path}: no room for {size:,} bytes: {error.strerror}") from error
    return np.load(path, mmap_mode="r+")

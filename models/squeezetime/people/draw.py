"""`squeezetime draw-people`: shards of clips, several at a time, the same for the same seed."""

import time
from pathlib import Path

import numpy as np

from .. import workers
from ..packaging import alone_in
from . import shards
from .captured import Capture
from .clip import Clip, draw_pair
from .motions import Library

CLIPS = 256  # of a shard
HELD_OUT_SEED = 1 << 20  # added to the seed of the shards that are for testing

_libraries: dict[bool, Library] = {}  # a worker process's own


def draw(
    folder: Path,
    clips: int,
    seed: int,
    held_out: bool,
    added: tuple[Capture, ...] = (),
    processes: int = 2,
) -> int:
    """Writes the shards of this seed that are not there yet; returns how many clips it drew.

    They go to folder/train, or to folder/held. A shard is drawn whole or not at all, so a call
    after a kill goes on where the first one stopped.
    """
    into = folder / ("held" if held_out else "train")
    into.mkdir(parents=True, exist_ok=True)
    with alone_in(into):
        return _draw(into, clips, seed, held_out, added, processes)


def _draw(into: Path, clips: int, seed: int, held_out: bool, added, processes: int) -> int:
    there = {path.name for path in shards.whole(into)}
    jobs = [
        (path, seed, index, held_out, CLIPS)
        for index in range(-(-clips // CLIPS))
        if (path := into / name_of(seed, index)).name not in there
    ]
    started, drawn = time.monotonic(), 0
    for path in workers.each(_draw_shard, jobs, processes, _start, added):
        drawn += CLIPS
        pace = drawn / (time.monotonic() - started) * 60
        print(f"{path}: {drawn} clips drawn, {pace:.0f} a minute", flush=True)
    return drawn


def name_of(seed: int, index: int) -> str:
    return f"people-{seed:04d}-{index:05d}.npy"


def _start(added: tuple[Capture, ...]) -> None:
    """Each process works on one thread."""
    import cv2

    cv2.setNumThreads(1)
    for held_out in (False, True):
        _libraries[held_out] = Library(held_out, added)


def _draw_shard(job) -> Path:
    path, seed, index, held_out, count = job
    clips = [
        clip
        for pair in range(count // 2)
        for clip in draw_pair(_libraries[held_out], _seed(seed, index, pair, held_out), held_out)
    ]
    shards.write(path, shard_of(clips))
    return path


def _seed(seed: int, index: int, pair: int, held_out: bool) -> tuple[int, ...]:
    return (seed + HELD_OUT_SEED * held_out, index, pair)


def shard_of(clips: list[Clip]) -> shards.Shard:
    return shards.Shard(
        np.stack([c.pixels for c in clips]),
        np.array([c.label for c in clips], np.int8),
        np.stack([c.pose for c in clips]),
        np.array([c.motion for c in clips]),
        np.array([(c.view.elevation, c.view.fills) for c in clips], np.float32),
        np.array([c.who for c in clips]),
    )

"""Batches for the training: pairs of drawn clips, varied, and some of the starter's motions."""

import contextlib
import queue
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from ..labels import BACKGROUND as STILL
from ..labels import LABELS as DRAWN
from ..starter.augment import augment as drawn_variant
from ..starter.loop import halved
from . import shards
from .actor import LEARNT, LEARNT_FRAMES
from .maps import VARIANTS, Maps

SHARDS_A_BATCH = 4  # a batch draws on several shards, so that it holds more than one seed's luck
# Head, chest, pelvis, then left and right arm, left and right leg: the joint of the mirrored side.
MIRRORED = [0, 1, 2, 6, 7, 8, 3, 4, 5, 12, 13, 14, 9, 10, 11]


@dataclass
class Batch:
    """clips uint8 [N,S,S,48], or maps float16 [N,H,W,C]; poses [N,270].

    labels and drawn motions [N]; -1 stands for none.
    """

    clips: np.ndarray
    labels: np.ndarray
    drawn: np.ndarray
    poses: np.ndarray


@dataclass
class Feed:
    """Reads the folder's shards, the least used first, also those that come while it runs."""

    folder: Path
    pairs: int
    half: bool
    seed: int
    drawn: tuple[np.ndarray, np.ndarray] | None = None
    maps: Maps | None = None  # of the frozen stages: batches are maps then
    drawn_share: float = 0.12
    uses: Counter = field(default_factory=Counter)

    def __post_init__(self):
        self.rng = np.random.default_rng(self.seed)
        self.queue: queue.Queue = queue.Queue(4)
        self.stopped = threading.Event()
        self.failed: BaseException | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def next(self) -> Batch:
        while True:
            try:
                return self.queue.get(timeout=1)
            except queue.Empty:
                if self.failed is not None:
                    raise self.failed from None

    def close(self) -> None:
        self.stopped.set()
        while self.thread.is_alive():
            with contextlib.suppress(queue.Empty):
                self.queue.get(timeout=0.1)

    def _run(self) -> None:
        try:
            while not self.stopped.is_set():
                self._use(self._least_used())
        except BaseException as error:  # the thread that calls next() raises it
            self.failed = error

    def _least_used(self) -> list[Path]:
        there = shards.whole(self.folder)
        if not there:
            raise ValueError(f"{self.folder}: no shard of clips; run squeezetime draw-people first")
        order = self.rng.permutation(len(there))
        return sorted((there[i] for i in order), key=lambda p: self.uses[p.name])[:SHARDS_A_BATCH]

    def _use(self, paths: list[Path]) -> None:
        """Every pair of these shards once, in batches that mix them."""
        read = [self._read(path) for path in paths]
        pairs = [(s, k) for s in range(len(read)) for k in range(0, len(read[s].labels) - 1, 2)]
        order = self.rng.permutation(len(pairs))
        for start in range(0, len(order) - self.pairs + 1, self.pairs):
            if self.stopped.is_set():
                return
            chosen = [pairs[i] for i in order[start : start + self.pairs]]
            self.queue.put(self._batch([(read[s], k + view) for s, k in chosen for view in (0, 1)]))
        for path in paths:
            self.uses[path.name] += 1

    def _read(self, path: Path) -> shards.Shard:
        if self.maps is None:
            return shards.read(path)
        return self.maps.varied(path, self.uses[path.name] % VARIANTS, varied)

    def _batch(self, people: list[tuple[shards.Shard, int]]) -> Batch:
        looks = [self._look(s.clips[i], s.poses[i].astype(np.float32)) for s, i in people]
        clips, poses = [clip for clip, _ in looks], [pose for _, pose in looks]
        labels = [int(s.labels[i]) for s, i in people]
        drawn = [-1] * len(clips)
        if self.drawn is not None:
            for _ in range(round(self.drawn_share * len(people))):
                clip, motion = self._drawn()
                clips.append(clip if self.maps is None else self.maps.made(clip[None])[0])
                drawn.append(motion)
                labels.append(0 if DRAWN[motion] == STILL else -1)  # nothing moves: `other`
                poses.append(np.zeros_like(poses[0]))
        stacked = np.stack(clips)
        return Batch(
            halved(stacked) if self.half else stacked,
            np.array(labels),
            np.array(drawn),
            np.stack(poses),
        )

    def _drawn(self) -> tuple[np.ndarray, int]:
        clips, labels = self.drawn
        at = self.rng.integers(len(clips))
        shape = (*clips.shape[1:3], clips.shape[3] // 3, 3)
        clip, label = drawn_variant(self.rng, clips[at].reshape(shape), int(labels[at]))
        return np.ascontiguousarray(clip).reshape(clips.shape[1:]), label

    def _look(self, clip: np.ndarray, pose: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return (clip, pose) if self.maps is not None else varied(self.rng, clip, pose)


def varied(
    rng: np.random.Generator, clip: np.ndarray, pose: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mirrored, cut a little closer, other light: what costs less than to draw it anew."""
    if rng.random() < 0.5:
        clip = clip[:, ::-1]
        pose = pose.reshape(len(LEARNT_FRAMES), len(LEARNT), 3)[:, MIRRORED] * (-1, 1, 1)
    if rng.random() < 0.5:
        clip = closer(rng, clip)
    return recoloured(rng, clip), pose.reshape(-1)


def closer(rng: np.random.Generator, clip: np.ndarray) -> np.ndarray:
    """A part of the picture, 80 to 100 % of each side, scaled back to the whole."""
    size = len(clip)
    h, w = (int(size * share) for share in rng.uniform(0.8, 1, 2))
    y, x = rng.integers(size - h + 1), rng.integers(size - w + 1)
    part = np.ascontiguousarray(clip[y : y + h, x : x + w])
    return cv2.resize(part, (size, size), interpolation=cv2.INTER_LINEAR)


def recoloured(rng: np.random.Generator, clip: np.ndarray) -> np.ndarray:
    """Other contrast and, mostly, other colours; 15 % of the clips become grey.

    By a table for each colour: many times as fast as computing each pixel.
    """
    if rng.random() < 0.15:
        clip = np.repeat(clip[..., 1::3], 3, -1)
    shift = rng.uniform(-25, 25, 3) if rng.random() < 0.6 else np.zeros(3)
    values = (np.arange(256) - 128) * np.exp(rng.uniform(-0.35, 0.3)) + 128
    made = np.empty_like(clip)
    for colour in range(3):
        table = (values + shift[colour]).clip(0, 255).astype(np.uint8)
        made[..., colour::3] = table[clip[..., colour::3]]
    return made


def drawn_motions(folder: Path, count: int = 2400, seed: int = 99) -> tuple[np.ndarray, np.ndarray]:
    """The starter's drawn motions, a side task: made in the folder where they are not yet."""
    from ..starter import recipe
    from ..starter.synthetic import clips, sets

    preset = recipe.PRESET
    return sets.make_set(
        folder / f"drawn-{seed}-{count}.npy",
        seed,
        count,
        preset.frames,
        preset.size,
        recipe.MIX,
        False,
        clips.varied_shot,
    )

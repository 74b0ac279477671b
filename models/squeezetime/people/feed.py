"""Batches for the training: pairs of drawn clips, varied, and some of the starter's motions."""

import contextlib
import queue
import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from ..labels import BACKGROUND as STILL
from ..labels import LABELS as DRAWN
from ..starter.augment import augment as drawn_variant
from . import shards
from .actor import LEARNT, LEARNT_FRAMES
from .scaled import scaled

SHARDS_A_BATCH = 4  # a batch draws on several shards, so that it holds more than one seed's luck
# Head, chest, pelvis, then left and right arm, left and right leg: the joint of the mirrored side.
MIRRORED = [0, 1, 2, 6, 7, 8, 3, 4, 5, 12, 13, 14, 9, 10, 11]


@dataclass
class Batch:
    """clips uint8 [N,S,S,48], light float32 [2,N,48]; poses [N,270].

    labels and drawn motions [N]; -1 stands for none. What the network sees is pixel * light[0] +
    light[1]. The training computes it, because a compiled network does so at almost no cost.
    """

    clips: np.ndarray
    light: np.ndarray
    labels: np.ndarray
    drawn: np.ndarray
    poses: np.ndarray


@dataclass
class Feed:
    """Reads the folder's shards, the least used first, also those that come while it runs."""

    folder: Path
    pairs: int
    side: int  # of the pictures that come out
    seed: int
    drawn: tuple[np.ndarray, np.ndarray] | None = None
    drawn_share: float = 0.12
    uses: Counter = field(default_factory=Counter)

    def __post_init__(self):
        self.rng = np.random.default_rng(self.seed)
        self.queue: queue.Queue = queue.Queue(4)
        self.stopped = threading.Event()
        self.failed: BaseException | None = None
        self.small: dict[str, shards.Shard] = {}  # shards of small pictures
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
        if len(pairs) < self.pairs:
            raise ValueError(
                f"{self.folder}: {len(pairs)} pairs of clips; a step takes {self.pairs}"
            )
        order = self.rng.permutation(len(pairs))
        for start in range(0, len(order) - self.pairs + 1, self.pairs):
            if self.stopped.is_set():
                return
            chosen = [pairs[i] for i in order[start : start + self.pairs]]
            self.queue.put(self._batch([(read[s], k + view) for s, k in chosen for view in (0, 1)]))
        for path in paths:
            self.uses[path.name] += 1

    def _read(self, path: Path) -> shards.Shard:
        """Shards of small pictures stay in memory: 110 kB a clip of half the size."""
        if path.name in self.small:
            return self.small[path.name]
        shard = shards.read(path)
        if shard.clips.shape[1] <= self.side:
            return shard
        self.small[path.name] = replace(shard, clips=scaled(shard.clips, self.side))
        return self.small[path.name]

    def _batch(self, people: list[tuple[shards.Shard, int]]) -> Batch:
        looks = [varied(self.rng, s.clips[i], s.poses[i].astype(np.float32)) for s, i in people]
        clips, poses = [clip for clip, _ in looks], [pose for _, pose in looks]
        labels = [int(s.labels[i]) for s, i in people]
        drawn = [-1] * len(clips)
        if self.drawn is not None:
            for _ in range(round(self.drawn_share * len(people))):
                clip, motion = self._drawn()
                clips.append(clip)
                drawn.append(motion)
                labels.append(0 if DRAWN[motion] == STILL else -1)  # nothing moves: `other`
                poses.append(np.zeros_like(poses[0]))
        return Batch(
            np.stack([scaled(clip[None], self.side)[0] for clip in clips]),
            light(self.rng, len(clips), len(people)),
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


def varied(
    rng: np.random.Generator, clip: np.ndarray, pose: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mirrored, cut a little closer, grey, partly hidden: what costs less than to draw it anew."""
    if rng.random() < 0.5:
        clip = clip[:, ::-1]
        pose = pose.reshape(len(LEARNT_FRAMES), len(LEARNT), 3)[:, MIRRORED] * (-1, 1, 1)
    if rng.random() < 0.5:
        clip = closer(rng, clip)
    if rng.random() < 0.15:
        clip = np.repeat(clip[..., 1::3], 3, -1)
    if rng.random() < 0.12:
        clip = hidden(rng, clip)
    return clip, pose.reshape(-1)


def closer(rng: np.random.Generator, clip: np.ndarray) -> np.ndarray:
    """A part of the picture, 70 to 100 % of each side, scaled back to the whole."""
    size = len(clip)
    h, w = (int(size * share) for share in rng.uniform(0.7, 1, 2))
    y, x = rng.integers(size - h + 1), rng.integers(size - w + 1)
    part = np.ascontiguousarray(clip[y : y + h, x : x + w])
    return cv2.resize(part, (size, size), interpolation=cv2.INTER_LINEAR)


def hidden(rng: np.random.Generator, clip: np.ndarray) -> np.ndarray:
    """Something of one colour stands in front: a post, a sofa, a wall at the edge."""
    made, size = clip.copy(), len(clip)
    h, w = (rng.uniform(0.1, 0.35), 1.0) if rng.random() < 0.5 else (1.0, rng.uniform(0.05, 0.25))
    y, x = rng.uniform(0, 1 - h), rng.uniform(0, 1 - w)
    rows = slice(round(size * y), round(size * (y + h)))
    columns = slice(round(size * x), round(size * (x + w)))
    made[rows, columns] = np.tile(rng.integers(10, 220, 3), clip.shape[2] // 3)
    return made


def light(rng: np.random.Generator, count: int, people: int) -> np.ndarray:
    """Other contrast and, mostly, another colour of the light: [2,count,48], see Batch.

    Only the first `people` clips get another light; the drawn motions stay as they are.
    """
    gain = np.ones((count, 1))
    gain[:people, 0] = np.exp(rng.uniform(-0.35, 0.3, people))
    shift = rng.uniform(-25, 25, (count, 3)) * (rng.random((count, 1)) < 0.6)
    shift[people:] = 0
    added = np.tile(128 * (1 - gain) + shift, 16)
    return np.stack([np.broadcast_to(gain, added.shape), added]).astype(np.float32)


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

"""Clips and data sets of clips, reproducible from their seed."""

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..labels import LABELS
from . import camera, figures, scenes, tracks

SHARD = 200  # clips drawn from one seed, by one process

_photos: list[np.ndarray] = []  # a worker process's own


@dataclass(frozen=True)
class Shot:
    """How a scene is filmed. The default is what the starter is tested on."""

    times: Callable = camera.jittered_times
    shake: Callable = camera.shake
    film: Callable = camera.film
    zoom: float = 1.0  # of what moves, about the picture's middle: under 1 as in a wide area
    bystander: bool = False  # something half as large goes its own way, where anything moves


def varied_shot(rng: np.random.Generator) -> Shot:
    """What the starter is trained on: some are shaken, wide or tight, or show something more."""
    return Shot(
        shake=camera.strong_shake if rng.random() < 0.25 else camera.shake,
        zoom=np.exp(rng.uniform(np.log(0.45), np.log(1.3))) if rng.random() < 0.25 else 1.0,
        bystander=rng.random() < 0.2,
    )


def plain_shot(rng: np.random.Generator) -> Shot:
    return Shot()


def make_clip(
    rng: np.random.Generator, label: str, frames: int, side: int, photos, shot: Shot = Shot()
) -> np.ndarray:
    """One clip of the label: uint8 [side,side,frames*3], channel t*3+c."""
    canvas = side + 2 * camera.MARGIN
    scene = scenes.draw_scene(rng, canvas, photos)
    tone = scene.mean((0, 1))
    for _ in range(rng.integers(0, 4)):  # things that stand around
        figure = figures.draw_figure(rng, "still", photos, tone)
        figures.paint(
            scene, figure, rng.random(), rng.random(), rng.uniform(0.5, 1.2), 0, 1, rng.random()
        )

    times = shot.times(rng, frames)
    movers = _movers(rng, label, times, photos, tone)
    if shot.bystander and label != "still":
        movers += _bystander(rng, movers, times, photos, tone)
    if shot.zoom != 1:
        movers = [(f, t.zoomed(shot.zoom)) for f, t in movers]
    walked = times * 2 * np.pi
    offsets = shot.shake(rng, frames)
    pictures = np.empty((frames, side, side, 3), np.float32)
    for t in range(frames):
        image = scene.copy()
        for figure, track in movers:
            figures.paint(
                image,
                figure,
                track.x[t],
                track.y[t],
                track.scale[t],
                track.angle[t],
                track.opacity[t],
                walked[t] * figure.steps,
            )
        dy, dx = offsets[t] + camera.MARGIN
        pictures[t] = image[dy : dy + side, dx : dx + side]
    filmed = shot.film(rng, pictures)
    return filmed.transpose(1, 2, 0, 3).reshape(side, side, frames * 3)


def _movers(rng, label, times, photos, tone):
    """The figures that move, with their tracks: one, or a group that goes the same way."""
    maker, backwards = tracks.TRACKS[label]
    if backwards:  # drawn on the reversed clock, so that the camera's own time runs forwards
        times = 1 - times[::-1]
    count = 1
    if label in ("left_to_right", "right_to_left") and rng.random() < 0.3:
        count = int(rng.integers(2, 4))
    movers = []
    for _ in range(count):
        track = maker(rng, times)
        figure = figures.draw_figure(rng, label, photos, tone)
        if label == "still" and np.ptp(track.x) == 0 and track.opacity[0] > 0:
            figure.steps = 0.0  # who stands does not walk
        movers.append((figure, track.reversed() if backwards else track))
    return movers


def _bystander(rng, movers, times, photos, tone):
    other = LABELS[1 + rng.integers(len(LABELS) - 1)]
    figure, track = _movers(rng, other, times, photos, tone)[0]
    figure.half_height = 0.5 * min(f.half_height for f, _ in movers)
    return [(figure, track)]


def _make_shard(arguments) -> tuple[np.ndarray, np.ndarray]:
    seed, index, count, frames, side, mix, held_out, shots = arguments
    if not _photos:
        _photos.extend(scenes.load_photos(held_out))
    rng = np.random.default_rng((seed, index))
    labels = rng.permutation(np.array([mix[i % len(mix)] for i in range(count)]))
    clips = [make_clip(rng, LABELS[label], frames, side, _photos, shots(rng)) for label in labels]
    return np.stack(clips), labels.astype(np.int64)


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
    labels_path = path.with_suffix(".labels.npy")
    if not labels_path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        clips = np.lib.format.open_memmap(path, "w+", np.uint8, (count, side, side, frames * 3))
        labels = np.empty(count, np.int64)
        jobs = [
            (seed, index, min(SHARD, count - start), frames, side, mix, held_out, shots)
            for index, start in enumerate(range(0, count, SHARD))
        ]
        start = 0
        with multiprocessing.get_context("spawn").Pool(processes) as pool:
            for shard, shard_labels in pool.imap(_make_shard, jobs):
                clips[start : start + len(shard)] = shard
                labels[start : start + len(shard)] = shard_labels
                start += len(shard)
        clips.flush()
        np.save(labels_path, labels)  # last: its presence says that the set is whole
    return np.load(path, mmap_mode="r"), np.load(labels_path)

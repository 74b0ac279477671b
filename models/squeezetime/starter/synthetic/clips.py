"""Clips, reproducible from their seed."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...clip import packed
from ...labels import LABELS
from . import camera, figures, scenes, tracks

VERSION = 0  # of what a seed gives: with another number new sets are drawn (starter.clip_set)


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
    return packed(shot.film(rng, pictures))


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

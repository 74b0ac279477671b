"""How an object moves through a window, label by label.

Units: positions and sizes in picture sides, x to the right, y down; angles in radians,
growing clockwise on the screen; time 0..1 over the window. The second label of a reversed
pair has no code of its own: clips plays the first one's track backwards, so that nothing but
temporal order tells the two apart.
"""

from dataclasses import dataclass

import numpy as np


@dataclass
class Track:
    """Where one object is in each of T frames; every field is a float array [T]."""

    x: np.ndarray
    y: np.ndarray
    scale: np.ndarray
    angle: np.ndarray
    opacity: np.ndarray

    def reversed(self) -> "Track":
        return Track(
            self.x[::-1], self.y[::-1], self.scale[::-1], self.angle[::-1], self.opacity[::-1]
        )

    def zoomed(self, factor: float, x=0.5, y=0.5) -> "Track":
        """As through a lens that enlarges by factor about (x, y)."""
        return Track(
            x + (self.x - x) * factor,
            y + (self.y - y) * factor,
            self.scale * factor,
            self.angle,
            self.opacity,
        )


def _at_rest(times: np.ndarray, x: float, y: float, angle: float = 0.0) -> Track:
    ones = np.ones_like(times)
    return Track(x * ones, y * ones, ones.copy(), angle * ones, ones.copy())


def _progress(rng: np.random.Generator, times: np.ndarray) -> np.ndarray:
    """0..1: mostly even motion through the window, else late start, early stop or ease."""
    if rng.random() < 0.6:
        return times
    start, stop = rng.uniform(0, 0.3), rng.uniform(0.7, 1)
    p = np.clip((times - start) / (stop - start), 0, 1)
    return p * p * (3 - 2 * p) if rng.random() < 0.5 else p


def _drift(rng: np.random.Generator, p: np.ndarray, amount: float) -> np.ndarray:
    return rng.uniform(-amount, amount) * (p - 0.5)


def _crossing(rng, times: np.ndarray) -> np.ndarray:
    """Position along one axis of an object that crosses, enters or leaves the picture.

    Drawn again until it is seen to move by an eighth of the picture in at least 5 of 16 frames.
    """
    fewest = max(2, len(times) * 5 // 16)
    p = _progress(rng, times)
    while True:
        travel = np.exp(rng.uniform(np.log(0.16), np.log(1.4)))
        position = rng.uniform(-0.15, 1.15) + travel * (p - 0.5)
        seen = position[(position > 0) & (position < 1)]
        if len(seen) >= fewest and np.ptp(seen) >= 0.125:
            return position


def _interior(rng) -> tuple[float, float]:
    return rng.uniform(0.25, 0.75), rng.uniform(0.25, 0.75)


def left_to_right(rng, times):
    track = _at_rest(times, 0, rng.uniform(0.2, 0.8))
    track.x = _crossing(rng, times)
    slope = rng.uniform(-0.3, 0.3)  # people walk on slanting paths too
    track.y = track.y + slope * (track.x - track.x.mean())
    track.scale = 1 + _drift(rng, times, 0.12)
    return track


def rise(rng, times):
    track = _at_rest(times, rng.uniform(0.2, 0.8), 0, rng.uniform(-0.3, 0.3))
    track.y = 1 - _crossing(rng, times)
    track.x = track.x + rng.uniform(-0.25, 0.25) * (track.y - track.y.mean())
    return track


def approach(rng, times):
    p = _progress(rng, times)
    track = _at_rest(times, *_interior(rng), rng.uniform(-0.2, 0.2))
    growth = rng.uniform(1.7, 3.6)
    track.scale = growth ** (p - rng.uniform(0.3, 0.6))
    track.x = track.x + _drift(rng, p, 0.12)
    track.y = track.y + _drift(rng, p, 0.12)
    return track


def rotate_cw(rng, times):
    p = _progress(rng, times)
    track = _at_rest(times, *_interior(rng), rng.uniform(0, 2 * np.pi))
    # Under 25 degrees a frame: faster, a two-fold shape would seem to turn the other way.
    track.angle = track.angle + p * np.radians(rng.uniform(70, 330))
    radius = rng.uniform(0, 0.08)  # pivot off the shape's middle
    track.x = track.x + radius * np.cos(track.angle) + _drift(rng, p, 0.06)
    track.y = track.y + radius * np.sin(track.angle) + _drift(rng, p, 0.06)
    track.scale = track.scale * rng.uniform(1.1, 1.6)
    return track


def wave(rng, times):
    track = _at_rest(times, *_interior(rng), rng.uniform(-0.2, 0.2))
    swing = np.sin(2 * np.pi * (rng.uniform(1.5, 3.6) * times + rng.random()))
    if rng.random() < 0.3:  # a forearm: turns about its lower end
        reach, angle = rng.uniform(0.12, 0.25), swing * rng.uniform(0.4, 0.9)
        track.x = track.x + reach * np.sin(angle)
        track.y = track.y + reach * (1 - np.cos(angle))
        track.angle = track.angle + angle
    else:
        track.x = track.x + rng.uniform(0.08, 0.22) * swing
    track.y = track.y + _drift(rng, times, 0.05)
    return track


def appear(rng, times):
    track = _at_rest(times, *_interior(rng), rng.uniform(-0.3, 0.3))
    moment, ramp = rng.uniform(0.2, 0.8), rng.uniform(0.01, 0.2)
    track.opacity = np.clip((times - moment) / ramp + 0.5, 0, 1)
    track.x = track.x + _drift(rng, times, 0.05)
    return track


def still(rng, times):
    """Nothing that counts: an object at rest, swaying a little, or barely in at an edge."""
    kind = rng.random()
    track = _at_rest(times, rng.uniform(0, 1), rng.uniform(0.1, 0.9), rng.uniform(-3, 3))
    if kind < 0.35:
        track.opacity = track.opacity * 0  # an empty scene
    elif kind < 0.6:
        sway = rng.uniform(0, 0.012) * np.sin(
            2 * np.pi * (rng.uniform(0.2, 3) * times + rng.random())
        )
        track.x = track.x + sway
        track.angle = track.angle + sway * rng.uniform(-2, 2)
    elif kind < 0.7:  # comes in at the side in the last two frames: too little to judge
        speed = rng.uniform(0.3, 1)
        track.x = speed * (times - times[-2]) - rng.uniform(0.05, 0.1)
        if rng.random() < 0.5:
            track.x = 1 - track.x
        if rng.random() < 0.5:
            track = track.reversed()
    return track


# What is drawn, for each label: the maker and whether its track is then reversed.
TRACKS = {
    "still": (still, False),
    "left_to_right": (left_to_right, False),
    "right_to_left": (left_to_right, True),
    "rise": (rise, False),
    "fall": (rise, True),
    "approach": (approach, False),
    "recede": (approach, True),
    "rotate_cw": (rotate_cw, False),
    "rotate_ccw": (rotate_cw, True),
    "wave": (wave, False),
    "appear": (appear, False),
    "disappear": (appear, True),
}

"""Worse pictures than the drawn ones: the same clips, one thing changed at a time."""

import numpy as np

from . import film

CONDITIONS = {
    "a quarter of the light, noise 2 %": lambda rng, f: _noisy(rng, f * np.float32(0.25), 0.02),
    "an eighth of the light, noise 2 %": lambda rng, f: _noisy(rng, f * np.float32(0.125), 0.02),
    "infrared": lambda rng, f: film.infrared(rng, f.astype(np.float32)),
    "noise 5 %": lambda rng, f: _noisy(rng, f, 0.05),
    "shake, 1.5 pixels": lambda rng, f: film.shaken(rng, f, 1.5, False),
    "JPEG, quality 20": lambda rng, f: film.jpeg(f, 20),
    "H.264, quantizer 36": lambda rng, f: film.h264(f, 36),
    "three frames lost": lambda rng, f: film.frames_lost(rng, f, 3),
    "six frames lost": lambda rng, f: film.frames_lost(rng, f, 6),
    "a post hides a fifth of the width": lambda rng, f: _hidden(rng, f, (0, 1), _place(rng, 0.2)),
    "the lower third is hidden": lambda rng, f: _hidden(rng, f, (2 / 3, 1), (0, 1)),
    "one frame repeated": lambda rng, f: np.repeat(f[8:9], len(f), 0),
}


def _place(rng, share: float) -> tuple[float, float]:
    """From where to where something of this share of the width stands, near the middle."""
    left = rng.uniform(0.3, 0.7 - share)
    return left, left + share


def _hidden(rng, frames: np.ndarray, rows: tuple, columns: tuple) -> np.ndarray:
    """Something of one colour that stands still in front of these shares of the picture."""
    made, side = frames.copy(), frames.shape[1]
    top, bottom, left, right = (round(side * share) for share in (*rows, *columns))
    made[:, top:bottom, left:right] = rng.integers(20, 200, 3)
    return made


def _noisy(rng, frames: np.ndarray, share: float) -> np.ndarray:
    return frames + rng.standard_normal(frames.shape, dtype=np.float32) * 255 * share


def changed(clip: np.ndarray, change, seed: int) -> np.ndarray:
    height, width, channels = clip.shape
    frames = clip.reshape(height, width, channels // 3, 3).transpose(2, 0, 1, 3)
    made = change(np.random.default_rng(seed), np.ascontiguousarray(frames))
    made = np.asarray(made).clip(0, 255).astype(np.uint8)
    return made.transpose(1, 2, 0, 3).reshape(clip.shape)

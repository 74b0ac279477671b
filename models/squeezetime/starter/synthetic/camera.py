"""What a camera adds to a scene: exposure, flicker, shake, blur, noise, compression."""

import io

import numpy as np
from PIL import Image

MARGIN = 4  # pixels drawn around the picture so that a shaken one has no empty border


def jittered_times(rng: np.random.Generator, frames: int) -> np.ndarray:
    """Times 0..1 of the frames: an even grid, frames up to half an interval off, one held over."""
    times = np.arange(frames) + rng.normal(0, rng.uniform(0, 0.2), frames).clip(-0.45, 0.45)
    if rng.random() < 0.15:  # a lost frame: the one before is seen twice
        lost = rng.integers(1, frames)
        times[lost] = times[lost - 1]
    return np.clip(times / (frames - 1), 0, 1)


def shake(rng: np.random.Generator, frames: int) -> np.ndarray:
    """Offsets [frames,2] in whole pixels, within MARGIN."""
    if rng.random() < 0.6:
        return np.zeros((frames, 2), int)
    return _sway(rng, frames, 0.9)


def strong_shake(rng: np.random.Generator, frames: int) -> np.ndarray:
    """As shake, but always, and up to twice as far."""
    return _sway(rng, frames, 1.8)


def _sway(rng, frames, most):
    sway = rng.normal(0, rng.uniform(0, most), (frames, 2))
    return sway.round().astype(int).clip(-MARGIN, MARGIN)


def film(rng: np.random.Generator, frames: np.ndarray) -> np.ndarray:
    """What the sensor and the codec make of frames [T,S,S,3] (float 0..1): uint8, same shape."""
    count = len(frames)
    gain = 1 + rng.normal(0, rng.uniform(0, 0.03), count)  # mains flicker
    if rng.random() < 0.25:  # auto exposure settles, a cloud passes
        gain = gain * np.linspace(1, rng.uniform(0.75, 1.3), count)
    frames = frames * gain[:, None, None, None].astype(np.float32)
    noise = rng.uniform(0, 0.04) if rng.random() < 0.7 else rng.uniform(0.04, 0.08)
    frames += np.float32(noise) * rng.standard_normal(frames.shape, dtype=np.float32)
    pictures = (np.clip(frames, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.4:
        quality = int(rng.integers(30, 95))
        pictures = np.stack([jpeg(picture, quality) for picture in pictures])
    return pictures


def jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))

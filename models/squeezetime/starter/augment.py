"""Augmentation that knows which labels flip with the picture, and which with time; and night."""

import numpy as np

from ..labels import MIRRORED, REVERSED, UPSIDE_DOWN


def augment(rng: np.random.Generator, clip: np.ndarray, label: int) -> tuple[np.ndarray, int]:
    """A variant of clip (uint8 [H,W,T,3]) and its label: mirrored, reversed, recoloured."""
    if rng.random() < 0.5:
        clip, label = clip[:, ::-1], MIRRORED[label]
    if rng.random() < 0.25:
        clip, label = clip[::-1], UPSIDE_DOWN[label]
    if rng.random() < 0.5:
        clip, label = clip[:, :, ::-1], REVERSED[label]
    if rng.random() < 0.5:
        clip = clip[..., rng.permutation(3)]
    if rng.random() < 0.2:  # grey: infrared cameras at night
        clip = np.broadcast_to(clip[..., 1:2], clip.shape)
    if rng.random() < 0.2:
        clip = 255 - clip
    return clip, label


def at_night(rng: np.random.Generator, clip: np.ndarray) -> np.ndarray:
    """A third of the clips (uint8): 8 to 80 % of the light, 0 to 3 % of a sensor's noise."""
    if rng.random() > 1 / 3:
        return clip
    light = np.exp(rng.uniform(np.log(0.08), np.log(0.8)))
    grain = rng.standard_normal(clip.shape, dtype=np.float32)
    dark = clip * np.float32(light) + grain * (255 * rng.uniform(0, 0.03))
    return dark.clip(0, 255).astype(np.uint8)


def augmented_batch(rng, clips: np.ndarray, labels: np.ndarray, frames: int):
    """Clips uint8 [N,H,W,T*3] -> (uint8 same shape, labels [N])."""
    batch, classes = np.empty_like(clips), np.empty_like(labels)
    shape = (*clips.shape[1:3], frames, 3)
    for i, (clip, label) in enumerate(zip(clips, labels, strict=True)):
        variant, classes[i] = augment(rng, clip.reshape(shape), label)
        batch[i] = at_night(rng, variant).reshape(clip.shape)
    return batch, classes

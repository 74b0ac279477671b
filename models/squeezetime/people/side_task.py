"""The starter's motions, which the people model learns beside its own labels: how well it does.

The model file has no output for them. What is measured is the head of the training.
"""

from pathlib import Path

import numpy as np
import torch

from ..labels import LABELS
from ..presets import PRESETS
from ..starter.loop import to_input
from . import network
from .scaled import scaled

PART = 64  # clips at a time


def report(weights: Path, preset: str, test: tuple[np.ndarray, np.ndarray]) -> list[str]:
    """Recall of each motion over the starter's test clips: uint8 [N,S,S,48], their labels."""
    model = network.build(PRESETS[preset])
    if "drawn" in network.load(model, weights):
        raise ValueError(f"{weights}: has no head for the starter's motions")
    clips, truth = test
    clips = scaled(clips, PRESETS[preset].size)
    guesses = _best(model, clips)
    right = guesses == truth
    recalls = [f"{LABELS[i]} {right[truth == i].mean():.3f}" for i in np.unique(truth)]
    return [f"the starter's motions, {len(truth)} clips: {right.mean():.4f}", ", ".join(recalls)]


def _best(model, clips: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return np.concatenate(
            [
                model(to_input(clips[i : i + PART]), training=False)[1].argmax(1).numpy()
                for i in range(0, len(clips), PART)
            ]
        )

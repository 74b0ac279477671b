"""Clips of another size than they were drawn in."""

import cv2
import numpy as np

from ..resize import halved


def scaled(clips: np.ndarray, side: int) -> np.ndarray:
    """Clips uint8 [N,S,S,C] -> [N,side,side,C]."""
    if clips.shape[1] == side:
        return clips
    if clips.shape[1] == 2 * side:
        return halved(clips)
    return np.stack(
        [cv2.resize(clip, (side, side), interpolation=cv2.INTER_LINEAR) for clip in clips]
    )

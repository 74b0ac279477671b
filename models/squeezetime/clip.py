"""Clips: a window's frames with time in the channels, channel t*3+c."""

import numpy as np


def packed(frames: np.ndarray) -> np.ndarray:
    """[T,H,W,3] -> [H,W,T*3]."""
    return frames.transpose(1, 2, 0, 3).reshape(*frames.shape[1:3], -1)


def in_order(clips: np.ndarray, order) -> np.ndarray:
    """Clips [N,H,W,T*3] with their frames at these indices: backwards, shuffled, one repeated."""
    by_frame = clips.reshape(*clips.shape[:3], -1, 3)
    return np.ascontiguousarray(by_frame[:, :, :, order]).reshape(*clips.shape[:3], -1)


def one_frame_repeated(clips: np.ndarray, frames: int) -> np.ndarray:
    """The clips with their middle frame in the place of every frame: looks without motion."""
    return in_order(clips, [frames // 2] * frames)


def played_backwards(clips: np.ndarray, frames: int) -> np.ndarray:
    return in_order(clips, np.arange(frames)[::-1])

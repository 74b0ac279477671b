"""Position maps and pictures of another size."""

import numpy as np


def bilinear(maps: np.ndarray, height: int, width: int) -> np.ndarray:
    """[N,h,w,C] -> [N,height,width,C], with aligned corners, as the official forward pass does."""

    def matrix(have: int, want: int) -> np.ndarray:
        at = np.linspace(0, have - 1, want)
        low = np.minimum(at.astype(int), max(have - 2, 0))
        m = np.zeros((want, have))
        m[np.arange(want), low] = 1 - (at - low)
        m[np.arange(want), np.minimum(low + 1, have - 1)] += at - low
        return m

    rows, columns = matrix(maps.shape[1], height), matrix(maps.shape[2], width)
    return np.einsum("nhwc,yh,xw->nyxc", maps, rows, columns).astype(np.float32)


def halved(clips: np.ndarray) -> np.ndarray:
    """uint8 clips [N,H,W,C] -> [N,H/2,W/2,C], 2x2 pixels averaged."""
    count, height, width, channels = clips.shape
    small = np.empty((count, height // 2, width // 2, channels), np.uint8)
    for into, clip in zip(small, clips, strict=True):
        rows = clip[0::2].astype(np.uint16) + clip[1::2]
        into[:] = (rows[:, 0::2] + rows[:, 1::2] + 2) >> 2
    return small

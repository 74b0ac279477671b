"""What edged makes of a picture: capture/pixel in Python, to the byte where its libyuv rounds as
here. capture/pixel/workshop_test.go holds the two together.
"""

from functools import lru_cache

import numpy as np

Planes = tuple[np.ndarray, np.ndarray, np.ndarray]
Area = tuple[float, float, float, float]  # x, y, width, height, as fractions of the picture
WHOLE = (0.0, 0.0, 1.0, 1.0)
PARTS = 4096  # of a column: what the edges of a result are rounded to


def to_rgb(planes: Planes, height: int, width: int, area: Area = WHOLE) -> np.ndarray:
    """Y, Cb and Cr, uint8, 4:2:0, BT.601 in limited range -> RGB uint8 [height,width,3].

    Of the area what has the result's aspect, about its middle; each pixel is the average of what it
    covers. Planes first, colours then: so it is cheap.
    """
    y, x, h, w = _centre(planes[0].shape, height, width, area)
    parts = [planes[0][y : y + h, x : x + w]]
    for chroma in planes[1:]:
        parts.append(chroma[y // 2 : y // 2 + (h + 1) // 2, x // 2 : x // 2 + (w + 1) // 2])
    return _converted(*(_scaled(part, height, width) for part in parts))


def _centre(shape, height, width, area) -> tuple[int, int, int, int]:
    """y, x, height and width, pixels of the picture; x and y are even."""
    x, whole_width = _within(shape[1], area[0], area[2])
    y, whole_height = _within(shape[0], area[1], area[3])
    h, w = whole_height, whole_width
    if w * height > h * width:
        w = max(1, (h * width + height // 2) // height)
    else:
        h = max(1, (w * height + width // 2) // width)
    y, x = y + (whole_height - h) // 2, x + (whole_width - w) // 2
    return y // 2 * 2, x // 2 * 2, h, w


def _within(side: int, at: float, part: float) -> tuple[int, int]:
    first = min(int(at * side + 0.5), side - 1)
    return first, max(1, min(int((at + part) * side + 0.5), side) - first)


def _scaled(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    h, w = plane.shape
    if h < height or w < width:
        return _enlarged(plane.astype(np.int32), height, width)
    rows = np.zeros((height, w), np.int32)
    for at, share in zip(*_rows(h, height), strict=True):
        rows += plane[at] * share
    before = np.zeros((height, w + 1), np.int64)  # the sum of the columns to the left
    rows.cumsum(axis=1, out=before[:, 1:])
    edges = np.arange(width + 1) * ((w * PARTS << 16) // width) >> 16
    whole, rest = edges // PARTS, edges % PARTS
    sums = np.diff(before[:, whole] * PARTS + rows[:, np.minimum(whole, w - 1)] * rest)
    each = np.float32(width) / (np.float32(w) * PARTS * 256)
    return (sums.astype(np.float32) * each + np.float32(0.5)).astype(np.int32)


@lru_cache
def _rows(have: int, want: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows [n,want] that are in each of the result's, and what of it they are, of 256."""
    result = np.arange(want)
    at = result * have // want + np.arange(have // want + 2)[:, None]
    begin = at * want - result * have
    ends = [(np.clip(e, 0, have) * 256 + have // 2) // have for e in (begin, begin + want)]
    return np.minimum(at, have - 1), (ends[1] - ends[0]).astype(np.int32)[..., None]


def _enlarged(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bilinear, the corners aligned, as libyuv rounds: to 7 bits across, to 8 down."""
    left, right, part = _between(plane.shape[1], width)
    part >>= 9
    plane = plane[:, left] + ((plane[:, right] - plane[:, left]) * part + 64 >> 7)
    upper, lower, part = _between(plane.shape[0], height)
    part = part[:, None] >> 8
    return plane[upper] * (256 - part) + plane[lower] * part + 128 >> 8


def _between(have: int, want: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which two samples each result lies between, and where, of 65536."""
    if want > have > 1:
        at = np.arange(want) * (((have << 16) - 0x10001) // (want - 1))
    else:
        step = (have << 16) // want
        at = np.arange(want) * step + (step - (1 << 16)) // 2
    at = at.clip(0, have - 1 << 16)
    return at >> 16, np.minimum((at >> 16) + 1, have - 1), at & 0xFFFF


def _converted(y: np.ndarray, cb: np.ndarray, cr: np.ndarray) -> np.ndarray:
    """With libyuv's factors, in 64ths: its blue is a little less than BT.601's 2.018."""
    light = (y * 257 * 18997 >> 16) - 1160
    cb, cr = cb - 128, cr - 128
    rgb = np.stack([light + 102 * cr, light - 25 * cb - 52 * cr, light + 128 * cb], -1)
    return np.clip(rgb >> 6, 0, 255).astype(np.uint8)

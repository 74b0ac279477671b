"""Videos, in any container that PyAV reads, as the clips that the network reads."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np


class Unreadable(ValueError):
    """A file that holds no video that can be decoded."""


def frames_at(path: Path, rate: float, size: int) -> Iterator[np.ndarray]:
    """The video's frames at `rate` a second by their own times: uint8 [size,size,3], RGB.

    The short side is scaled to size, and of the long one the middle is taken, as edged does.
    Where the video has fewer frames than that, the last one stands in, as in edged's window.
    """
    import av

    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise Unreadable(f"{path}: no video in it")
            due, last, start = 0, None, None
            for frame in container.decode(video=0):
                if frame.time is None:
                    continue
                start = frame.time if start is None else start
                while last is not None and frame.time - start > due / rate + 1e-6:
                    yield last
                    due += 1
                last = _cropped(frame, size)
            if last is None:
                raise Unreadable(f"{path}: no picture in it")
            yield last
    except (av.FFmpegError, OSError) as error:
        raise Unreadable(f"{path}: {error}") from error


def _cropped(frame, size: int) -> np.ndarray:
    scale = size / min(frame.width, frame.height)
    width, height = max(size, round(frame.width * scale)), max(size, round(frame.height * scale))
    rgb = frame.to_ndarray(width=width, height=height, format="rgb24")
    x, y = (width - size) // 2, (height - size) // 2
    return rgb[y : y + size, x : x + size]


def clips_of(
    path: Path, frames: int, rate: float, size: int, stride: int | None = None
) -> Iterator[np.ndarray]:
    """Windows of the video, `stride` sampled frames apart (default: none overlap): uint8 [H,W,T*3].

    A video too short for one window gives one all the same, its last frame repeated.
    """
    window: list[np.ndarray] = []
    given, last = 0, None
    for last in frames_at(path, rate, size):
        window.append(last)
        if len(window) == frames:
            yield np.concatenate(window, axis=2)
            given += 1
            window = window[stride or frames :]
    if not given and last is not None:
        yield np.concatenate(window + [last] * (frames - len(window)), axis=2)


def videos_in(folder: Path) -> list[Path]:
    """The files below the folder, in an order that does not depend on the file system."""
    return sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))

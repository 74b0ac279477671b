"""Videos, in any container that PyAV reads, as the clips that the network reads."""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from .clip import packed
from .pixels import Planes, to_rgb
from .sampling import on_ticks


class Unreadable(ValueError):
    """A file that holds no video that can be decoded."""


def frames_at(
    path: Path, rate: float, size: tuple[int, int], start: float = 0
) -> Iterator[np.ndarray | None]:
    """The frames that edged would take at `rate` a second, from `start` seconds on: uint8 [H,W,3].

    RGB, upright, scaled and cut about its middle to size, which is (H, W), each pixel as edged has
    it. None stands where time jumps: edged begins a new window there.
    """
    return (frame for _, frame in ticks_at(path, rate, size, start))


def ticks_at(
    path: Path, rate: float, size: tuple[int, int], start: float = 0
) -> Iterator[tuple[int, np.ndarray | None]]:
    """The frames of frames_at, each after its tick: how many of 1/rate seconds are before it."""
    with _opened(path) as container:
        if start:
            container.seek(int(start * 1e6) + (container.start_time or 0))
        planes_of = _Planes(container)
        for tick, frame in on_ticks(_timed(container, path, start), rate):
            yield tick, None if frame is None else to_rgb(planes_of(frame), *size)


def frames_of(path: Path) -> Iterator[tuple[int, Planes]]:
    """Every frame, upright, after its time in nanoseconds."""
    with _opened(path) as container:
        planes_of = _Planes(container)
        for time, frame in _timed(container, path, 0):
            yield time, planes_of(frame)


def seconds(path: Path) -> float:
    """How long the video is, by its container; 0 where that does not say."""
    with _opened(path) as container:
        return (container.duration or 0) / 1e6


@contextmanager
def _opened(path: Path):
    import av

    try:
        # Phones and editors leave tags in encodings of their own. The whole path, as 12:30.mp4 by
        # itself would be taken for an address.
        with av.open(os.path.abspath(path), metadata_errors="ignore") as container:
            if not container.streams.video:
                raise Unreadable(f"{path}: holds no video")
            if container.format.name == "tty":  # libavformat makes pictures of it
                raise Unreadable(f"{path}: is a text, not a video")
            yield container
    except (av.FFmpegError, OSError) as error:
        raise Unreadable(f"{path}: {error}") from error


def _timed(container, path: Path, start: float) -> Iterator[tuple[int, object]]:
    """Frames with their times in nanoseconds, to 10 microseconds, as edged has them of a file."""
    count, first = 0, (container.start_time or 0) / 1e6 + start
    for frame in container.decode(video=0):
        if frame.time is None or (start and frame.time < first):
            continue
        count += 1
        yield math.floor(frame.time * 100_000 + 0.5) * 10_000, frame
    if count == 0:
        raise Unreadable(f"{path}: holds no picture with a time")
    if count == 1 and not start:
        raise Unreadable(f"{path}: is a single picture, not a video")


class _Planes:
    """What edged has of a frame: as its ffmpeg converts it (capture/ffmpeg.go)."""

    def __init__(self, container):
        from av.video.reformatter import VideoReformatter

        self.reformatter = VideoReformatter()
        self.pixel = container.streams.video[0].sample_aspect_ratio or 1  # width to height

    def __call__(self, frame) -> Planes:
        turns = round(frame.rotation / 90)  # a phone held upright films sideways, and says so
        converted = self.reformatter.reformat(
            frame,
            width=max(1, round(frame.width * self.pixel)),
            format="yuv420p",
            dst_colorspace="ITU601",
            dst_color_range="MPEG",
            interpolation="BICUBIC",
        )
        return tuple(np.rot90(_pixels(plane), turns) for plane in converted.planes)


def _pixels(plane) -> np.ndarray:
    return np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[:, : plane.width]


def runs_of(path: Path, frames: int, rate: float, size: tuple[int, int]) -> list[np.ndarray]:
    """The video's frames, in one array [N,H,W,3] for each stretch without a gap.

    Raises Unreadable where none of several has at least half of a window's frames.
    """
    runs: list[list[np.ndarray]] = [[]]
    for frame in frames_at(path, rate, size):
        if frame is None:
            runs.append([])
        else:
            runs[-1].append(frame)
    if len(runs) > 1:
        _check_longest(path, max(map(len, runs)), frames, rate)
    return [np.stack(run) for run in runs]


def clips_of(
    path: Path, frames: int, rate: float, size: tuple[int, int], start: float = 0
) -> Iterator[np.ndarray]:
    """The video's windows, side by side: uint8 [H,W,T*3]. None crosses a gap.

    A video too short for one window gives one all the same, its last frame repeated; where it has
    gaps its longest stretch, of at least half a window, or Unreadable is raised.
    """
    window: list[np.ndarray] = []
    longest, gaps, given = window, False, False
    for frame in frames_at(path, rate, size, start):
        if frame is None:
            window, gaps = [], True
            continue
        window.append(frame)
        if len(window) == frames:
            yield packed(np.stack(window))
            given, window = True, []
        longest = max(longest, window, key=len)
    if given or not longest:
        return
    if gaps:
        _check_longest(path, len(longest), frames, rate)
    yield packed(np.stack(longest + longest[-1:] * (frames - len(longest))))


def _check_longest(path: Path, longest: int, frames: int, rate: float) -> None:
    """One of a slow video's frames, repeated over a window, would be a frozen picture."""
    if 2 * longest < frames:
        with _opened(path) as container:
            has = float(container.streams.video[0].average_rate or 0)
        raise Unreadable(
            f"{path}: has {has:.3g} frames/s, with gaps. The model takes {rate:g} a second, "
            f"and at most {longest} follow each other without a gap"
        )


def videos_in(folder: Path) -> list[Path]:
    """The files below the folder that are not hidden, nor in hidden folders (waste baskets), in an
    order that does not depend on the file system.
    """
    below = (p.relative_to(folder) for p in folder.rglob("*") if p.is_file())
    return sorted(folder / p for p in below if not any(n.startswith(".") for n in p.parts))

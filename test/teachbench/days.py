"""A day before one camera: events of some seconds, in one video file beside a list of them.

The times between events are missing from the file, as after a camera's outage: no window spans two events.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

PAUSE = 10.0  # seconds between two events


@dataclass
class Event:
    """What happens, and its frames, uint8 RGB [T,S,S,3].

    label: one or more names joined by "+"; an action is taught from the events that have its name, and all others are
    its ordinary life, but for those where a "?" is before its name: they may show it, and do not count.
    """

    label: str
    frames: np.ndarray


def write(path: Path, events: Iterable[Event], rate: float) -> int:
    """Writes path and the list path.tsv; returns how many events there are. The list is written last."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines, start = ["from\tto\tlabel"], 0.0
    with av.open(str(path), "w", "matroska") as container:
        stream = container.add_stream("mjpeg", rate=Fraction(rate).limit_denominator(1000))
        stream.pix_fmt, stream.time_base = "yuvj420p", Fraction(1, 1000)
        stream.codec_context.time_base = Fraction(1, 1000)
        stream.options = {"qmin": "3", "qmax": "3"}
        for event in events:
            if not stream.codec_context.is_open:
                stream.height, stream.width = event.frames.shape[1:3]
            for index, frame in enumerate(event.frames):
                picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
                picture.pts, picture.time_base = round((start + index / rate) * 1000), Fraction(1, 1000)
                container.mux(stream.encode(picture))
            end = start + (len(event.frames) - 1) / rate
            lines.append(f"{start:.3f}\t{end:.3f}\t{event.label}")
            start = end + PAUSE
        container.mux(stream.encode())
    list_of(path).write_text("\n".join(lines) + "\n")
    return len(lines) - 1


def list_of(path: Path) -> Path:
    return path.with_suffix(".tsv")


def read(path: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The times [T], in seconds, and the frames [T,S,S,3] of each event."""
    times, frames = [], []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if times and frame.time - times[-1] > PAUSE / 2:
                yield np.array(times), np.stack(frames)
                times, frames = [], []
            times.append(frame.time)
            frames.append(frame.to_ndarray(format="rgb24"))
    if times:
        yield np.array(times), np.stack(frames)

"""Real footage with a table of what happens when: for testing alone, never for training.

The folder holds videos and labels.tsv: a header, then FILE, DESCRIPTION and SPANS, separated by
tabs; SPANS is `Falling (BW)[0.4 to 4]; Standing[0 to 0.3]`, in seconds. Or it is a subject's folder
of GMDCSA-24, as its authors publish it: ADL.csv and Fall.csv, and the videos in ADL and Fall.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import video
from ..clip import packed

TABLE = "labels.tsv"
GMDCSA = ("ADL", "Fall")
VIDEOS = (".mp4", ".avi")
STEP = 4  # frames from one window to the next: half a second
_SPAN = re.compile(r"([^;\[]+)\[\s*([\d.]+)\s*to\s*([\d.]+)\s*\]")


@dataclass
class Span:
    """What happens, in the table's words, from when to when, seconds."""

    what: str
    begin: float
    end: float

    @property
    def fall(self) -> bool:
        return self.what.lower().startswith("fall")


@dataclass
class Video:
    path: Path
    spans: list[Span]

    @property
    def falls(self) -> list[Span]:
        return [span for span in self.spans if span.fall]


@dataclass
class Window:
    """pixels uint8 [H,W,T*3]; begin: seconds into the video."""

    pixels: np.ndarray
    begin: float


def read(folder: Path) -> list[Video]:
    """Every video of the folder's table. ValueError names what cannot be read."""
    found = _gmdcsa(folder) if (folder / GMDCSA[0]).with_suffix(".csv").exists() else _table(folder)
    if not found:
        raise ValueError(f"{folder}: its tables name no video that is there")
    return found


def _table(folder: Path) -> list[Video]:
    table, found = folder / TABLE, []
    for number, line in enumerate(_lines(table), 2):
        name, *_, last = line.split("\t")
        spans = _spans(last)
        if not spans or not (folder / name).is_file():
            what = "no span like Walking[0 to 3]" if not spans else f"there is no {name}"
            raise ValueError(f"{table}, line {number}: {what}")
        found.append(Video(folder / name, spans))
    return found


def _gmdcsa(folder: Path) -> list[Video]:
    """The videos of the tables that are there: a copy may lack some."""
    found = []
    for kind in GMDCSA:
        for line in _lines((folder / kind).with_suffix(".csv")):
            path = folder / kind / line.partition(",")[0]
            if path.is_file():
                found.append(Video(path, _spans(line.rpartition(",")[2])))
    return found


def _lines(table: Path) -> list[str]:
    """Without the header."""
    try:
        return table.read_text().splitlines()[1:]
    except OSError as error:
        raise ValueError(
            f"{table}: {error.strerror}; it says what happens in each video"
        ) from error


def _spans(text: str) -> list[Span]:
    return [Span(w.strip(" ;"), float(a), float(b)) for w, a, b in _SPAN.findall(text)]


def unlabelled(folder: Path, known: list[Video]) -> list[Path]:
    """The folder's other videos."""
    paths = {v.path for v in known}
    return [p for p in video.videos_in(folder) if p.suffix in VIDEOS and p not in paths]


def windows(path: Path, frames: int, rate: float, size: tuple[int, int]) -> Iterator[Window]:
    """A window every half second, of the picture's middle square, as edged sees it.

    The last picture of a video that is shorter than a window is seen until the window ends.
    """
    kept: list[np.ndarray] = []
    seen = 0
    for tick, frame in enumerate(video.frames_at(path, rate, size)):
        kept = [] if frame is None else [*kept[-(frames - 1) :], frame]
        begin = tick + 1 - frames
        if len(kept) == frames and begin % STEP == 0:
            seen += 1
            yield Window(packed(np.stack(kept)), begin / rate)
    if not seen and kept:
        kept += kept[-1:] * (frames - len(kept))
        yield Window(packed(np.stack(kept)), 0.0)


SECONDS = 2.0  # of a window
SEEN_AFTER, SEEN_BEFORE = 1.0, 0.25  # a window shows a fall from its beginning to a second later


def shows(window: Window, fall: Span) -> bool:
    """Whether the first second of the fall lies in the window, but for a quarter of a second."""
    starts_before = window.begin <= fall.begin + SEEN_BEFORE
    return starts_before and window.begin + SECONDS >= fall.begin + SEEN_AFTER


def before(window: Window, falls: list[Span]) -> bool:
    """Whether the window is over before any of the falls begins."""
    return all(window.begin + SECONDS <= fall.begin for fall in falls)

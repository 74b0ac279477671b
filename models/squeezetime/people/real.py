"""Real footage with a table of what happens when: for testing alone, never for training.

The folder holds videos and labels.tsv: a header, then FILE, DESCRIPTION and SPANS, separated by
tabs; SPANS is `Falling (BW)[0.4 to 4]; Standing[0 to 0.3]`, in seconds. Or it is a subject's folder
of GMDCSA-24, as its authors publish it: ADL.csv and Fall.csv, and the videos in ADL and Fall.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import video
from ..clip import packed

TABLE = "labels.tsv"
GMDCSA = ("ADL", "Fall")
VIDEOS = (".mp4", ".avi", ".mov", ".mkv")
STEP = 4  # frames from one window to the next: half a second
_SECONDS = r"\s*(\d+(?:\.\d+)?)\s*"
_SPAN = re.compile(rf"([^;\[]+)\[{_SECONDS}to{_SECONDS}\]")


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
    """pixels uint8 [H,W,T*3]; begin: seconds into the video; seconds: how long it is."""

    pixels: np.ndarray
    begin: float
    seconds: float


def read(folder: Path) -> list[Video]:
    """Every video of the folder's table. ValueError names what cannot be read."""
    found = _gmdcsa(folder) if (folder / GMDCSA[0]).with_suffix(".csv").exists() else _table(folder)
    if not found:
        raise ValueError(f"{folder}: its tables name no video that is there")
    return found


def _table(folder: Path) -> list[Video]:
    table, found = folder / TABLE, []
    for number, line in enumerate(_lines(table), 2):
        if not line.strip():
            continue
        name, *columns = line.split("\t")
        spans = _spans(columns[-1]) if columns else []
        wrong = [
            (not columns, "no tab: it needs FILE, DESCRIPTION and SPANS"),
            (
                not spans or len(spans) < columns[-1].count("["),
                "a span must be like Walking[0 to 3]",
            ),
            (not (folder / name).is_file(), f"there is no {name}"),
            (
                folder / name in [video.path for video in found],
                f"{name} is in an earlier line, too",
            ),
        ]
        for is_wrong, why in wrong:
            if is_wrong:
                raise ValueError(f"{table}, line {number}: {why}")
        found.append(Video(folder / name, spans))
    return found


def _gmdcsa(folder: Path) -> list[Video]:
    """The videos of the tables that are there: a copy may lack some."""
    found = []
    for kind in GMDCSA:
        table = (folder / kind).with_suffix(".csv")
        for row in csv.reader(_lines(table)):
            path = folder / kind / (row or [""])[0]
            if path.is_file():
                found.append(Video(path, _spans(row[-1])))
                if kind == GMDCSA[1] and not found[-1].falls:
                    raise ValueError(f"{table}: {path.name} has no span like Falling[1 to 3]")
        known = {item.path for item in found}
        for path in video.videos_in(folder / kind):
            if path not in known:
                raise ValueError(f"{table}: does not name {path}")
    return found


def _lines(table: Path) -> list[str]:
    """Without the header."""
    try:
        return table.read_text().splitlines()[1:]
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not in UTF-8"
        raise ValueError(f"{table}: {why}; it says what happens in each video") from error


def _spans(text: str) -> list[Span]:
    return [Span(w.strip(" ;"), float(a), float(b)) for w, a, b in _SPAN.findall(text)]


def unlabelled(folder: Path, known: list[Video]) -> list[Path]:
    """The folder's other videos."""
    paths = {v.path for v in known}
    return [p for p in _videos(folder) if p not in paths]


def videos(folder: Path) -> list[Path]:
    """The videos in the folder. ValueError where there is none."""
    found = _videos(folder)
    if not found:
        raise ValueError(f"{folder}: no {' or '.join(VIDEOS)} in it")
    return found


def _videos(folder: Path) -> list[Path]:
    return [p for p in video.videos_in(folder) if p.suffix.lower() in VIDEOS]


def windows(path: Path, frames: int, rate: float, size: tuple[int, int]) -> Iterator[Window]:
    """A window every half second, of the picture's middle square, as edged sees it.

    A video shorter than a window gives one window, filled up with its last picture.
    """
    kept: list[np.ndarray] = []
    given = False
    for tick, frame in video.ticks_at(path, rate, size):
        kept = [] if frame is None else [*kept[-(frames - 1) :], frame]
        begin = tick + 1 - frames
        if len(kept) == frames and begin % STEP == 0:
            given = True
            yield Window(packed(np.stack(kept)), begin / rate, frames / rate)
    if not given:
        for clip in video.clips_of(path, frames, rate, size):
            yield Window(clip, 0.0, frames / rate)


SEEN_AFTER, SEEN_BEFORE = 1.0, 0.25  # a window shows a fall from its beginning to a second later


def shows(window: Window, fall: Span) -> bool:
    """Whether the first second of the fall lies in the window, but for a quarter of a second."""
    starts_before = window.begin <= fall.begin + SEEN_BEFORE
    return starts_before and window.begin + window.seconds >= fall.begin + SEEN_AFTER


def before(window: Window, falls: list[Span]) -> bool:
    """Whether the window is over before any of the falls begins."""
    return all(window.begin + window.seconds <= fall.begin for fall in falls)

"""A folder of clips for each label: read, and split into what is trained on and what is not."""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np

from .. import video
from ..labels import check
from .form import Form

VALIDATION = 0.25  # share of each label's files


@dataclass
class File:
    """A video's sampled frames: uint8 [N,H,W,3], N at least T."""

    label: int
    name: str  # LABEL/clip.mp4
    size: int  # bytes
    changed: int  # ns
    frames: np.ndarray

    @property
    def identity(self) -> list:
        return [self.name, self.size, self.changed]


def labels_in(data: Path) -> list[str]:
    """The names of the folders."""
    labels = sorted(p.name for p in data.iterdir() if p.is_dir() and not p.name.startswith("."))
    if len(labels) < 2:
        raise ValueError(f"{data}: a folder of clips for each of at least 2 labels is expected")
    check(labels, str(data))
    return labels


def read(data: Path, labels: list[str], kind: Form, report: Callable[[str], None]) -> list[File]:
    """Every label's files. What cannot be read is named and left out."""
    files, skipped = [], 0
    frames, size = kind.preset.frames, (kind.preset.size, kind.preset.size)
    for index, label in enumerate(labels):
        found = []
        for path in video.videos_in(data / label):
            try:
                runs = video.runs_of(path, frames, kind.frame_rate, size)
            except video.Unreadable as error:
                skipped += 1
                report(f"skipped: {error}")
                continue
            pictures = max(runs, key=len)
            if len(runs) > 1:
                used = f"{len(pictures)} of {sum(map(len, runs))} frames"
                report(f"{path}: its time jumps: its longest stretch is used, {used}")
            short = max(0, frames - len(pictures))
            pictures = np.pad(pictures, ((0, short), (0, 0), (0, 0), (0, 0)), "edge")
            of, name = path.stat(), path.relative_to(data).as_posix()
            found.append(File(index, name, of.st_size, of.st_mtime_ns, pictures))
        if not found:
            raise ValueError(f"{data / label}: no video in it that could be read")
        seconds = sum(len(f.frames) for f in found) / kind.frame_rate
        report(f"{label}: {len(found)} clips, {seconds:.0f} s")
        files += found
    if skipped:
        report(f"{skipped} files skipped")
    return files


def split(files: list[File], labels: list[str]) -> tuple[list[File], list[File]]:
    """What is trained on and what is held out: by file, so that no window of one is in both.

    The names decide, not the places in a list: a file that is added or renamed moves few others.
    """
    counts = Counter(f.label for f in files)
    if single := [labels[i] for i in counts if counts[i] == 1]:
        raise ValueError(
            f"{', '.join(single)}: a single clip cannot be both trained and tested: add clips"
        )
    training, held = [], []
    for label in sorted(counts):
        mine = sorted(
            (f for f in files if f.label == label),
            key=lambda f: (crc32(os.fsencode(f.name)), f.name),
        )
        share = max(1, round(VALIDATION * len(mine)))
        held += mine[:share]
        training += mine[share:]
    return training, held

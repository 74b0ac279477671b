"""A folder of clips for each label: read, and split into what is trained on and what is not."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np

from .. import video
from ..arrays import head
from ..labels import check
from ..packaging import write_whole
from .form import Form
from .progress import Progress

VALIDATION = 0.25  # share of each label's files


@dataclass
class File:
    """A video, and where its frames are kept once they are sampled."""

    label: int
    name: str  # LABEL/clip.mp4
    size: int  # bytes
    changed: int  # ns
    kept: Path = Path()  # .npy
    length: int = 0  # frames

    @property
    def identity(self) -> list:
        return [self.name, self.size, self.changed]

    @property
    def frames(self) -> np.ndarray:
        """uint8 [length,H,W,3], mapped anew: of open files a process may have but 1,024."""
        return np.asarray(np.load(self.kept, mmap_mode="r"))


def labels_in(data: Path) -> list[str]:
    """The names of the folders."""
    labels = sorted(p.name for p in data.iterdir() if p.is_dir() and not p.name.startswith("."))
    if len(labels) < 2:
        raise ValueError(f"{data}: needs a folder of clips for each label, and at least 2 labels")
    check(labels, str(data))
    return labels


def files_in(data: Path, labels: list[str], told: Progress) -> list[File]:
    """Every label's files, none of them read. Copies of one another are named and left out."""
    files = []
    for index, label in enumerate(labels):
        for path in video.videos_in(data / label):
            of, name = path.stat(), path.relative_to(data).as_posix()
            files.append(File(index, name, of.st_size, of.st_mtime_ns))
    files = list(_without_copies(data, files, told))
    counts = Counter(f.label for f in files)
    for index, label in enumerate(labels):
        _check(data / label, counts[index], "holds no video")
    return files


def _without_copies(data: Path, files: list[File], told: Progress) -> Iterator[File]:
    """A copy would be tested where the other was trained on."""
    of_size, first = Counter(f.size for f in files), {}
    for file in files:
        if file.size and of_size[file.size] > 1:
            other = first.setdefault(_digest(data / file.name), file)
            if other.label != file.label:
                raise ValueError(
                    f"{data / other.name} and {data / file.name} are the same video: "
                    "remove it from one of the labels"
                )
            if other is not file:
                told.warn(f"skipped: {data / file.name}: a copy of {other.name}")
                continue
        yield file


def _digest(path: Path) -> bytes:
    try:
        with open(path, "rb") as content:
            return hashlib.file_digest(content, "sha256").digest()
    except OSError:  # to be named when it is to be read
        return os.fsencode(path)


def _check(folder: Path, count: int, none: str) -> None:
    if count == 0:
        raise ValueError(f"{folder}: {none}")
    if count == 1:
        raise ValueError(
            f"{folder}: has a single clip, and needs one to train on and one to test on: add clips"
        )


def read(
    files: list[File], data: Path, labels: list[str], kind: Form, folder: Path, told: Progress
) -> list[File]:
    """Those of the files that are videos, their frames kept in `folder`, which need not be there.

    What was kept there before is not decoded again, and removed where it is of no use any more.
    What cannot be read is named and counted.
    """
    folder.mkdir(exist_ok=True)
    found, window = [], kind.preset.frames / kind.frame_rate
    for index, label in enumerate(labels):
        mine, could = [f for f in files if f.label == index], []
        for number, file in enumerate(mine):
            told.show(f"{label}: {number} of {len(mine)}")
            try:
                _keep(file, data / file.name, kind, folder, told)
            except video.Unreadable as error:
                told.warn(f"skipped: {error}")
            else:
                could.append(file)
        _check(data / label, len(could), "holds no video that could be read")
        seconds = sum(f.length for f in could) / kind.frame_rate
        told.say(f"{label}: {len(could)} clips, {seconds:.0f} s")
        if short := sum(f.length < kind.preset.frames for f in could):
            told.say(
                f"{label}: {short} clips shorter than {window:.1f} s: their last frame is repeated"
            )
        found += could
    if len(found) < len(files):
        told.say(f"{len(files) - len(found)} files skipped")
    for path in set(folder.iterdir()) - {f.kept for f in found}:
        path.unlink()
    return found


def _keep(file: File, path: Path, kind: Form, folder: Path, told: Progress) -> None:
    """Samples the file's frames, unless they are kept from before."""
    frames, size = kind.preset.frames, (kind.preset.size, kind.preset.size)
    what = json.dumps([file.identity, size, kind.frame_rate])
    file.kept = folder / f"{hashlib.sha256(what.encode()).hexdigest()[:32]}.npy"
    file.length = _kept(file.kept, size)
    if file.length:
        return
    runs = video.runs_of(path, frames, kind.frame_rate, size)
    pictures = max(runs, key=len)
    file.length = len(pictures)
    if 2 * file.length < frames:
        raise video.Unreadable(
            f"{path}: {file.length / kind.frame_rate:.1f} s: less than half of the "
            f"{frames / kind.frame_rate:.1f} s that the model sees at once"
        )
    if len(runs) > 1:
        used = f"{file.length} of {sum(map(len, runs))} frames"
        told.say(f"{path}: its time jumps: its longest stretch is used, {used}")
    write_whole(file.kept, [head(pictures.shape), np.ascontiguousarray(pictures)])


def _kept(path: Path, size: tuple[int, int]) -> int:
    """How many frames are kept there; 0 where none are, or the file is damaged."""
    try:
        pictures = np.load(path, mmap_mode="r")
    except Exception:  # of many kinds: what is damaged is read as something else
        return 0
    return len(pictures) if (pictures.dtype, pictures.shape[1:]) == (np.uint8, (*size, 3)) else 0


def split(
    files: list[File], seen: set[tuple[str, int]] = frozenset()
) -> tuple[list[File], list[File]]:
    """What is trained on and what is held out: by file, so that no window of one is in both.

    The names decide, not the places in a list: a file that is added or renamed moves few others.
    seen: names and sizes of files that the weights to begin with know. They are held out only
    where a label has no other.
    """
    training, held = [], []
    for label in sorted({f.label for f in files}):
        mine = sorted(
            (f for f in files if f.label == label),
            key=lambda f: ((f.name, f.size) in seen, crc32(os.fsencode(f.name)), f.name),
        )
        unseen = sum((f.name, f.size) not in seen for f in mine)
        share = max(1, min(round(VALIDATION * len(mine)), unseen))
        held += mine[:share]
        training += mine[share:]
    return training, held

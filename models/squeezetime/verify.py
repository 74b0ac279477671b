"""A model file on somebody's clips: how right it is, window by window and video by video."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import video
from .litert import Model
from .packaging import unpack


@dataclass
class Score:
    """How many videos and windows there were, and how many of each were right."""

    videos: int = 0
    right: int = 0
    windows: int = 0
    windows_right: int = 0

    def add(self, other: "Score") -> None:
        for field in vars(self):
            setattr(self, field, getattr(self, field) + getattr(other, field))

    def line(self, name: str) -> str:
        return (
            f"{name:24} {self.right:4} of {self.videos:4} videos  {self.right / self.videos:.3f}"
            f"  {self.windows_right:5} of {self.windows:5} windows"
            f"  {self.windows_right / self.windows:.3f}"
        )


def verify(path: Path, clips: Path, beside: Path | None = None) -> Iterator[str]:
    """A line for each folder of `clips`, which has one for each label, as soon as it is known.

    Of a window the label with the highest logit counts, as edged sees it; of a video that with the
    highest mean over its windows. With `beside`, another export of the same network, also in how
    many windows the two see the same label.
    """
    shown = Shown(path)
    other = Shown(beside) if beside else None
    if other and other.labels != shown.labels:
        raise ValueError(f"{beside}: its labels differ from those of {path}")
    folders = sorted(p for p in clips.iterdir() if p.is_dir() and not p.name.startswith("."))
    unknown = [p.name for p in folders if p.name not in shown.labels]
    if unknown:
        raise ValueError(
            f"{clips}: each folder must be named for one of the model's labels; "
            f"these are not: {', '.join(unknown)}"
        )
    if not folders:
        raise ValueError(f"{clips}: holds no folder; one for each label of the model is needed")
    total, same, skipped = Score(), 0, 0
    for folder in folders:
        of_folder = Score()
        for file in video.videos_in(folder):
            try:
                logits, also = shown.on(file, other)
            except video.Unreadable as error:
                skipped += 1
                print(f"squeezetime: skipped: {error}", file=sys.stderr)
                continue
            same += also
            truth = shown.labels.index(folder.name)
            right = int(np.mean(logits, axis=0).argmax() == truth)
            hits = int((np.argmax(logits, axis=1) == truth).sum())
            of_folder.add(Score(1, right, len(logits), hits))
        if of_folder.videos:
            yield of_folder.line(folder.name)
        total.add(of_folder)
    if not total.videos:
        raise ValueError(f"{clips}: holds no video that could be read")
    yield total.line("all")
    if beside:
        yield f"the same as {beside} in {same} of {total.windows} windows"
    if skipped:
        yield f"skipped {skipped}"


class Shown:
    """A model file, ready to be shown videos."""

    def __init__(self, path: Path):
        self.labels, self.manifest = unpack(path)
        try:
            self.model = Model(path)
        except (ValueError, RuntimeError) as error:
            raise ValueError(f"{path}: {error}") from error
        m = self.manifest
        wanted = [1, m["height"], m["width"], 3 * m["frames"]], [1, len(self.labels)]
        tensors = self.model.input, self.model.output
        has = tuple(t["shape"].tolist() for t in tensors)
        kind = tensors[0]["dtype"].__name__
        if has != wanted or kind != m["input_type"]:
            raise ValueError(
                f"{path}: its tensors are {has[0]} {kind} and {has[1]}, but "
                f"edged.json and labels.txt say {wanted[0]} {m['input_type']} and {wanted[1]}"
            )
        spread = np.tile if m["channel_order"] == "tc" else np.repeat
        self.scaling = [spread(np.float64(m[key]), m["frames"]) for key in ("mean", "std")]

    def on(self, file: Path, other: "Shown | None") -> tuple[np.ndarray, int]:
        """Logits [windows,labels], and in how many windows `other` sees the same label."""
        m, logits, same = self.manifest, [], 0
        for clip in video.clips_of(file, m["frames"], m["frame_rate"], (m["height"], m["width"])):
            logits.append(self.logits(clip))
            same += bool(other) and other.logits(clip).argmax() == logits[-1].argmax()
        return np.array(logits), int(same)

    def as_input(self, clip: np.ndarray) -> np.ndarray:
        """uint8 clip, channel t*3+c -> the model's input tensor."""
        return self.model.as_input(as_packed(clip, self.manifest), *self.scaling)

    def logits(self, clip: np.ndarray) -> np.ndarray:
        return self.model.logits(as_packed(clip, self.manifest), *self.scaling)


def as_packed(clip: np.ndarray, manifest: dict) -> np.ndarray:
    """A clip with channel t*3+c in the model's own order."""
    if manifest["channel_order"] == "tc":
        return clip
    height, width, channels = clip.shape
    return np.ascontiguousarray(
        clip.reshape(height, width, channels // 3, 3).swapaxes(2, 3)
    ).reshape(clip.shape)

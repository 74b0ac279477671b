"""A model file on somebody's clips, under the runtime that edged's results are compared with."""

import sys
from pathlib import Path

import numpy as np

from . import video
from .evaluate import Model
from .packaging import unpack


def verify(path: Path, clips: Path, beside: Path | None = None) -> list[str]:
    """Accuracy by video: the label with the highest mean logits over a video's windows.

    The folder `clips` has one for each label. With `beside`, another export of the same network,
    also in how many windows the two see the same label.
    """
    labels, manifest = unpack(path)
    if beside and labels != unpack(beside)[0]:
        raise ValueError(f"{beside}: other labels than {path}")
    model, other = Model(path), Model(beside) if beside else None
    spread = np.tile if manifest["channel_order"] == "tc" else np.repeat
    scaling = [spread(np.float32(manifest[k]), manifest["frames"]) for k in ("mean", "std")]
    same = windows = 0
    folders = sorted(p for p in clips.iterdir() if p.is_dir())
    unknown = [p.name for p in folders if p.name not in labels]
    if unknown or not folders:
        raise ValueError(
            f"{clips}: a folder for each of the model's labels is expected; not one of them: "
            f"{unknown or 'nothing'}"
        )
    lines, hits, total, skipped = [], 0, 0, 0
    for folder in folders:
        truth, right, seen = labels.index(folder.name), 0, 0
        for file in video.videos_in(folder):
            try:
                shown = [
                    as_packed(clip, manifest)
                    for clip in video.clips_of(
                        file,
                        manifest["frames"],
                        manifest["frame_rate"],
                        (manifest["height"], manifest["width"]),
                    )
                ]
            except video.Unreadable as error:
                skipped += 1
                print(f"squeezetime: skipped: {error}", file=sys.stderr)
                continue
            logits = [model.logits(clip, *scaling) for clip in shown]
            if other:
                pairs = zip(shown, logits, strict=True)
                same += sum(
                    other.logits(c, *scaling).argmax() == mine.argmax() for c, mine in pairs
                )
                windows += len(shown)
            right += int(np.mean(logits, axis=0).argmax() == truth)
            seen += 1
        if seen:
            lines.append(f"{folder.name:24} {right:4} of {seen:4}  {right / seen:.3f}")
        hits, total = hits + right, total + seen
    if not total:
        raise ValueError(f"{clips}: no video in it that could be read")
    return [
        *lines,
        f"{'all':24} {hits:4} of {total:4}  {hits / total:.3f}",
        *([f"the same as {beside} in {same} of {windows} windows"] if beside else []),
        *([f"skipped {skipped}"] if skipped else []),
    ]


def as_packed(clip: np.ndarray, manifest: dict) -> np.ndarray:
    """A clip with channel t*3+c in the model's own order."""
    if manifest["channel_order"] == "tc":
        return clip
    height, width, channels = clip.shape
    return np.ascontiguousarray(
        clip.reshape(height, width, channels // 3, 3).swapaxes(2, 3)
    ).reshape(clip.shape)

"""An official checkpoint as a model file."""

import itertools
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from .. import export, labels, manifest, video
from ..embedding import size_of
from ..folding import fold
from ..litert import Model
from ..packaging import pack, write_whole
from . import checkpoint

CALIBRATION_CLIPS = 64


def convert(
    source: Path,
    labels_file: Path,
    output: Path,
    kind: str,
    calibration: Path | None,
    pooling: str = "avg",
) -> int:
    """Writes the model file, of kind int8, float16 or float32; returns its size in bytes.

    pooling is the WCM's: avg as in the official code, max as in the paper's text.
    """
    manifest.check_name_of(source)
    names = read_labels(labels_file)
    videos = _videos(calibration, kind)
    preset = replace(checkpoint.PRESET, wcm_pool=pooling)
    model, classes = checkpoint.load(source, preset)
    if len(names) != classes:
        raise ValueError(
            f"{labels_file}: has {len(names)} labels, but {source} has {classes} classes"
        )
    inputs = _calibration(videos, preset) if kind == "int8" else None
    folded = fold(model, preset, classes)
    flatbuffer = export.with_embedding(folded, inputs, half=kind == "float16")
    about = manifest.build(
        source.stem,
        "imported",
        preset,
        checkpoint.FRAME_RATE,
        mean=checkpoint.MEAN,
        std=checkpoint.STD,
        kind=kind,
        license="Apache-2.0 (xinghaochen/SqueezeTime); the data set has terms of its own",
        training_data=f"official checkpoint {source.stem}",
        embedding=size_of(Model(flatbuffer)),
    )
    content = pack(flatbuffer, names, about)
    write_whole(output, content)
    return len(content)


def read_labels(path: Path) -> tuple[str, ...]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: is not UTF-8: {error}") from error
    found = tuple(line.strip() for line in text.splitlines() if line.strip())
    labels.check(found, str(path))
    return found


def _videos(source: Path | None, kind: str) -> list[Path] | None:
    """What the calibration's windows are of; None where it has none."""
    if source is None:
        return None
    if kind != "int8":
        raise ValueError(f"--calibration {source}: only int8 uses it, not {kind}")
    found = video.videos_in(source) if source.is_dir() else [source] if source.exists() else []
    if not found:
        raise ValueError(f"--calibration {source}: is neither a video nor a folder with videos")
    return found


def _calibration(videos: list[Path] | None, preset) -> export.Calibration:
    """Representative inputs, normalized, [1,H,W,T*3]."""
    if videos is not None:
        clips = list(spread(videos, preset, CALIBRATION_CLIPS))
        if not clips:
            raise ValueError(f"--calibration: none of the videos can be read: {videos[0]}, ...")
    else:
        print(
            "squeezetime: WARNING: without --calibration the int8 ranges come from noise."
            " Videos like your camera's make a more accurate model.",
            file=sys.stderr,
        )
        rng = np.random.default_rng(0)
        clips = list(
            rng.integers(0, 256, (8, preset.size, preset.size, 3 * preset.frames), np.uint8)
        )
    return export.Calibration(clips, checkpoint.MEAN, checkpoint.STD)


def spread(files: list[Path], preset, most: int) -> Iterator[np.ndarray]:
    """At most so many windows, as evenly from all files and from all of each as may be.

    No more of a file is decoded than that takes. What cannot be read is named.
    """
    files = [files[i * len(files) // most] for i in range(most)] if len(files) > most else files
    window = preset.frames / checkpoint.FRAME_RATE
    for number, path in enumerate(files):
        share = most * (number + 1) // len(files) - most * number // len(files)
        try:
            length = video.seconds(path)
            places = min(share, max(1, int(length / window)))
            for start in np.linspace(0, max(0, length - window), places):
                clips = video.clips_of(
                    path, preset.frames, checkpoint.FRAME_RATE, (preset.size,) * 2, start
                )
                yield from itertools.islice(clips, 1)
        except video.Unreadable as error:
            print(f"squeezetime: skipped: {error}", file=sys.stderr)

"""Example clips for `train`: real walkers cut out of vtest.avi, a folder for each label."""

from pathlib import Path

import numpy as np

from ..labels import LABELS
from ..starter import footage, recipe

APART = 2.5  # seconds between two clips of a label: none shows what another does
CROP = 144  # pixels of footage.WIDTH x HEIGHT


def write(video: Path, folder: Path, count: int) -> dict[str, int]:
    """Writes up to `count` clips of 2 s for each label that the video has; returns how many."""
    size = recipe.PRESET
    found = footage.windows(video, size.frames, recipe.FRAME_RATE, size.size, (CROP,))
    pictures, times = footage.read_frames(video)
    written = {}
    for index in np.unique(found.labels):
        name, last, done = LABELS[index], -APART, 0
        for start, y, x in found.places[found.labels == index]:
            if done == count or start < last + APART:
                continue
            at = (times >= start) & (times <= start + size.frames / recipe.FRAME_RATE)
            y, x = int(y), int(x)
            path = folder / name / f"{start:04.1f}s.mp4"
            _film(path, pictures[at, y : y + CROP, x : x + CROP], round(1 / np.diff(times).mean()))
            last, done = start, done + 1
        written[name] = done
    return written


def _film(path: Path, pictures: np.ndarray, rate: int) -> None:
    import av

    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.height, stream.width, stream.pix_fmt = *pictures.shape[1:3], "yuv420p"
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())

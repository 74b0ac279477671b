"""Example clips for `train`: real walkers cut out of vtest.avi, a folder for each label."""

from pathlib import Path

import numpy as np

from ..labels import LABELS
from ..pixels import to_rgb
from ..starter import footage, recipe

APART = 2.5  # seconds between two clips of a label: none shows what another does
CROP = 144  # pixels of footage.ROWS, and of the clips


def write(video: Path, folder: Path, count: int) -> dict[str, int]:
    """Writes up to `count` clips of 2 s for each label; returns how many.

    Raises ValueError where the video has none of one.
    """
    size = recipe.PRESET
    film = footage.read(video)
    found = footage.windows(film, size.frames, recipe.FRAME_RATE, (CROP,))
    seconds = film.times / 1e9
    written = {}
    for index in sorted({window.label for window in found}):
        name, last, done = LABELS[index], -APART, 0
        for window in (w for w in found if w.label == index):
            start = seconds[window.frames[0]]
            if done == count or start < last + APART:
                continue
            at = np.flatnonzero(
                (seconds >= start) & (seconds <= start + size.frames / recipe.FRAME_RATE)
            )
            pictures = [to_rgb(film.frames[i], CROP, CROP, window.area) for i in at]
            _film(folder / name / f"{start:04.1f}s.mp4", pictures, np.diff(seconds[at]).mean())
            last, done = start, done + 1
        written[name] = done
    return written


def _film(path: Path, pictures: list[np.ndarray], interval: float) -> None:
    import av

    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=round(1 / interval))
        stream.height, stream.width, stream.pix_fmt = CROP, CROP, "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())

"""What the starter does with worse pictures than a good camera's: one thing at a time, the same
scenes each time, held-out photographs, fixed seeds.
"""

import io
from collections.abc import Callable
from itertools import islice

import numpy as np

from .. import workers
from ..labels import LABELS
from ..litert import Model
from .synthetic import camera
from .synthetic.clips import Shot, make_clip
from .synthetic.scenes import load_photos

SEED = 4
CLIPS = 600  # a condition, every label in turn


def _even(rng, frames: int) -> np.ndarray:
    return np.linspace(0, 1, frames)


def _steady(rng, frames: int) -> np.ndarray:
    return np.zeros((frames, 2), int)


def _digitized(rng, pictures: np.ndarray) -> np.ndarray:
    return (np.clip(pictures, 0, 1) * 255).astype(np.uint8)


def _intervals(spread: float) -> Callable:
    """Each interval between frames up to `spread` longer or shorter."""

    def times(rng, frames: int) -> np.ndarray:
        steps = _own(rng).uniform(1 - spread, 1 + spread, frames - 1)
        return np.concatenate([[0], np.cumsum(steps)]) / (frames - 1)

    return times


def _tempo(factor: float) -> Callable:
    return lambda rng, frames: factor * np.linspace(0, 1, frames)


def _lost(count: int) -> Callable:
    """The last frame before each of the lost ones is seen twice."""

    def times(rng, frames: int) -> np.ndarray:
        at = np.arange(frames)
        for lost in sorted(_own(rng).choice(np.arange(1, frames), count, replace=False)):
            at[lost] = at[lost - 1]
        return at / (frames - 1)

    return times


def _shaken(pixels: float) -> Callable:
    return lambda rng, frames: (
        _own(rng)
        .normal(0, pixels, (frames, 2))
        .round()
        .astype(int)
        .clip(-camera.MARGIN, camera.MARGIN)
    )


def _exposed(light: float, noise: float) -> Callable:
    """light: share of a good exposure; noise: its sigma, of the whole range."""

    def film(rng, pictures: np.ndarray) -> np.ndarray:
        grain = _own(rng).standard_normal(pictures.shape, dtype=np.float32)
        return _digitized(rng, pictures * np.float32(light) + np.float32(noise) * grain)

    return film


def _jpeg(quality: int) -> Callable:
    def film(rng, pictures: np.ndarray) -> np.ndarray:
        return np.stack([camera.jpeg(p, quality) for p in _digitized(rng, pictures)])

    return film


def _h264(quantizer: int, light: float = 1, noise: float = 0) -> Callable:
    """Through libx264 and back, at this constant quantizer (51 is the worst)."""

    def film(rng, pictures: np.ndarray) -> np.ndarray:
        import av

        taken = _exposed(light, noise)(rng, pictures)
        stream_file = io.BytesIO()
        with av.open(stream_file, "w", "matroska") as container:
            stream = container.add_stream("libx264", rate=8)
            stream.height, stream.width, stream.pix_fmt = *taken.shape[1:3], "yuv420p"
            stream.options = {"qp": str(quantizer)}
            for picture in taken:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode())
        stream_file.seek(0)
        with av.open(stream_file) as container:
            return np.stack([f.to_ndarray(format="rgb24") for f in container.decode(video=0)])

    return film


def _own(rng: np.random.Generator) -> np.random.Generator:
    """A generator that leaves the scene's as it is, so that every condition has the same scenes."""
    return np.random.default_rng(rng.bit_generator.state["state"]["state"] % 2**63)


def _shot(**changes) -> Shot:
    return Shot(**{"times": _even, "shake": _steady, "film": _digitized} | changes)


CONDITIONS: dict[str, Shot] = {
    "a good camera": _shot(),
    "the held-out clips' own camera": Shot(),
    "JPEG, quality 30": _shot(film=_jpeg(30)),
    "JPEG, quality 10": _shot(film=_jpeg(10)),
    "H.264, quantizer 32": _shot(film=_h264(32)),
    "H.264, quantizer 40": _shot(film=_h264(40)),
    "a quarter of the light, noise 2 %": _shot(film=_exposed(0.25, 0.02)),
    "an eighth of the light, noise 2 %": _shot(film=_exposed(0.125, 0.02)),
    "noise 5 %": _shot(film=_exposed(1, 0.05)),
    "noise 10 %": _shot(film=_exposed(1, 0.1)),
    "shake, 0.7 pixels": _shot(shake=_shaken(0.7)),
    "shake, 1.5 pixels": _shot(shake=_shaken(1.5)),
    "intervals 20 % off at random": _shot(times=_intervals(0.2)),
    "20 % slower frames": _shot(times=_tempo(1.2)),
    "20 % faster frames": _shot(times=_tempo(0.8)),
    "a frame lost": _shot(times=_lost(1)),
    "three frames lost": _shot(times=_lost(3)),
    "wide area: half the size": _shot(zoom=0.5),
    "wide area: 0.7 of the size": _shot(zoom=0.7),
    "tight area: 1.4 times the size": _shot(zoom=1.4),
    "a smaller thing moves as well": _shot(bystander=True),
    "dim, noisy, H.264, shaken, uneven": _shot(
        film=_h264(32, light=0.5, noise=0.03), shake=_shaken(0.7), times=_intervals(0.2)
    ),
}


def _draw(arguments) -> np.ndarray:
    name, index, frames, side = arguments
    if not _photos:
        _photos.extend(load_photos(held_out=True))
    rng = np.random.default_rng((SEED, index))
    return make_clip(rng, LABELS[index % len(LABELS)], frames, side, _photos, CONDITIONS[name])


_photos: list[np.ndarray] = []  # a worker process's own


def accuracies(model: Model, frames: int, side: int, count: int = CLIPS) -> dict[str, float]:
    """Accuracy under each of CONDITIONS."""
    truth = np.arange(count) % len(LABELS)
    results = {}
    jobs = [(name, index, frames, side) for name in CONDITIONS for index in range(count)]
    drawn = workers.each(_draw, jobs, 2, chunk=20)
    for name in CONDITIONS:
        best = [model.logits(clip).argmax() for clip in islice(drawn, count)]
        results[name] = float((np.array(best) == truth).mean())
    return results

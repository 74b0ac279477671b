"""What a camera makes of the pictures: light, infrared, noise, blur, compression, lost frames.

Frames are uint8 [T,S,S,3]. Each function takes a share or a strength, so that the tests of
robustness use the same ones.
"""

import io

import cv2
import numpy as np

from .poses import FRAME_RATE


def developed(rng: np.random.Generator, frames: np.ndarray) -> np.ndarray:
    """One camera's look on all frames of a clip."""
    u, values = rng.uniform, frames.astype(np.float32)
    kind = rng.random()
    if kind < 0.2:
        values = infrared(rng, values)
    elif kind < 0.3:
        values = values.mean(-1, keepdims=True) * rng.uniform(0.8, 1.2, 3).astype(np.float32)
    elif kind < 0.6:
        values *= rng.uniform(0.8, 1.2, 3).astype(np.float32)
    if rng.random() < 0.5:  # most places and clothes are paler than the drawn ones
        grey = values.mean(-1, keepdims=True)
        values = grey + np.float32(u(0.25, 0.9)) * (values - grey)
    gamma = np.exp(u(np.log(0.5), np.log(1.3)))
    values = 255 * (values.clip(0, 255) / 255) ** gamma
    dark = rng.random() < 0.1
    values = (
        values * np.exp(u(np.log(0.2), np.log(0.7))) if dark else values * u(0.7, 1.3) + u(-15, 25)
    )
    if rng.random() < 0.1:  # a lamp is switched, a cloud passes
        values *= np.linspace(u(0.6, 1.2), u(0.6, 1.2), len(values))[:, None, None, None]
    if rng.random() < 0.25:
        strength = u(0.4, 1.1)
        values = np.stack([cv2.GaussianBlur(f, (0, 0), strength) for f in values])
    if rng.random() < 0.15:  # a slow shutter, or a camera that smooths noise over time
        values[1:] = 0.6 * values[1:] + 0.4 * values[:-1]
    strength = u(3, 10) if dark or rng.random() < 0.25 else u(0, 3)
    values += rng.standard_normal(values.shape, dtype=np.float32) * strength
    made = values.clip(0, 255).astype(np.uint8)
    if rng.random() < 0.08:
        made = frames_lost(rng, made, int(rng.integers(1, 4)))
    return made


def infrared(rng: np.random.Generator, values: np.ndarray) -> np.ndarray:
    """Grey, other brightness for each colour, bright in the middle and dark at the edge."""
    weights = rng.dirichlet((1, 1, 1)).astype(np.float32)
    grey = np.repeat((values @ weights)[..., None], 3, -1)
    side = values.shape[1]
    grid = (np.arange(side) + 0.5) / side * 2 - 1
    far = grid[:, None] ** 2 + grid[None] ** 2
    return grey * np.exp(-far * rng.uniform(0, 0.8))[..., None].astype(np.float32)


def compressed(rng: np.random.Generator, frames: np.ndarray) -> np.ndarray:
    """As cameras send it: JPEG, H.264, or so well that nothing is lost."""
    kind = rng.random()
    if kind < 0.25:
        return jpeg(frames, int(rng.uniform(25, 85)))
    if kind < 0.45:
        return h264(frames, int(rng.uniform(24, 40)))
    return frames


def jpeg(frames: np.ndarray, quality: int) -> np.ndarray:
    return np.stack(
        [
            cv2.imdecode(cv2.imencode(".jpg", f, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 1)
            for f in frames
        ]
    )


def h264(frames: np.ndarray, quantizer: int) -> np.ndarray:
    """Through libx264 and back at this constant quantizer; 51 is the worst."""
    import av

    stream_file = io.BytesIO()
    with av.open(stream_file, "w", "matroska") as container:
        stream = container.add_stream("libx264", rate=FRAME_RATE)
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], "yuv420p"
        stream.options = {"qp": str(quantizer), "preset": "ultrafast", "threads": "1"}
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    stream_file.seek(0)
    with av.open(stream_file) as container:
        return np.stack([f.to_ndarray(format="rgb24") for f in container.decode(video=0)])


def frames_lost(rng: np.random.Generator, frames: np.ndarray, count: int) -> np.ndarray:
    """The frame before each of the lost ones is seen again."""
    made = frames.copy()
    for lost in np.sort(rng.choice(np.arange(1, len(frames)), count, replace=False)):
        made[lost] = made[lost - 1]
    return made


def shaken(rng: np.random.Generator, frames: np.ndarray, pixels: float, drift: bool) -> np.ndarray:
    """Offsets of about so many pixels, each frame for itself or adding up."""
    offsets = rng.normal(0, pixels, (len(frames), 2))
    offsets = np.cumsum(offsets, 0) if drift else offsets
    size = frames.shape[2], frames.shape[1]
    return np.stack(
        [
            cv2.warpAffine(
                f, np.float32([[1, 0, x], [0, 1, y]]), size, borderMode=cv2.BORDER_REFLECT
            )
            for f, (x, y) in zip(frames, offsets, strict=True)
        ]
    )

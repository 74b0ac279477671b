"""Video files for the tests."""

from fractions import Fraction

import av
import numpy as np
from av.video.reformatter import VideoReformatter


def film(path, frames, rate=8, times=None, title="", codec="libx264", colours=None, pixel=None):
    """Writes uint8 [N,H,W,3] as a video, at `rate` or at these times (seconds).

    colours: the matrix and the range that it is converted by, and says so. pixel: the shape of a
    pixel, width to height.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        if title:
            container.metadata["title"] = title
        stream = container.add_stream(codec, rate=rate)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt, stream.options = "yuv420p", {"qp": "10"}
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        if pixel:
            stream.codec_context.sample_aspect_ratio = pixel
        if colours:
            stream.codec_context.colorspace, stream.codec_context.color_range = colours
        for number, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            if times is not None:
                frame.pts, frame.time_base = round(times[number] * 1000), Fraction(1, 1000)
            if colours:
                matrix, range_ = colours
                frame = VideoReformatter().reformat(
                    frame, format="yuv420p", dst_colorspace=matrix, dst_color_range=range_
                )
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def bar(rng, direction, count=20):
    """A bright bar that goes left or right over noise."""
    frames = rng.integers(0, 60, (count, 96, 128, 3), np.uint8)
    for i, frame in enumerate(frames):
        x = int((i if direction > 0 else count - 1 - i) / count * 110)
        frame[30:70, x : x + 16] = 220
    return frames


def turn(path, matrix):
    """Writes a display matrix (a, b, c, d: x' = a x + c y, y' = b x + d y) into the .mp4."""
    content = bytearray(path.read_bytes())
    at = content.index(b"tkhd") + 44
    a, b, c, d = (v << 16 for v in matrix)
    for i, value in enumerate((a, b, 0, c, d, 0, 0, 0, 1 << 30)):
        content[at + 4 * i : at + 4 * i + 4] = value.to_bytes(4, "big", signed=True)
    path.write_bytes(content)

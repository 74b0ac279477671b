"""The peers, from what their papers say; 400 classes, random weights.

published: parameters and multiply-adds that the authors give, of the convolutions' form here.
"""

from collections.abc import Callable
from dataclasses import dataclass

import keras
from keras import layers

from .blocks import Blocks, clip, divisible

CLASSES = 400


@dataclass
class Peer:
    """One network: what builds it, and what is known of it."""

    name: str
    frames: int
    size: int  # height and width, pixels
    build: Callable[[Blocks, int, int], keras.Model]
    published: tuple[float, float]  # million parameters, thousand million multiply-adds
    source: str
    paper_cpu_ms: float | None = None  # SqueezeTime's paper, its table on Kinetics-400
    paper_top1: float | None = None


def movinet_a0(b: Blocks, frames: int, size: int) -> keras.Model:
    """MoViNet-A0 base (arXiv 2103.11511, table 9): inverted bottlenecks with 3-D kernels."""
    inputs = clip(frames, size)
    x = b.conv(inputs, 8, 3, 2, "swish")
    stages = (
        (8, ((24, 1, 5),)),
        (32, ((80, 3, 3), (80, 3, 3), (80, 3, 3))),
        (56, ((184, 5, 3), (112, 3, 3), (184, 3, 3))),
        (56, ((184, 5, 3), (184, 3, 3), (184, 3, 3), (184, 3, 3))),
        (104, ((384, 5, 3), (280, 1, 5), (280, 1, 5), (344, 1, 5))),
    )
    for index, (filters, rows) in enumerate(stages):
        for row, (expanded, time, side) in enumerate(rows):
            stride = 2 if row == 0 and index != 3 else 1
            y = b.conv(x, expanded, act="swish")
            y = b.depthwise(y, time, side, stride, "swish")
            y = b.excite(y, divisible(expanded / 4), "swish")
            y = b.conv(y, filters)
            if stride == 2:
                x = layers.AveragePooling2D(3, 2, "same")(x)
            if x.shape[-1] != filters or stride == 2:
                x = b.conv(x, filters)
            x = layers.Add()([x, y])
    x = b.conv(x, 480, act="swish")
    x = b.conv(b.pool(x), 2048, act="swish", norm=False)
    return keras.Model(inputs, b.classify(x, CLASSES))


def x3d_xs(b: Blocks, frames: int, size: int) -> keras.Model:
    """X3D-XS (arXiv 2004.04730, table 1 and section 4.1)."""
    inputs = clip(frames, size)
    x = b.act(b.depthwise_in_time(b.conv(inputs, 24, 3, 2, norm=False), 5), "relu")
    for filters, depth in ((24, 3), (48, 5), (96, 11), (192, 7)):
        inner = int(filters * 2.25)
        for row in range(depth):
            stride = 2 if row == 0 else 1
            y = b.conv(x, inner, act="relu")
            y = b.depthwise(y, 3, 3, stride)
            if row % 2 == 0:
                y = b.excite(y, divisible(inner / 16), "relu")
            y = b.conv(b.act(y, "swish"), filters)
            if row == 0:
                x = b.conv(x, filters, 1, stride)
            x = layers.ReLU()(layers.Add()([x, y]))
    x = b.conv(x, 432, act="relu")
    x = b.conv(b.pool(x), 2048, act="relu", norm=False)
    return keras.Model(inputs, b.classify(x, CLASSES))


def tsm_mobilenetv2(b: Blocks, frames: int, size: int) -> keras.Model:
    """TSM (arXiv 1811.08383) on MobileNetV2 (arXiv 1801.04381, table 2): residuals shift."""
    inputs = clip(frames, size)
    x = b.conv(inputs, 32, 3, 2, "relu6")
    rows = (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1)
    for factor, filters, depth, first_stride in (*rows, (6, 160, 3, 2), (6, 320, 1, 1)):
        for row in range(depth):
            stride, inner = first_stride if row == 0 else 1, x.shape[-1] * factor
            residual = stride == 1 and x.shape[-1] == filters
            y = b.shift(x) if residual else x
            y = b.conv(y, inner, act="relu6") if factor > 1 else y
            y = b.depthwise(y, 1, 3, stride, "relu6")
            y = b.conv(y, filters)
            x = layers.Add()([x, y]) if residual else y
    x = b.conv(x, 1280, act="relu6")
    return keras.Model(inputs, b.classify(b.pool(x), CLASSES))


def tsm_resnet34(b: Blocks, frames: int, size: int) -> keras.Model:
    """TSM on ResNet-34 (arXiv 1512.03385, table 1): every residual shifts first."""
    inputs = clip(frames, size)
    x = b.conv(inputs, 64, 7, 2, "relu")
    x = layers.MaxPooling2D(3, 2, "same")(x)
    for filters, depth in ((64, 3), (128, 4), (256, 6), (512, 3)):
        for row in range(depth):
            stride = 2 if row == 0 and filters > 64 else 1
            y = b.conv(b.shift(x), filters, 3, stride, "relu")
            y = b.conv(y, filters, 3)
            if x.shape[-1] != filters:
                x = b.conv(x, filters, 1, stride)
            x = layers.ReLU()(layers.Add()([x, y]))
    return keras.Model(inputs, b.classify(b.pool(x), CLASSES))


PEERS = (
    Peer("MoViNet-A0", 50, 172, movinet_a0, (2.69, 2.71), "its paper, less 200 classes", 505, 65.8),
    Peer("X3D-XS", 4, 160, x3d_xs, (3.76, 0.60), "its paper", 219, 66.6),
    Peer(
        "TSM-MobileNetV2",
        8,
        224,
        tsm_mobilenetv2,
        (2.74, 2.4),
        "MobileNetV2's paper, for 8 frames and 400 classes",
    ),
    Peer(
        "TSM-R34",
        8,
        224,
        tsm_resnet34,
        (21.5, 29.3),
        "ResNet's paper, for 8 frames and 400 classes",
        238,
        69.4,
    ),
)

"""Building blocks of the peers, in their deployed form: BatchNorms folded into convolutions.

TFLite has no quantized 3-D convolution, and XNNPACK none at all. So the frames lie in the batch
axis, [T,H,W,C], and what works across time is written with 2-D operators that XNNPACK runs: the
same sums, the same number of multiplications.
"""

import math

import keras
from keras import layers, ops


class Blocks:
    """Adds layers, and counts what they cost; counts are of the published form, BatchNorms too."""

    def __init__(self):
        self.params = 0
        self.multiply_adds = 0

    def _count(self, out, kernel: tuple[int, ...], filters: int, norm: bool) -> None:
        self.params += math.prod(kernel) + filters * (2 if norm else 1)  # scale and shift, or bias
        frames, height, width, _ = out.shape
        self.multiply_adds += frames * height * width * math.prod(kernel)

    def conv(self, x, filters, side=1, stride=1, act=None, norm=True):
        out = layers.Conv2D(filters, side, stride, "same", kernel_initializer="he_normal")(x)
        self._count(out, (side, side, x.shape[-1], filters), filters, norm)
        return self.act(out, act)

    def depthwise(self, x, time, side, stride=1, act=None):
        """Depthwise time x side x side convolution: one 2-D convolution for each tap in time."""
        frames, channels, parts = x.shape[0], x.shape[-1], []
        for tap in range(time):
            offset = tap - time // 2
            low, high = max(0, offset), frames + min(0, offset)
            conv = layers.DepthwiseConv2D(side, stride, "same", use_bias=offset == 0, depthwise_initializer="he_normal")
            part = conv(x[low:high, :, :, :] if offset else x)
            if offset:
                part = ops.pad(part, ((max(0, -offset), max(0, offset)), (0, 0), (0, 0), (0, 0)))
            parts.append(part)
        out = parts[0]
        for part in parts[1:]:
            out = layers.Add()([out, part])
        self._count(out, (time, side, side, channels), channels, norm=True)
        return self.act(out, act)

    def depthwise_in_time(self, x, time):
        """Depthwise time x 1 x 1 convolution: time as the rows of one picture."""
        frames, height, width, channels = x.shape
        rows = ops.reshape(x, (1, frames, height * width, channels))
        rows = layers.DepthwiseConv2D((time, 1), 1, "same", depthwise_initializer="he_normal")(rows)
        out = ops.reshape(rows, x.shape)
        self._count(out, (time, channels), channels, norm=True)
        return out

    def pool(self, x):
        """Mean over frames and pixels: [T,H,W,C] -> [1,1,1,C]."""
        x = layers.GlobalAveragePooling2D(keepdims=True)(x)
        x = ops.reshape(x, (1, x.shape[0], 1, x.shape[-1]))
        return layers.GlobalAveragePooling2D(keepdims=True)(x)

    def excite(self, x, hidden, act):
        """Squeeze and excitation over time and space."""
        weights = self.conv(self.pool(x), hidden, act=act, norm=False)
        weights = self.conv(weights, x.shape[-1], act="sigmoid", norm=False)
        return ops.multiply(x, weights)  # the layer wants batches of one size

    def shift(self, x, share=8):
        """Temporal shift: an eighth of the channels one frame on, an eighth one back."""
        part = x.shape[-1] // share
        space = ((0, 0), (0, 0), (0, 0))
        on = ops.pad(x[:-1, :, :, :part], ((1, 0), *space))
        back = ops.pad(x[1:, :, :, part : 2 * part], ((0, 1), *space))
        return ops.concatenate([on, back, x[..., 2 * part :]], axis=-1)

    def act(self, x, name):
        if name == "swish":  # as TFLite has it: x * sigmoid(x)
            return layers.Multiply()([x, layers.Activation("sigmoid")(x)])
        return layers.Activation(name)(x) if name else x

    def classify(self, x, classes):
        out = self.conv(x, classes, norm=False)
        return ops.reshape(out, (1, classes))


def clip(frames: int, size: int):
    return keras.Input((size, size, 3), batch_size=frames, name="clip")


def divisible(value: float, by: int = 8) -> int:
    """The nearest multiple of `by`, not more than a tenth below the value."""
    rounded = max(by, int(value + by / 2) // by * by)
    return rounded + by if rounded < 0.9 * value else rounded

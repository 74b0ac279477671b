"""SqueezeTime in Keras 3: a 2-D network that reads time as channels.

Paper: "No Time to Waste: Squeeze Time into Channel for Mobile Video Understanding",
arXiv 2405.08344. One definition serves training (on the torch backend) and export (on the
tensorflow backend): Keras' own weight files carry the weights from one to the other.

Every convolution that a BatchNorm follows is named X and its BatchNorm X_bn; `folding`
relies on that.
"""

import math

import keras
import numpy as np
from keras import layers

from .presets import Preset

BN_MOMENTUM = 0.9
BN_EPSILON = 1e-5
STEM_WAVES = 10  # rank of the stem's kernel in time while it is trained


class Waves(keras.initializers.Initializer):
    """Start of the stem's time factor, [1,1,T*3,K]: K slow waves over T, without a constant part.

    What stands still cancels out, so that training starts from motion instead of having to
    find it beneath the far stronger background. Nothing keeps the factor so later on.
    """

    def __call__(self, shape, dtype=None):
        _, _, channels, waves = shape
        frames = channels // 3
        moments = (np.arange(frames) + 0.5) / frames
        kernel = np.cos(np.pi * np.outer(moments, np.arange(1, waves + 1)))
        kernel = np.repeat(kernel, 3, axis=0)  # the same for R, G and B
        return keras.ops.convert_to_tensor(kernel[None, None] / np.sqrt(channels), dtype=dtype)


class PositionMap(layers.Layer):
    """x + P: the learned temporal position encoding P, [H,W,C], of the IOI branch."""

    def build(self, input_shape):
        self.map = self.add_weight(
            name="map", shape=(1, *input_shape[1:]), initializer=keras.initializers.HeNormal()
        )

    def call(self, x):
        return x + self.map


class BatchNorm(layers.BatchNormalization):
    """BatchNormalization by torch's own fused kernel where torch is the backend.

    Keras composes it from single operations there, which makes training half as slow again.
    """

    def call(self, x, training=None):
        if keras.backend.backend() != "torch":
            return super().call(x, training=training)
        from torch.nn.functional import batch_norm

        normed = batch_norm(
            x.permute(0, 3, 1, 2),
            self.moving_mean.value,
            self.moving_variance.value,
            self.gamma.value,
            self.beta.value,
            training=bool(training),
            momentum=1 - self.momentum,
            eps=self.epsilon,
        )
        return normed.permute(0, 2, 3, 1)


class PointwiseConv(layers.Conv2D):
    """A 1x1 convolution as a matrix product where torch is the backend.

    torch would copy the whole clip into another order first, which takes longer than the product.
    """

    def call(self, x):
        if keras.backend.backend() != "torch":
            return super().call(x)
        return x @ self.kernel.value[0, 0]


class MaxPool(layers.MaxPooling2D):
    """MaxPooling2D. On torch, padding "same" of maps with even sides makes no copy."""

    def call(self, x):
        if keras.backend.backend() != "torch" or self.padding != "same":
            return super().call(x)
        from torch.nn.functional import max_pool2d

        pooled = max_pool2d(x.permute(0, 3, 1, 2), self.pool_size, self.strides, ceil_mode=True)
        return pooled.permute(0, 2, 3, 1)


class _Builder:
    """Adds layers to the functional graph; folded=True leaves every BatchNorm out."""

    def __init__(self, preset: Preset, folded: bool):
        self.preset = preset
        self.folded = folded

    def conv(
        self, x, filters, kernel, name, strides=1, bias=False, start="he_normal", padding="same"
    ):
        return layers.Conv2D(
            filters,
            kernel,
            strides,
            padding,
            use_bias=bias or self.folded,
            kernel_initializer=start,
            name=name,
        )(x)

    def norm(self, x, name):
        if self.folded:
            return x
        return BatchNorm(momentum=BN_MOMENTUM, epsilon=BN_EPSILON, name=name + "_bn")(x)

    def conv_norm(self, x, filters, kernel, name, bias=False):
        return self.norm(self.conv(x, filters, kernel, name, bias=bias), name)

    def stem(self, x):
        """5x5 convolution and 3x3 pool, each at stride 2.

        Padded evenly, as torch does, the first window begins 2 pixels (1 for the pool) before the
        picture, where "same" begins one later. What comes out of a ReLU is not negative: zeros pad
        the pool as well as minus infinity.
        """
        even = self.preset.symmetric
        if even:
            x = layers.ZeroPadding2D(((2, 1), (2, 1)), name="stem_pad")(x)
        padding = "valid" if even else "same"
        x = self.norm(
            self.conv(x, self.preset.planes[0], 5, "stem", strides=2, padding=padding), "stem"
        )
        x = layers.ReLU(name="stem_relu")(x)
        if even:
            x = layers.ZeroPadding2D(((1, 0), (1, 0)), name="stem_pool_pad")(x)
        return MaxPool(3, 2, padding, name="stem_pool")(x)

    def channel_weights(self, x, name):
        """Weight computation module (WCM): [H,W,C] -> [1,1,C] in 0..1, the focus of the TFCs."""
        channels = x.shape[-1]
        pools = {"avg": layers.GlobalAveragePooling2D, "max": layers.GlobalMaxPooling2D}
        w = pools[self.preset.wcm_pool](keepdims=True, name=name + "_pool")(x)
        w = layers.ReLU(name=name + "_relu")(self.conv_norm(w, channels, 1, name + "_1"))
        return layers.Activation("sigmoid", name=name + "_sigmoid")(
            self.conv(w, channels, 1, name + "_2", bias=True)
        )

    def channel_time(self, x, filters, name):
        """Channel-time learning (CTL) module, section 3.2: TFC + IOI.

        The bottom branch of IOI is gated by its top one, as the official code does.
        """
        ioi = self.preset.ioi_channels
        focused = layers.Multiply(name=name + "_focus")([x, self.channel_weights(x, name + "_wcm")])
        tfc = self.conv(focused, filters, 1, name + "_tfc")

        bottom = self.conv(x, filters, 3, name + "_bottom", bias=True)
        top = self.conv_norm(focused, ioi, 3, name + "_ioi1", bias=True)
        top = PositionMap(name=name + "_position")(layers.ReLU(name=name + "_ioi1_relu")(top))
        top = self.conv_norm(top, ioi, 7, name + "_ioi2", bias=True)
        top = layers.ReLU(name=name + "_ioi2_relu")(top)
        top = self.conv(top, filters, 3, name + "_ioi3", bias=True)
        gate = layers.Activation("sigmoid", name=name + "_ioi_sigmoid")(top)
        gated = layers.Multiply(name=name + "_gate")([bottom, gate])

        # This norm follows a sum of two convolutions: it folds into both (see folding).
        return self.norm(layers.Add(name=name + "_sum")([tfc, gated]), name)

    def block(self, x, planes, downsample, name):
        """CTL block: 1x1 reduce -> CTL -> 1x1 restore, with a residual."""
        filters = planes * self.preset.expansion
        if downsample:
            x = layers.DepthwiseConv2D(
                2, 2, depthwise_initializer="he_normal", name=name + "_down"
            )(x)
            x = self.norm(x, name + "_down")
        shortcut = x
        if x.shape[-1] != filters:
            shortcut = self.conv_norm(x, filters, 1, name + "_shortcut")
        y = layers.ReLU(name=name + "_relu1")(self.conv_norm(x, planes, 1, name + "_reduce"))
        y = layers.ReLU(name=name + "_relu2")(self.channel_time(y, planes, name + "_ctl"))
        y = self.conv_norm(y, filters, 1, name + "_restore")
        return layers.ReLU(name=name + "_out")(layers.Add(name=name + "_add")([y, shortcut]))


def build(preset: Preset, classes: int, folded: bool = False) -> keras.Model:
    """The network: clip [N,H,W,T*3] (channel t*3+c, values (u8-128)/128) -> logits [N,classes].

    While it is trained the stem's kernel is the product of a 1x1 and a 5x5 convolution, which
    halves the network's cost. folded=True gives the deployed form for the weights that
    folding.fold puts into it: one stem convolution, no BatchNorm, no dropout, batch size 1.
    A symmetric preset has one stem convolution, too, beside the BatchNorms: the form of the
    released checkpoints.
    """
    b = _Builder(preset, folded)
    clip = keras.Input(
        (preset.size, preset.size, preset.frames * 3), batch_size=1 if folded else None, name="clip"
    )
    x = clip
    if not folded and not preset.symmetric:
        x = PointwiseConv(
            STEM_WAVES, 1, use_bias=False, kernel_initializer=Waves(), name="stem_time"
        )(x)
    x = b.stem(x)
    for stage, (planes, depth) in enumerate(zip(preset.planes, preset.depths, strict=True)):
        for index in range(depth):
            name = f"stage{stage + 1}_block{index + 1}"
            x = b.block(x, planes, downsample=stage > 0 and index == 0, name=name)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    if not folded:
        x = layers.Dropout(preset.dropout, name="dropout")(x)
    logits = layers.Dense(
        classes, kernel_initializer=keras.initializers.RandomNormal(stddev=0.01), name="classifier"
    )(x)
    return keras.Model(clip, logits, name="squeezetime")


def backbone_params(model: keras.Model) -> int:
    """Parameters without the position maps and the classifier: what the paper counts."""
    return sum(
        layer.count_params()
        for layer in model.layers
        if not isinstance(layer, PositionMap | layers.Dense)
    )


def multiply_adds(model: keras.Model) -> int:
    """Multiply-adds of one inference, convolutions and classifier alone."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, layers.Dense):
            total += layer.units * layer.input.shape[-1]
        elif isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D):
            _, height, width, _ = layer.output.shape
            total += height * width * math.prod(layer.kernel.shape)
    return total

"""Exact folding of the stem's two factors, and of every BatchNorm, into single convolutions.

The converter folds a BatchNorm that follows one convolution, but not the one behind a CTL
module's sum. With y = bn(tfc + bottom * gate) = s*(tfc + bottom*gate) + t the scale s goes to
both convolutions and the shift t to the TFC's bias, the gate being left as it is.
"""

import keras
import numpy as np

from . import network
from .presets import Preset


def _scale_and_shift(norm) -> tuple[np.ndarray, np.ndarray]:
    gamma, beta, mean, variance = norm.get_weights()
    scale = gamma / np.sqrt(variance + norm.epsilon)
    return scale, beta - mean * scale


def fold(model: keras.Model, preset: Preset, classes: int) -> keras.Model:
    """The deployed form of a trained model: same outputs, no BatchNorm, batch size 1."""
    folded = network.build(preset, classes, folded=True)
    names = {layer.name for layer in model.layers}
    for layer in folded.layers:
        if not layer.weights:
            continue
        weights = model.get_layer(layer.name).get_weights()
        if layer.name == "stem" and "stem_time" in names:
            time_factor = model.get_layer("stem_time").get_weights()[0][0, 0]  # [T*3,K]
            weights = [np.einsum("ck,hwkf->hwcf", time_factor, weights[0])]
        norm, takes_shift = layer.name + "_bn", True
        for branch in ("_tfc", "_bottom"):
            if layer.name.endswith(branch):
                norm, takes_shift = layer.name.removesuffix(branch) + "_bn", branch == "_tfc"
        if norm in names:
            weights = _folded(layer, weights, *_scale_and_shift(model.get_layer(norm)), takes_shift)
        layer.set_weights(weights)
    return folded


def _folded(layer, weights, scale, shift, takes_shift):
    kernel, bias = weights if len(weights) == 2 else (weights[0], 0)
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        kernel = kernel * scale[:, None]  # [kh,kw,C,1]
    else:
        kernel = kernel * scale  # [kh,kw,Cin,Cout]
    return [kernel, bias * scale + (shift if takes_shift else np.zeros_like(shift))]

"""Reads the official checkpoints (xinghaochen/SqueezeTime, by mmaction2) into the Keras network.

Nothing of the file is executed: weights_only. Every tensor of the file must find its place, with
its shape, and every place its tensor.

Torch pads convolutions evenly; TensorFlow's "same" padding, at a stride of 2, puts one pixel less
in front. The stem and its pool are therefore padded by hand (Preset.symmetric), and the borders
come out exactly as trained. The mean and the standard deviation stay out of the stem's kernel:
folded into it, the zeros of the padding would no longer be the mean colour that they were in
training. They stand in the manifest instead, and edged applies them as it fills the tensor.
"""

import re
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from .. import network
from ..presets import PRESETS, Preset
from ..resize import bilinear

PRESET = replace(PRESETS["full"], symmetric=True)
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
FRAME_RATE = 7.5  # every 4th frame of 30 a second

_IGNORED = ("num_batches_tracked",)

# mmengine keeps the training's history beside the weights: these are read as _Nothing.
_HISTORY = (
    "mmengine.logging.history_buffer.HistoryBuffer",
    "builtins.getattr",
    "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray._reconstruct",
    "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar",
    "numpy.ndarray",
    "numpy.dtype",
)


class _Nothing:
    """Takes the place of an object that is not needed, whatever it is made with."""

    def __init__(self, *arguments):
        pass

    def __setstate__(self, state):
        pass


class CheckpointError(ValueError):
    """The file is not a checkpoint of this network; the message names what is wrong with it."""


def load(path: Path, preset: Preset = PRESET) -> tuple[keras.Model, int]:
    """The network with the file's weights, and its number of classes.

    Input channels come out in edged's order, t*3+c. Raises CheckpointError, which names the file.
    """
    try:
        return import_(read(path), preset)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error


def read(path: Path) -> dict[str, np.ndarray]:
    """The file's tensors by name, out of its "state_dict" where it has one."""
    import torch

    with open(path, "rb") as file:
        content = _content(file)
    if isinstance(content, dict) and "state_dict" in content:
        content = content["state_dict"]
    if not isinstance(content, dict) or not all(
        isinstance(k, str) and isinstance(v, torch.Tensor) for k, v in content.items()
    ):
        raise CheckpointError("holds no state_dict of tensors")
    return {
        name: _array(name, tensor)
        for name, tensor in content.items()
        if not name.endswith(_IGNORED)
    }


def _content(file):
    """What the file holds, of tensors and plain values alone."""
    import torch

    try:
        with torch.serialization.safe_globals([(_Nothing, name) for name in _HISTORY]):
            return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # of many kinds: what is damaged is read as something else
        if not (refused := re.search(r"Unsupported global: GLOBAL (\S+)", str(error))):
            raise CheckpointError("not a torch checkpoint, or damaged or incomplete") from error
        raise CheckpointError(
            f"holds more than tensors ({refused[1]}), and reading that would run code of the file. "
            'If you trust it, save torch.load(FILE, weights_only=False)["state_dict"] under a new '
            "name and import that."
        ) from error


def _array(name: str, tensor) -> np.ndarray:
    try:
        return tensor.detach().float().numpy()
    except (RuntimeError, TypeError) as error:
        raise CheckpointError(f"{name}: is not a plain tensor of numbers") from error


def import_(tensors: dict[str, np.ndarray], preset: Preset = PRESET) -> tuple[keras.Model, int]:
    """What load does with the tensors.

    Raises CheckpointError for the first that is missing, misshapen, not finite, or too many.
    """
    left = dict(tensors)

    def take(name: str, *shape: int | None) -> np.ndarray:
        if name not in left:
            raise CheckpointError(f"{name}: missing from the checkpoint")
        tensor = left.pop(name)
        if len(tensor.shape) != len(shape) or any(
            w not in (None, g) for g, w in zip(tensor.shape, shape, strict=True)
        ):
            wanted = "x".join("N" if n is None else str(n) for n in shape)
            raise CheckpointError(
                f"{name}: its shape is {'x'.join(map(str, tensor.shape))}, not {wanted}"
            )
        if not np.isfinite(tensor).all():
            raise CheckpointError(f"{name}: holds values that are not finite")
        return tensor

    classes = take("cls_head.fc_cls.weight", None, preset.planes[-1] * preset.expansion)
    left["cls_head.fc_cls.weight"] = classes
    model = network.build(preset, len(classes))
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(_weights(layer, preset, take))
    if left:
        raise CheckpointError(
            f"{min(left)}: has no place in SqueezeTime, and {len(left) - 1} more of the checkpoint"
        )
    return model, len(classes)


def _weights(layer, preset: Preset, take) -> list[np.ndarray]:
    """What the layer is to hold."""
    if layer.name == "classifier":
        units, inputs = layer.units, layer.kernel.shape[0]
        return [
            take("cls_head.fc_cls.weight", units, inputs).T,
            take("cls_head.fc_cls.bias", units),
        ]
    name = "backbone.net." + _official(layer.name)
    if isinstance(layer, keras.layers.BatchNormalization):
        n = layer.gamma.shape[0]
        return [
            take(f"{name}.{part}", n) for part in ("weight", "bias", "running_mean", "running_var")
        ]
    if isinstance(layer, network.PositionMap):
        _, height, width, channels = layer.map.shape
        maps = take(name, 1, channels, None, None).transpose(0, 2, 3, 1)
        return [bilinear(maps, height, width)]
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        height, width, channels, _ = layer.kernel.shape
        kernel = take(f"{name}.weight", channels, 1, height, width).transpose(2, 3, 0, 1)
    else:
        height, width, inputs, filters = layer.kernel.shape
        kernel = take(f"{name}.weight", filters, inputs, height, width).transpose(2, 3, 1, 0)
    if layer.name == "stem":  # c*T+t -> t*3+c
        kernel = (
            kernel.reshape(height, width, 3, preset.frames, filters)
            .transpose(0, 1, 3, 2, 4)
            .reshape(kernel.shape)
        )
    if not layer.use_bias:
        return [kernel]
    if layer.name.endswith("_wcm_2"):  # the official one has no bias
        return [kernel, np.zeros(kernel.shape[-1], np.float32)]
    return [kernel, take(f"{name}.bias", layer.bias.shape[0])]


# Layers of a block, ours -> the official one's.
_IN_BLOCK = {
    "down": "downsample.0",
    "down_bn": "downsample.1",
    "shortcut": "shortcut_conv.0",
    "shortcut_bn": "shortcut_conv.1",
    "reduce": "conv1",
    "reduce_bn": "bn1",
    "ctl_wcm_1": "conv2.param_conv.1",
    "ctl_wcm_1_bn": "conv2.param_conv.2",
    "ctl_wcm_2": "conv2.param_conv.4",
    "ctl_tfc": "conv2.temporal_conv",
    "ctl_bottom": "conv2.spatial_conv.short_conv",
    "ctl_ioi1": "conv2.spatial_conv.glo_conv.0",
    "ctl_ioi1_bn": "conv2.spatial_conv.glo_conv.1",
    "ctl_position": "conv2.spatial_conv.pos_embed",
    "ctl_ioi2": "conv2.spatial_conv.glo_conv.3",
    "ctl_ioi2_bn": "conv2.spatial_conv.glo_conv.4",
    "ctl_ioi3": "conv2.spatial_conv.glo_conv.6",
    "ctl_bn": "bn2",
    "restore": "conv3",
    "restore_bn": "bn3",
}


def _official(name: str) -> str:
    if name in ("stem", "stem_bn"):
        return {"stem": "conv1", "stem_bn": "bn1"}[name]
    stage, block, part = name.split("_", 2)
    index = int(block.removeprefix("block")) - 1
    return f"layer{stage.removeprefix('stage')}.{index}.{_IN_BLOCK[part]}"

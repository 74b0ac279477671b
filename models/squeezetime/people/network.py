"""The network while it is trained: the preset's backbone with a head for each task."""

import io
from pathlib import Path

import keras
import numpy as np
from keras import layers

from .. import network
from ..labels import LABELS as DRAWN
from ..packaging import write_whole
from ..presets import Preset
from .actor import POSE
from .grow import grow
from .labels import INDEX, LABELS

CONTRAST = 128
# Labels of the prototype's head; its idle and empty are now `other`.
PROTOTYPE = [
    "walk",
    "run",
    "sit_down",
    "stand_up",
    "fall",
    "lying",
    "get_up",
    "bend",
    "wave",
    "jump",
    "fight",
    "crawl",
    "other",
    "-",
    "lie_down",
]


def build(preset: Preset) -> keras.Model:
    """Clip -> logits of LABELS, logits of the drawn motions, 3-D pose, contrast vector."""
    base = network.build(preset, len(LABELS))
    pool = base.get_layer("pool").output
    stages = [base.get_layer(name).output for name in _last_blocks(base)]
    means = [layers.GlobalAveragePooling2D(name=f"mean{n}")(x) for n, x in enumerate(stages)]
    joined = layers.Concatenate(name="embedding")(means)
    drawn = layers.Dense(len(DRAWN), name="drawn")(base.get_layer("dropout").output)
    pose = layers.Dense(POSE, name="pose")(pool)
    contrast = layers.Dense(CONTRAST, name="contrast")(joined)
    return keras.Model(base.input, [base.output, drawn, pose, contrast])


def _last_blocks(base: keras.Model) -> list[str]:
    """The output layers of the last three stages, as embedding.py takes them."""
    last: dict[int, str] = {}
    for layer in base.layers:
        if layer.name.startswith("stage") and layer.name.endswith("_out"):
            last[int(layer.name[5 : layer.name.index("_")])] = layer.name
    return [name for _, name in sorted(last.items())][-3:]


def deployed(model: keras.Model, preset: Preset) -> keras.Model:
    """The backbone and the classifier alone, with the weights of `model`."""
    plain = network.build(preset, len(LABELS))
    for layer in plain.layers:
        if layer.weights:
            layer.set_weights(model.get_layer(layer.name).get_weights())
    return plain


def content_of(model: keras.Model) -> bytes:
    """The weights in 16 bits, named layer/index, as a compressed .npz."""
    content = io.BytesIO()
    named = {
        f"{layer.name}/{i}": w.astype(np.float16)
        for layer in model.layers
        for i, w in enumerate(layer.get_weights())
    }
    np.savez_compressed(content, **named)
    return content.getvalue()


def save(model: keras.Model, path: Path) -> None:
    write_whole(path, content_of(model))


def load(model: keras.Model, path: Path) -> list[str]:
    """Gives the model the weights of an .npz, where names and shapes agree.

    Returns the layers that keep the weights they had: other heads than the file's.
    """
    return _load(model, path, _read(path))


def load_or_grow(model: keras.Model, path: Path) -> list[str]:
    """As load. A file of a smaller preset is taken, too: the network grows out of it, see grow."""
    stored = _read(path)
    if all(_stored(stored, layer) is not None for layer in model.layers if _in_backbone(layer)):
        return _load(model, path, stored)
    try:
        return grow(model, stored)
    except ValueError as error:
        raise ValueError(f"{path}: not weights of a smaller preset: {error}") from error


def _in_backbone(layer) -> bool:
    return bool(layer.weights) and layer.name.startswith("st")  # stem, stage1_…


def _load(model: keras.Model, path: Path, stored: dict[str, np.ndarray]) -> list[str]:
    left = []
    for layer in model.layers:
        if not layer.weights:
            continue
        found = _stored(stored, layer)
        if found is None:
            left.append(layer.name)
        else:
            layer.set_weights(found)
    if any(name.startswith("st") for name in left):
        raise ValueError(f"{path}: not weights of this preset: {', '.join(left[:3])} differ")
    return left


def _read(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path) as stored:
            return dict(stored)
    except OSError:
        raise  # names the file
    except Exception as error:  # of many kinds: what is damaged is read as something else
        raise ValueError(f"{path}: no weights of train-people, or damaged: {error}") from error


def _stored(stored, layer) -> list[np.ndarray] | None:
    shapes = [w.shape for w in layer.get_weights()]
    if layer.name == "classifier" and "act/0" in stored:
        return _from_prototype(stored)
    name = "old" if layer.name == "drawn" and "old/0" in stored else layer.name
    arrays = [stored[f"{name}/{i}"] for i in range(len(shapes)) if f"{name}/{i}" in stored]
    if [a.shape for a in arrays] != shapes:
        return None
    return [a.astype(np.float32) for a in arrays]


def _from_prototype(stored) -> list[np.ndarray]:
    """The classifier of LABELS out of the prototype's, whose labels stand in another order."""
    kernel, bias = (stored[f"act/{i}"].astype(np.float32) for i in (0, 1))
    order = [PROTOTYPE.index(label) for label in INDEX]
    return [kernel[:, order], bias[order]]

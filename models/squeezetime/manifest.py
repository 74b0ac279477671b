"""edged.json: builds it, and checks it as edged does. README.md explains each key.

Format 2 declares the embedding, the model's second output. Format 1 has none.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from . import labels as label_rules
from .presets import Preset

_MAX_FLOAT32 = 3.4028234663852886e38
MAX_TEXT_BYTES = 10_000  # of the license and of the training data
MAX_EMBEDDING = 16384  # numbers, as edged's models/manifest.go


def _text(value) -> bool:
    return isinstance(value, str)


def _whole(value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value) -> bool:
    number = _whole(value) or isinstance(value, float)
    return number and abs(value) <= sys.float_info.max


def _up_to(most: int):
    return lambda value: _whole(value) and 1 <= value <= most


def _one_of(*words: str):
    return lambda value: _text(value) and value in words


def _rgb(value) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(map(_number, value))


def _embedding(value) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"size"}
        and _up_to(MAX_EMBEDDING)(value["size"])
    )


def _short_text(value) -> bool:
    """What is in every event: as short as a label, and printable."""
    return (
        _text(value)
        and len(value.encode()) <= label_rules.MAX_BYTES
        and not label_rules.invisible(value)
    )


def _long_text(value) -> bool:
    return _text(value) and len(value.encode()) <= MAX_TEXT_BYTES


REQUIRED = {
    "format": lambda value: _whole(value) and value in (1, 2),
    "name": lambda value: _short_text(value) and value != "",
    "version": _short_text,
    "frames": _up_to(64),
    "frame_rate": lambda value: _number(value) and 0 < value <= 240,
    "height": _up_to(1024),
    "width": _up_to(1024),
    "channel_order": _one_of("tc", "ct"),
    "mean": _rgb,
    "std": lambda value: _rgb(value) and all(v > 0 for v in value),
    "input_type": _one_of("int8", "uint8", "float32"),
    "output": _one_of("logits", "probabilities"),
    "background": _text,
}
OPTIONAL = {
    "license": _long_text,
    "training_data": _long_text,
    "accuracy": lambda value: isinstance(value, dict),
    "embedding": _embedding,
}


def check_name_of(path: Path) -> None:
    """Raises ValueError where edged would refuse a model that is named after this file."""
    if not REQUIRED["name"](path.stem):
        raise ValueError(f"{path}: the model is named after it, and edged takes no such name")


def problems(manifest, labels: Sequence[str]) -> list[str]:
    """Says in words what is wrong with a manifest; empty where edged accepts it."""
    if not isinstance(manifest, dict):
        return ["is not a JSON object"]
    rules = REQUIRED | OPTIONAL
    found = [f"{key} is missing" for key in REQUIRED if key not in manifest]
    for key, value in manifest.items():
        if key not in rules:
            found.append(f"unknown key {key!r}")
        elif not rules[key](value):
            found.append(f"{key} is {value!r}")
    if found:
        return found
    if ("embedding" in manifest) != (manifest["format"] == 2):
        found.append("format 2 declares an embedding, and format 1 has none")
    if manifest["background"] not in ("", *labels):
        found.append(f"background is {manifest['background']!r}, which is not a label")
    for mean, std in zip(manifest["mean"], manifest["std"], strict=True):
        if max(abs(mean), abs(255 - mean)) / std > _MAX_FLOAT32:
            found.append(f"mean {mean} with std {std} makes inputs beyond float32")
    return found


def build(
    name: str,
    version: str,
    preset: Preset,
    frame_rate: float,
    *,
    mean: Sequence[float] = (128, 128, 128),
    std: Sequence[float] = (128, 128, 128),
    kind: str = "int8",
    background: str = "",
    license: str = "",
    training_data: str = "",
    accuracy: dict | None = None,
    embedding: int = 0,
) -> dict:
    """Describes a network of the preset that gives logits, exported as int8, float16 or float32.

    embedding is how many numbers its second output has; 0 where there is none.
    """
    return {
        "format": 2 if embedding else 1,
        "name": name,
        "version": version,
        "frames": preset.frames,
        "frame_rate": frame_rate,
        "height": preset.size,
        "width": preset.size,
        "channel_order": "tc",
        "mean": list(mean),
        "std": list(std),
        "input_type": "int8" if kind == "int8" else "float32",
        "output": "logits",
        "background": background,
        "license": license,
        "training_data": training_data,
        **({"accuracy": accuracy} if accuracy else {}),
        **({"embedding": {"size": embedding}} if embedding else {}),
    }

"""edged.json: made, and what edged asks of it. README.md says what each key is."""

from collections.abc import Sequence

from .presets import Preset


def _text(value) -> bool:
    return isinstance(value, str)


def _number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _up_to(most: int):
    return lambda value: isinstance(value, int) and 1 <= value <= most


def _rgb(value) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(map(_number, value))


REQUIRED = {
    "format": lambda value: value == 1,
    "name": _text,
    "version": _text,
    "frames": _up_to(64),
    "frame_rate": lambda value: _number(value) and 0 < value <= 240,
    "height": _up_to(1024),
    "width": _up_to(1024),
    "channel_order": ("tc", "ct").__contains__,
    "mean": _rgb,
    "std": lambda value: _rgb(value) and all(v > 0 for v in value),
    "input_type": ("int8", "uint8", "float32").__contains__,
    "output": ("logits", "probabilities").__contains__,
    "background": _text,
}


def problems(manifest) -> list[str]:
    """What is wrong with it, in words; nothing where edged takes it."""
    if not isinstance(manifest, dict):
        return ["no object"]
    return [
        f"{key} is {manifest[key]!r}" if key in manifest else f"{key} is missing"
        for key, good in REQUIRED.items()
        if key not in manifest or not good(manifest[key])
    ]


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
) -> dict:
    """For a network of the preset that gives logits, exported as int8, float16 or float32."""
    return {
        "format": 1,
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
    }

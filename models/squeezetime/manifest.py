"""edged.json: what edged asks of it. README.md says what each key is."""


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

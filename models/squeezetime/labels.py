"""The starter model's labels, and what becomes of them when a clip is mirrored or reversed."""

LABELS = (
    "still",
    "left_to_right",
    "right_to_left",
    "rise",
    "fall",
    "approach",
    "recede",
    "rotate_cw",
    "rotate_ccw",
    "wave",
    "appear",
    "disappear",
)
BACKGROUND = "still"


def _swapped(*pairs: tuple[str, str]) -> tuple[int, ...]:
    other = {a: b for pair in pairs for a, b in (pair, pair[::-1])}
    return tuple(LABELS.index(other.get(label, label)) for label in LABELS)


_HORIZONTAL = ("left_to_right", "right_to_left")
_VERTICAL = ("rise", "fall")
_DEPTH = ("approach", "recede")
_ROTATION = ("rotate_cw", "rotate_ccw")
_PRESENCE = ("appear", "disappear")

# Index of a label -> index of the label of the same clip mirrored, upside down, played backwards.
MIRRORED = _swapped(_HORIZONTAL, _ROTATION)
UPSIDE_DOWN = _swapped(_VERTICAL, _ROTATION)
REVERSED = _swapped(_HORIZONTAL, _VERTICAL, _DEPTH, _ROTATION, _PRESENCE)

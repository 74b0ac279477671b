"""What a label may be; the starter's labels, and what a mirrored or reversed clip makes of them."""

import unicodedata
from collections import Counter
from collections.abc import Sequence

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

# As edged's models/labels.go and publish/topics.go: labels are levels of topics.
MAX_BYTES, MAX_COUNT = 64, 10000
RESERVED = (
    "enabled",
    "threshold",
    "snapshot",
    "delete_clip",
    "scores",
    "status",
    "event",
    "state",
    "last",
    "teach",
    "shadow",
)


def problems(labels: Sequence[str]) -> list[str]:
    """What edged would refuse, in words that name each such label."""
    found = [f"{label!r} {problem}" for label in labels if (problem := _problem(label))]
    found += [f"{label!r} occurs twice" for label, n in Counter(labels).items() if n > 1]
    if not 1 <= len(labels) <= MAX_COUNT:
        found.append(f"there are {len(labels)}; 1 to {MAX_COUNT} are allowed")
    return found


def check(labels: Sequence[str], where: str) -> None:
    """Raises ValueError for labels that edged refuses, for those that differ only in upper and
    lower case, and for decomposed letters: such a label looks like another, but its topic differs.

    The message names each such label, and says where it stands.
    """
    found, seen = problems(labels), {}
    for label in labels:
        if not unicodedata.is_normalized("NFC", label):
            found.append(
                f"{label!r} has decomposed letters (NFD), as macOS names files: "
                "rename it with composed ones"
            )
        other = seen.setdefault(label.casefold(), label)
        if other != label:
            found.append(f"{label!r} and {other!r} differ only in upper and lower case")
    if found:
        raise ValueError(f"{where}: labels: " + "; ".join(found))


# Letters and marks that take no room: fillers, joiners and variation selectors.
_NO_ROOM = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"
    + "".join(map(chr, range(0xFE00, 0xFE10)))
    + "".join(map(chr, range(0xE0100, 0xE01F0)))
)


def invisible(text: str) -> str:
    """The first character that a terminal does not show; "" if there is none.

    As edged's internal/printable.
    """
    for c in text:
        category = unicodedata.category(c)
        if (category[0] not in "LMNPS" and category != "Zs") or c in _NO_ROOM:
            return c
    return ""


def _problem(label: str) -> str:
    """What is wrong with the label by itself; "" if nothing is."""
    if label != label.strip() or not label:
        return "is empty or has blanks around it"
    try:
        size = len(label.encode())
    except UnicodeEncodeError:
        return "is not UTF-8"
    if size > MAX_BYTES:
        return f"has {size} bytes; a topic takes at most {MAX_BYTES}"
    if bad := invisible(label):
        return f"contains U+{ord(bad):04X}, a control, invisible or unassigned character"
    if bad := next((c for c in label if c in "+#/"), ""):
        return f"contains {bad!r}, which MQTT topics reserve"
    return "is the name of one of edged's own topics" if label in RESERVED else ""

"""Which labels change their meaning when a clip is mirrored or played backwards, by their words."""

import re

_SIDES = [("left", "right"), ("clockwise", "counterclockwise"), ("cw", "ccw")]
_TIMES = [
    ("enter", "leave"),
    ("enter", "exit"),
    ("arrive", "depart"),
    ("open", "close"),
    ("appear", "disappear"),
    ("approach", "recede"),
    ("rise", "fall"),
    ("up", "down"),
    ("in", "out"),
    ("on", "off"),
    ("sit", "stand"),
    ("take", "put"),
    ("push", "pull"),
    ("left", "right"),
    ("cw", "ccw"),
]


def _words(label: str) -> list[str]:
    return re.findall(r"[a-z]+", label.lower())


def _swapped(label: str, pairs) -> str | None:
    """The label's words with each pair's ones exchanged; None where it has none of them."""
    other = {a: b for pair in reversed(pairs) for a, b in (pair, pair[::-1])}
    words = _words(label)
    if not any(w in other for w in words):
        return None
    return " ".join(other.get(w, w) for w in words)


def partners(labels: list[str], pairs) -> list[int | None]:
    """For each label the one that its flipped clip shows: itself, its partner, or None: unknown."""
    by_words = {" ".join(_words(label)): i for i, label in enumerate(labels)}
    out: list[int | None] = []
    for i, label in enumerate(labels):
        swapped = _swapped(label, pairs)
        out.append(i if swapped is None else by_words.get(swapped))
    return out


def mirrored(labels: list[str]) -> list[int | None]:
    """A label without a side in its name is taken to look the same in a mirror."""
    return partners(labels, _SIDES)


def reversed_(labels: list[str]) -> list[int | None]:
    """Backwards, a label has a meaning only where its partner says so: walking is not walking."""
    found = partners(labels, _TIMES)
    return [None if other == i else other for i, other in enumerate(found)]

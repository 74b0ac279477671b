"""What a label becomes when its clip is mirrored or played backwards, by the label's words."""

import re
import unicodedata

_SIDES = (  # wherever they stand in a word: leftwards, linkshändig
    ("left", "right"),
    ("east", "west"),
    ("links", "rechts"),
    ("gauche", "droite"),
    ("izquierd", "derech"),
    ("esquerd", "direit"),
    ("лев", "прав"),
    ("左", "右"),
)
_SIDE_WORDS = (  # as words of their own
    ("l", "r"),
    ("lh", "rh"),
    ("lhs", "rhs"),
    ("ltr", "rtl"),
    ("sinistra", "destra"),
    ("cw", "ccw"),
)
_CHANGES = (  # of a state into another: what they look like backwards is the other
    ("enter", "leave"),
    ("enter", "exit"),
    ("arrive", "depart"),
    ("arrive", "leave"),
    ("open", "close"),
    ("open", "shut"),
    ("appear", "disappear"),
    ("appear", "vanish"),
    ("approach", "recede"),
    ("rise", "fall"),
    ("raise", "lower"),
    ("ascend", "descend"),
    ("inflate", "deflate"),
    ("fold", "unfold"),
    ("zoom in", "zoom out"),
    ("get in", "get out"),
    ("sit down", "stand up"),
    ("sit down", "get up"),
    ("lie down", "get up"),
    ("put on", "take off"),
    ("pick up", "put down"),
    ("turn on", "turn off"),
    ("switch on", "switch off"),
    *((f"{v} {a}", f"{v} {b}")
      for v in ("go", "move", "slide", "swipe", "pan")
      for a, b in (("left", "right"), ("up", "down"), ("in", "out"))),
)  # fmt: skip
_DOUBLED = ("sit", "get", "put", "shut")
_OTHER_SIDE = {a: b for pair in _SIDES for a, b in (pair, pair[::-1])}
_OTHER_SIDE_WORD = {a: b for pair in _SIDE_WORDS for a, b in (pair, pair[::-1])}


def mirrored(labels: list[str]) -> list[int | None]:
    """For each label that of its mirrored clip; None: unknown, so it must not be mirrored.

    One that names no side stays itself, unless it is in letters that are not understood.
    """
    names = [_name(label) for label in labels]
    return [_partner(names, i, _mirror_image(name)) for i, name in enumerate(names)]


def reversed_(labels: list[str]) -> list[int | None]:
    """For each label that of its clip played backwards; None: unknown.

    Only changes have an opposite backwards: opening is closing, but walking is not walking.
    """
    names = [_name(label) for label in labels]
    found = [_partner(names, i, _opposites(name)) for i, name in enumerate(names)]
    return [j if j is not None and found[j] == i else None for i, j in enumerate(found)]


def told(how: str, labels: list[str], partners: list[int | None]) -> str:
    """One line that says what becomes of which label."""
    pairs = [f"{labels[i]} <-> {labels[j]}" for i, j in enumerate(partners) if j and j > i]
    same = [labels[i] for i, j in enumerate(partners) if j == i]
    never = [labels[i] for i, j in enumerate(partners) if j is None]
    parts = [*pairs, *([f"as themselves {_some(same)}"] if same else [])]
    return f"{how}: {', '.join(parts) or 'none'}" + (f"; not {_some(never)}" if never else "")


def _some(names: list[str]) -> str:
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _name(label: str) -> str:
    """TurnLeft_2 -> turn left 2; every word for counterclockwise is ccw."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", unicodedata.normalize("NFKC", label))
    words = " ".join(re.findall(r"[^\W\d_]+|\d+", apart.casefold()))
    words = re.sub(r"(?:counter|anti) ?clockwise|[ac]cw\b", " ccw ", words)
    return " ".join(re.sub(r"clockwise|(?<!c)cw\b", " cw ", words).split())


def _partner(names: list[str], index: int, candidates: set[str]) -> int | None:
    """The one label that is among the candidates, if none else has the same words."""
    found = [i for i, name in enumerate(names) if name in candidates]
    return found[0] if len(found) == 1 and names.count(names[index]) == 1 else None


def _mirror_image(name: str) -> set[str]:
    inside = re.sub("|".join(_OTHER_SIDE), lambda side: _OTHER_SIDE[side[0]], name)
    other = " ".join(_OTHER_SIDE_WORD.get(word, word) for word in inside.split())
    return set() if other == name and not name.isascii() else {other}


def _opposites(name: str) -> set[str]:
    """What the label could be called backwards; empty where no change is in it, or several."""
    here = f" {name} "
    if re.search(r" \w+ to \w+ ", here):
        return {re.sub(r" (\w+) to (\w+) ", r" \2 to \1 ", here).strip()}
    found = {}
    for pair in (*_CHANGES, ("cw", "ccw")):
        for one, other in zip(_forms(pair[0]), _forms(pair[1]), strict=True):
            for a, b in ((one, other), (other, one)):
                if f" {a} " in here:
                    found.setdefault(a, set()).add(here.replace(f" {a} ", f" {b} ").strip())
    return next(iter(found.values())) if len(found) == 1 else set()


def _forms(verb: str) -> tuple[str, str, str]:
    """sit down -> sit down, sits down, sitting down."""
    head, _, rest = verb.partition(" ")
    third = head + ("es" if head.endswith(("sh", "ch", "go")) else "s")
    stem = "ly" if head == "lie" else head.removesuffix("e") + head[-1] * (head in _DOUBLED)
    return tuple(f"{form} {rest}".strip() for form in (head, third, stem + "ing"))

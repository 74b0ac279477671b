"""What a label becomes when its clip is mirrored or played backwards.

Guessed from the English words of the label. Labels in other languages need `--mirror A=B`.
"""

import re
import unicodedata

_SIDES = (
    ("left", "right"),
    ("east", "west"),
    (r"\bl\b", r"\br\b"),
    (r"\blr\b", r"\brl\b"),
    (r"\blt\b", r"\brt\b"),
    (r"\blft\b", r"\brgt\b"),
    (r"\blh\b", r"\brh\b"),
    (r"\blhs\b", r"\brhs\b"),
    (r"\bltr\b", r"\brtl\b"),
    (r"\bcw\b", r"\bccw\b"),
)
_NO_SIDES = r"\b(?:upright|bright|(?:br|[bfly])east)"  # words that contain a side's name
_SIDE = re.compile("|".join([_NO_SIDES, *(f"({a})|({b})" for a, b in _SIDES)]))
_DOUBTFUL = re.compile("(?:counter|anti) ?")
_CHANGES = (  # of one state into another: each of a pair looks like the other backwards
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


def pairs_of(labels: list[str], pairs: list[str]) -> dict[int, int]:
    """Reads --mirror options: each "A=B" says that A mirrored is B, and B mirrored is A.

    Raises ValueError for a text that names other than two of the labels, and for a label in two.
    """
    partners: dict[int, int] = {}
    for pair in pairs:
        a, equals, b = pair.partition("=")
        if not equals:
            raise ValueError(f"--mirror {pair}: write two labels as LEFT=RIGHT")
        for label in {a, b}:
            if label not in labels:
                raise ValueError(f"--mirror {pair}: no label {label}; there are {_some(labels)}")
            if labels.index(label) in partners:
                raise ValueError(f"--mirror {pair}: another --mirror names {label}, too")
        one, other = labels.index(a), labels.index(b)
        partners |= {one: other, other: one}
    return partners


def mirrored(labels: list[str], told: dict[int, int] | None = None) -> list[int | None]:
    """Returns for each label the label of its mirrored clip; None: unknown, never mirror it.

    told is pairs_of's. The rest is guessed. A label that names no side stays itself. It is unknown
    where it is not in ASCII letters, or where it differs from another label in what may be a side:
    an l for an r, "counter", "anti". (lhand and rhand look like lock and rock.)
    """
    names = [_name(label) for label in labels]
    sided = [_sided(name) for name in names]
    images = [_sided(name, mirror=True) for name in names]
    alike = [_DOUBTFUL.sub("", name).replace("r", "l") for name in names]
    plain = [name.isascii() and alike.count(a) == 1 for name, a in zip(names, alike, strict=True)]
    guessed = [
        _partner(sided, i, {image} if image != sided[i] or plain[i] else set())
        for i, image in enumerate(images)
    ]
    known = told or {}
    free = [None if j in known else j for j in guessed]
    return [known.get(i, j) for i, j in enumerate(free)]


def reversed_(labels: list[str]) -> list[int | None]:
    """Returns for each label the label of its clip played backwards; None: unknown, never do it.

    Only a change has an opposite: opening backwards is closing. Walking backwards is not walking.
    """
    names = [_name(label) for label in labels]
    found = [_partner(names, i, _opposites(name)) for i, name in enumerate(names)]
    return [j if j is not None and found[j] == i else None for i, j in enumerate(found)]


def told(how: str, labels: list[str], partners: list[int | None]) -> str:
    """Says in one line what each label becomes."""
    pairs = [f"{labels[i]} <-> {labels[j]}" for i, j in enumerate(partners) if j and j > i]
    same = [labels[i] for i, j in enumerate(partners) if j == i]
    never = [labels[i] for i, j in enumerate(partners) if j is None]
    parts = [*pairs, *([f"as themselves {_some(same)}"] if same else [])]
    return f"{how}: {', '.join(parts) or 'none'}" + (f"; not {_some(never)}" if never else "")


def _some(names: list[str]) -> str:
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _name(label: str) -> str:
    """TurnLeft_2, RHand -> turn left 2, r hand; every word for counterclockwise is ccw."""
    text = unicodedata.normalize("NFKC", label)
    turns = re.sub(r"(?<![A-Z])([AC]?CW)(?![A-Z])", r" \1 ", text)
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", turns)
    words = " ".join(re.findall(r"[^\W\d_]+|\d+", apart.casefold()))
    words = re.sub(r"(?:counter|anti) ?clock ?wise|[ac]cw\b", " ccw ", words)
    return " ".join(re.sub(r"clock ?wise|(?<!c)cw\b", " cw ", words).split())


def _partner(names: list[str], index: int, candidates: set[str]) -> int | None:
    """Returns the only label among the candidates, unless another label has the same words."""
    found = [i for i, name in enumerate(names) if name in candidates]
    return found[0] if len(found) == 1 and names.count(names[index]) == 1 else None


def _sided(name: str, mirror: bool = False) -> str:
    """Puts a mark in place of each side: <0> for left and <1> for right, swapped in a mirror."""
    return _SIDE.sub(lambda m: f"<{m.lastindex - 1 ^ mirror}>" if m.lastindex else m[0], name)


def _opposites(name: str) -> set[str]:
    """Returns what the label may be called backwards; nothing where it names no change, or many."""
    here = f" {name} "
    if re.search(r" \w+ to \w+ ", here):
        # Backwards, "face to face" may be anything.
        return {re.sub(r" (\w+) to (\w+) ", r" \2 to \1 ", here).strip()} - {name}
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

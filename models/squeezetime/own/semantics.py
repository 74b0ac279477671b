"""What a label becomes when its clip is mirrored or played backwards, by the label's words."""

import re
import unicodedata

_SIDES = (  # patterns, wherever they stand in a word: leftwards, linkshändig
    ("left", "right"),
    ("east", "west"),
    ("link(?=[es])", "recht(?=[es])"),  # and what ends alike: linke Hand, rechte Hand
    ("gauche", "droite?"),
    ("izquierd", "derech"),
    ("esquerd", "direit"),
    (r"sinistr(?=[aeio]\b|ors)", r"destr(?=[aeio]\b|ors)"),
    ("лев", "прав"),
    ("左", "右"),
    (r"\bl\b", r"\br\b"),
    (r"\blr\b", r"\brl\b"),
    (r"\blt\b", r"\brt\b"),
    (r"\blft\b", r"\brgt\b"),
    (r"\blh\b", r"\brh\b"),
    (r"\blhs\b", r"\brhs\b"),
    (r"\bltr\b", r"\brtl\b"),
    (r"\bcw\b", r"\bccw\b"),
)
_NO_SIDES = r"\b(?:upright|bright|breast|[bcfkps]link|pedestr|endroit|adroit)"
_SIDE = re.compile("|".join([_NO_SIDES, *(f"({a})|({b})" for a, b in _SIDES)]))
_DOUBTFUL = re.compile("(?:counter|anti) ?")
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


def mirrored(labels: list[str]) -> list[int | None]:
    """For each label that of its mirrored clip; None: unknown, so it must not be mirrored.

    One that names no side stays itself, unless it is in letters that are not understood or differs
    from another in what may be a side: an l for an r, "counter", "anti". (lhand and rhand look
    like lock and rock.)
    """
    names = [_name(label) for label in labels]
    sided = [_sided(name) for name in names]
    images = [_sided(name, mirror=True) for name in names]
    alike = [_DOUBTFUL.sub("", name).replace("r", "l") for name in names]
    plain = [name.isascii() and alike.count(a) == 1 for name, a in zip(names, alike, strict=True)]
    return [
        _partner(sided, i, {image} if image != sided[i] or plain[i] else set())
        for i, image in enumerate(images)
    ]


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
    """TurnLeft_2, RHand -> turn left 2, r hand; every word for counterclockwise is ccw."""
    text = unicodedata.normalize("NFKC", label)
    turns = re.sub(r"(?<![A-Z])([AC]?CW)(?![A-Z])", r" \1 ", text)
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", turns)
    words = " ".join(re.findall(r"[^\W\d_]+|\d+", apart.casefold()))
    words = re.sub(r"(?:counter|anti) ?clock ?wise|[ac]cw\b", " ccw ", words)
    return " ".join(re.sub(r"clock ?wise|(?<!c)cw\b", " cw ", words).split())


def _partner(names: list[str], index: int, candidates: set[str]) -> int | None:
    """The one label that is among the candidates, if none else has the same words."""
    found = [i for i, name in enumerate(names) if name in candidates]
    return found[0] if len(found) == 1 and names.count(names[index]) == 1 else None


def _sided(name: str, mirror: bool = False) -> str:
    """The name with a mark in place of each side, or of the other one: <0>, <1> for left, right."""
    return _SIDE.sub(lambda m: f"<{m.lastindex - 1 ^ mirror}>" if m.lastindex else m[0], name)


def _opposites(name: str) -> set[str]:
    """What the label could be called backwards; empty where no change is in it, or several."""
    here = f" {name} "
    if re.search(r" \w+ to \w+ ", here):
        # Face to face may be anything backwards.
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

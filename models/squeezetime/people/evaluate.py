"""`squeezetime evaluate-people`: models side by side, on real footage and on held-out clips."""

from collections.abc import Sequence
from pathlib import Path

from . import on_drawn, on_footage
from .subject import Subject


def report(
    models: list[Path],
    footage: Sequence[Path] = (),
    fights: Path | None = None,
    shown: Path | None = None,
    walkers: Path | None = None,
    held: Path | None = None,
) -> list[str]:
    """A Markdown table, a column for each model, and what the last one confuses."""
    subjects = [Subject(path) for path in models]
    confusion: list[str] = []
    for subject in subjects:
        if footage:
            on_footage.falls(subject, footage)
        if fights:
            on_footage.fights(subject, fights)
        if shown:
            on_footage.shown(subject, shown)
        if walkers:
            on_footage.walkers(subject, walkers)
        if held:
            confusion = on_drawn.measure(subject, held)
    keys = list(dict.fromkeys(key for s in subjects for key in s.rows))
    head = ["", *(s.path.stem for s in subjects)]
    lines = [_row(head), _row(["---", *["--:"] * len(subjects)])]
    lines += [_row([key, *(s.rows.get(key, "-") for s in subjects)]) for key in keys]
    return [*lines, "", *confusion]


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"

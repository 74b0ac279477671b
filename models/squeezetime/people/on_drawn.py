"""How good a model is on held-out drawn clips: over all, by label, view, person and condition."""

from pathlib import Path

import numpy as np

from ..own.report import matrix_of
from . import shards
from .clothes import SKINS
from .conditions import CONDITIONS, changed
from .labels import INDEX, LABELS
from .scaled import scaled
from .scores import SHOTS, few_shot
from .subject import Subject

CHANGED = 256  # held-out clips that are shown under each of the CONDITIONS


def measure(subject: Subject, folder: Path) -> list[str]:
    """Accuracy on drawn clips of other bodies and motions; returns the confusion as lines."""
    found = [shards.read(path) for path in shards.whole(folder)]
    if not found:
        raise ValueError(f"{folder}: no shard; draw them with squeezetime draw-people --held-out")
    clips = scaled(np.concatenate([s.clips for s in found]), subject.about["height"])
    truth = np.concatenate([s.labels for s in found])
    if subject.has_embedding:
        row = f"embedding, {SHOTS} held-out examples a label, nearest mean"
        subject.rows[row] = f"{few_shot(subject.embeddings(clips), truth):.3f}"
    if not subject.people:
        return []
    order = [subject.labels.index(label) for label in LABELS]
    guesses = subject.probabilities(clips)[:, order].argmax(1)
    subject.rows[f"held-out clips, {len(truth)}: right"] = f"{(guesses == truth).mean():.3f}"
    for label, index in INDEX.items():
        mine = truth == index
        if mine.any():
            subject.rows[f"recall: {label}"] = f"{(guesses[mine] == index).mean():.2f}"
    views = np.concatenate([s.views for s in found])
    who = np.concatenate([s.who for s in found])
    parts = _by_view(views) | (_by_person(who) if len(who) == len(truth) else {})
    for name, mine in parts.items():
        subject.rows[f"held-out, {name}: {mine.sum()} clips"] = (
            f"{(guesses == truth)[mine].mean():.3f}"
        )
    unchanged = (guesses == truth)[:CHANGED]
    subject.rows[f"first {len(unchanged)} held-out, as drawn"] = f"{unchanged.mean():.3f}"
    for name, change in CONDITIONS.items():
        shown = [changed(clip, change, i) for i, clip in enumerate(clips[:CHANGED])]
        right = subject.probabilities(shown)[:, order].argmax(1) == truth[:CHANGED]
        subject.rows[f"first {len(right)} held-out, {name}"] = f"{right.mean():.3f}"
    return _confusion(matrix_of(truth.astype(int), guesses, len(LABELS)), subject.path.stem)


def _by_person(who: np.ndarray) -> dict[str, np.ndarray]:
    """Which clips show which body, and which of the eight skins, from very light to very dark."""
    names = np.array([name.partition("/")[0] for name in who])
    skins = np.array([name.partition("/")[2] for name in who])
    return {f"skin {int(s) + 1} of {len(SKINS)}": skins == s for s in sorted(set(skins) - {""})} | {
        f"body {name}": names == name for name in sorted(set(names) - {""})
    }


def _by_view(views: np.ndarray) -> dict[str, np.ndarray]:
    """Which clips were seen from where, and how large the person is; none of nobody."""
    elevation, fills = views.T
    somebody = fills > 0
    return {
        "camera below 28 degrees": somebody & (elevation < 28),
        "camera at 28 to 62 degrees": somebody & (elevation >= 28) & (elevation < 62),
        "camera above 62 degrees": somebody & (elevation >= 62),
        "person below 0.3 of the height": somebody & (fills < 0.3),
        "person 0.3 to 0.6": somebody & (fills >= 0.3) & (fills < 0.6),
        "person above 0.6": somebody & (fills >= 0.6),
    }


def _confusion(matrix: np.ndarray, name: str) -> list[str]:
    width = max(map(len, LABELS))
    lines = [f"{name}: rows: what it was; columns, in the same order: what it was taken for"]
    for label, row in zip(LABELS, matrix, strict=True):
        lines.append(f"{label:{width}} " + " ".join(f"{n:4}" for n in row))
    return lines

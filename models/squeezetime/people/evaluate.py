"""`squeezetime evaluate-people`: models side by side, on real footage and on held-out clips."""

from functools import lru_cache
from pathlib import Path

import numpy as np

from ..own.report import matrix_of
from . import real, shards
from .clothes import SKINS
from .conditions import CONDITIONS, changed
from .labels import INDEX, LABELS
from .scores import SHOTS, auc, few_shot
from .subject import Subject

BLOCK = 3  # windows in a row: as many as show a fall
ALARM = 0.5  # a label's probability from which it counts as reported; chosen beforehand
MOST_CROPS = 600  # of vtest.avi, of each kind
CHANGED = 256  # held-out clips that are shown under each of the CONDITIONS
WALKING, ALARMS = ("walk", "run"), ("fall", "fight", "lying", "crawl")


def report(
    models: list[Path],
    footage: Path | None = None,
    walkers: Path | None = None,
    held: Path | None = None,
) -> list[str]:
    """A Markdown table, a column for each model, and what the last one confuses."""
    subjects = [Subject(path) for path in models]
    confusion: list[str] = []
    for subject in subjects:
        if footage:
            _on_footage(subject, footage)
        if walkers:
            _on_walkers(subject, walkers)
        if held:
            confusion = _on_held_out(subject, held)
    keys = list(dict.fromkeys(key for s in subjects for key in s.rows))
    head = ["", *(s.path.stem for s in subjects)]
    lines = [_row(head), _row(["---", *["--:"] * len(subjects)])]
    lines += [_row([key, *(s.rows.get(key, "-") for s in subjects)]) for key in keys]
    return [*lines, "", *confusion]


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _on_footage(subject: Subject, folder: Path) -> None:
    """Falls against everything else, and what ordinary life is taken for."""
    labelled = real.read(folder)
    fallen, ordinary, seconds = [], [], 0.0
    for item in labelled:
        shown = subject.windows(item.path)
        scores = _scores(subject, [w.pixels for w in shown])
        for fall in item.falls:
            hits = [s for w, s in zip(shown, scores, strict=True) if real.shows(w, fall)]
            if hits:
                fallen.append(max(hits))
        quiet = [s for w, s in zip(shown, scores, strict=True) if real.before(w, item.falls)]
        ordinary += quiet
        seconds += len(quiet) * real.STEP / subject.about["frame_rate"]
    for path in real.unlabelled(folder, labelled):
        shown = subject.windows(path)
        probabilities = subject.probabilities([w.pixels for w in shown])
        if subject.people:
            best = subject.best(probabilities)
            subject.rows[f"{path.stem}: {len(best)} windows, taken for"] = _counted(best)
        ordinary += subject.share(probabilities, "fall").tolist()
        seconds += len(shown) * real.STEP / subject.about["frame_rate"]
    blocks = _blocks(ordinary)
    subject.rows[f"falls in rooms, AUC ({len(fallen)} against {len(blocks)} stretches)"] = (
        f"{auc(fallen, blocks):.3f}"
    )
    found = sum(s >= ALARM for s in fallen)
    subject.rows[f"falls with a score of {ALARM} or more"] = f"{found} of {len(fallen)}"
    above = sum(s > max(blocks) for s in fallen)
    subject.rows[f"falls above all of {seconds / 60:.1f} minutes without one"] = (
        f"{above} of {len(fallen)}"
    )
    alarms = sum(s >= ALARM for s in blocks)
    subject.rows[f"false alarms of a fall in {seconds / 60:.1f} minutes"] = str(alarms)


def _scores(subject: Subject, clips) -> list[float]:
    if not len(clips):
        return []
    return subject.share(subject.probabilities(clips), "fall").tolist()


def _blocks(scores: list[float]) -> list[float]:
    """The highest of every three in a row, as the falls have it."""
    return [max(scores[i : i + BLOCK]) for i in range(0, len(scores), BLOCK)]


def _counted(names: list[str]) -> str:
    values, counts = np.unique(names, return_counts=True)
    order = np.argsort(-counts)
    return ", ".join(f"{values[i]} {counts[i]}" for i in order)


def _on_walkers(subject: Subject, path: Path) -> None:
    """vtest.avi: crops in which one person walks past, and crops in which nothing moves."""
    if not subject.people:
        return
    about = subject.about
    walking, still = _crops(path, about["frames"], about["frame_rate"], about["height"])
    best = np.array(subject.best(subject.probabilities(walking)))
    row = f"walkers of {path.name}, {len(walking)} crops"
    subject.rows[f"{row}: walk or run"] = f"{np.isin(best, WALKING).mean():.3f}"
    subject.rows[f"{row}: other"] = f"{(best == 'other').mean():.3f}"
    subject.rows[f"{row}: {', '.join(ALARMS)}"] = f"{np.isin(best, ALARMS).mean():.3f}"
    best = np.array(subject.best(subject.probabilities(still)))
    subject.rows[f"{path.name}, {len(still)} crops where nothing moves: other"] = (
        f"{(best == 'other').mean():.3f}"
    )


@lru_cache(1)  # the models of one table mostly see the same crops
def _crops(path: Path, frames: int, rate: float, side: int) -> tuple[list, list]:
    """Clips uint8 [side,side,T*3] in which somebody walks, and in which nothing moves."""
    from ..starter import footage

    shot = footage.read(path)
    found = footage.windows(shot, frames, rate)
    still = [w for w in found if footage.LABELS[w.label] == footage.SHOWN[0]]
    walking = [w for w in found if footage.LABELS[w.label] != footage.SHOWN[0]]
    return tuple([footage.clip(shot, w, side) for w in _spread(of)] for of in (walking, still))


def _spread(found: list) -> list:
    """At most MOST_CROPS of them, evenly spread."""
    count = min(len(found), MOST_CROPS)
    return [found[i * len(found) // count] for i in range(count)]


def _on_held_out(subject: Subject, folder: Path) -> list[str]:
    """Accuracy on drawn clips of other bodies and motions; returns the confusion as lines."""
    found = [shards.read(path) for path in shards.whole(folder)]
    if not found:
        raise ValueError(f"{folder}: no shard; draw them with squeezetime draw-people --held-out")
    clips = np.concatenate([s.clips for s in found])
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

"""How good a model is on real footage: falls, fights, walkers and ordinary life."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from . import real
from .scores import auc
from .subject import Subject

BLOCK = 3  # windows in a row: as many as show a fall
ALARM = 0.5  # a label's probability from which it counts as reported; chosen beforehand
MOST_CROPS = 600  # of vtest.avi, of each kind
WALKING, ALARMS = ("walk", "run"), ("fall", "fight", "lying", "crawl")
FIGHT, NO_FIGHT = "fight", "noFight"  # the folders of a set of fights


def falls(subject: Subject, folders: Sequence[Path]) -> None:
    """Falls against everything else, and what ordinary life is taken for."""
    labelled = [item for folder in folders for item in real.read(folder)]
    fallen, ordinary, seconds = [], [], 0.0
    for item in labelled:
        windows = subject.windows(item.path)
        scores = _scores(subject, [w.pixels for w in windows])
        for fall in item.falls:
            hits = [s for w, s in zip(windows, scores, strict=True) if real.shows(w, fall)]
            fallen.append(max(hits, default=0.0))  # no window shows it: a miss
        quiet = [s for w, s in zip(windows, scores, strict=True) if real.before(w, item.falls)]
        ordinary += quiet
        seconds += len(quiet) * real.STEP / subject.about["frame_rate"]
    for path in (p for folder in folders for p in real.unlabelled(folder, labelled)):
        probabilities = _probabilities(subject, path)
        if subject.people:
            _taken_for(subject, path, probabilities)
        ordinary += subject.share(probabilities, "fall").tolist()
        seconds += len(probabilities) * real.STEP / subject.about["frame_rate"]
    if not (fallen and ordinary):
        missing = "fall" if not fallen else "window of ordinary life before a fall or without one"
        raise ValueError(f"{', '.join(map(str, folders))}: no {missing} to tell apart")
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
    return subject.share(subject.probabilities(clips), "fall").tolist()


def _blocks(scores: list[float]) -> list[float]:
    """The highest of every three in a row, as the falls have it."""
    return [max(scores[i : i + BLOCK]) for i in range(0, len(scores), BLOCK)]


def _counted(names: list[str]) -> str:
    values, counts = np.unique(names, return_counts=True)
    order = np.argsort(-counts)
    return ", ".join(f"{values[i]} {counts[i]}" for i in order)


def fights(subject: Subject, folder: Path) -> None:
    """FOLDER/fight and FOLDER/noFight hold short videos: how well `fight` tells them apart."""
    if not subject.people:
        return
    scores, counted = {}, {}
    for kind in (FIGHT, NO_FIGHT):
        paths = real.videos(folder / kind)
        shares = [_probabilities(subject, path).mean(0) for path in paths]
        scores[kind] = [float(s[subject.labels.index("fight")]) for s in shares]
        counted[kind] = _counted(subject.best(np.stack(shares)))
    row = f"{folder.name}, {len(scores[FIGHT])} against {len(scores[NO_FIGHT])} videos"
    subject.rows[f"{row}: fight, AUC"] = f"{auc(scores[FIGHT], scores[NO_FIGHT]):.3f}"
    subject.rows[f"{row}: fights taken for"] = counted[FIGHT]
    subject.rows[f"{row}: the others taken for"] = counted[NO_FIGHT]


def shown(subject: Subject, folder: Path) -> None:
    """What the windows of each video of the folder are taken for."""
    if not subject.people:
        return
    for path in real.videos(folder):
        _taken_for(subject, path, _probabilities(subject, path))


def _probabilities(subject: Subject, path: Path) -> np.ndarray:
    """Of each label in each window of the video, [N,labels]."""
    return subject.probabilities([w.pixels for w in subject.windows(path)])


def _taken_for(subject: Subject, path: Path, probabilities: np.ndarray) -> None:
    best, name = subject.best(probabilities), f"{path.parent.name}/{path.name}"
    subject.rows[f"{name}: {len(best)} windows, taken for"] = _counted(best)


def walkers(subject: Subject, path: Path) -> None:
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

"""The starter model's numbers: held-out drawn clips, what it falls for, and real footage."""

from pathlib import Path

import numpy as np

from .. import manifest, packaging
from ..clip import one_frame_repeated, played_backwards
from ..labels import BACKGROUND, LABELS, REVERSED
from ..litert import Model
from ..own.report import draw, matrix_of
from . import recipe


def check(path: Path) -> None:
    """Raises ValueError for a model file of other labels or windows than what is drawn here."""
    names, about = packaging.unpack(path)
    wanted = manifest.build("", "", recipe.PRESET, recipe.FRAME_RATE)
    keys = "frames", "frame_rate", "height", "width", "channel_order", "mean", "std"
    if tuple(names) != LABELS or any(about[key] != wanted[key] for key in keys):
        raise ValueError(
            f"{path}: evaluate draws clips for the starter's labels and window, and this model "
            "has others; squeezetime verify measures a model on your clips"
        )


def on_drawn_clips(model: Model, work: Path, picture: Path | None = None) -> dict:
    """Accuracy and recalls on the test set, and on clips robbed of their motion or reversed.

    The confusion matrix goes into the PNG `picture`.
    """
    clips, labels = recipe.clip_set(work, "test")
    frames = recipe.PRESET.frames
    matrix = matrix_of(labels, model.best(clips), len(LABELS))
    if picture:
        draw(LABELS, matrix, picture)
    frozen = model.best(one_frame_repeated(clips, frames))
    backwards = model.best(played_backwards(clips, frames))
    return {
        "clips": len(labels),
        "accuracy": float(np.trace(matrix) / len(labels)),
        "recall": dict(zip(LABELS, (np.diag(matrix) / matrix.sum(1)).tolist(), strict=True)),
        "one_frame_repeated": float((frozen == labels).mean()),
        "reversed": float((backwards == np.array(REVERSED)[labels]).mean()),
    }


def on_footage(model: Model, path: Path) -> dict:
    """Left against right, 12-way and still accuracy on windows of real walkers."""
    from . import footage

    preset, film = recipe.PRESET, footage.read(path)
    windows = footage.windows(film, preset.frames, recipe.FRAME_RATE)
    logits = np.stack([model.logits(footage.clip(film, w, preset.size)) for w in windows])
    labels, crops = (np.array([getattr(w, key) for w in windows]) for key in ("label", "crop"))
    still = labels == LABELS.index(BACKGROUND)
    left, right = LABELS.index("right_to_left"), LABELS.index("left_to_right")
    went_right = (logits[:, right] > logits[:, left]) == (labels == right)
    hit = logits.argmax(1) == labels
    return {
        "walking": int((~still).sum()),
        "left_against_right": float(went_right[~still].mean()),
        "twelve_way": float(hit[~still].mean()),
        "still": int(still.sum()),
        "still_right": float(hit[still].mean()),
        "twelve_way, by side of the area": {
            f"{side} of {footage.ROWS} rows": float(hit[~still & (crops == side)].mean())
            for side in sorted({*crops[~still].tolist()})
        },
    }


def lines(results: dict, indent: str = "") -> list[str]:
    """The results as text, one value a line."""
    text = []
    for key, value in results.items():
        if isinstance(value, dict):
            text += [f"{indent}{key}", *lines(value, indent + "  ")]
        else:
            text.append(
                f"{indent}{key:<34} {value:.4f}"
                if isinstance(value, float)
                else f"{indent}{key:<34} {value}"
            )
    return text

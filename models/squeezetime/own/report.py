"""Says what a trained model confuses, in text and in a picture."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..clip import in_order, one_frame_repeated
from ..packaging import write_whole
from .dataset import File

MANY = 60  # labels: beyond, cells are small


def report(labels, held: list[File], guess: Callable, frames: int, picture: Path) -> list[str]:
    """Returns accuracy by file, confusion matrix and ablations; draws it to `picture` (PNG).

    guess: takes a change of windows [n,H,W,T*3]; returns the labels [N] of the files so changed.
    """
    truth = np.array([f.label for f in held])
    found = guess(lambda w: w)
    matrix = matrix_of(truth, found, len(labels))
    draw(labels, matrix, picture)
    rarest = matrix.sum(1).min()
    lines = [
        f"validation: {np.trace(matrix)} of {len(held)} files right, of the best epoch, in float32"
    ]
    lines.append("(these files also chose the best epoch, so expect less on others)")
    if rarest < 5:
        lines.append(
            f"beware: held-out files of the rarest label: {rarest}; each decides "
            f"{1 / max(1, rarest):.0%} of its recall"
        )
    lines.append("rows: what the clips show; columns: what the model says")
    names = numbered(labels) or labels
    width = max(map(len, names))
    for i, (name, row) in enumerate(zip(names, matrix, strict=True)):
        counts = " ".join(f"{n:4}" for n in row)
        lines.append(f"{name:{width}}  {counts}  recall {row[i] / max(1, row.sum()):.2f}")
    lines += ablations(truth, guess, frames)
    lines.append("held out:")
    for file, label in zip(held, found, strict=True):
        wrong = "" if label == file.label else f"  taken for {labels[label]}"
        lines.append(f"  {file.name}{wrong}")
    return lines


def ablations(truth: np.ndarray, guess: Callable, frames: int) -> list[str]:
    """Measures the accuracy without motion, and with frames in another order."""
    order = np.random.default_rng(0).permutation(frames)
    still = np.mean(guess(lambda w: one_frame_repeated(w, frames)) == truth)
    mixed = np.mean(guess(lambda w: in_order(w, order)) == truth)
    return [
        f"one frame repeated: {still:.3f}, frames shuffled: {mixed:.3f}",
        "(if these come near the accuracy above, the model looks at scenes, not at motion)",
    ]


def matrix_of(truth: np.ndarray, guesses: np.ndarray, classes: int) -> np.ndarray:
    """Counts [classes,classes]: a row is what the clips show, a column what the model says."""
    matrix = np.zeros((classes, classes), int)
    np.add.at(matrix, (truth, guesses), 1)
    return matrix


def numbered(labels) -> list[str]:
    """The labels with their numbers in the picture; empty where the picture has the labels.

    Pillow's own font has no letters beyond ASCII.
    """
    if len(labels) <= MANY and all(map(str.isascii, labels)):
        return []
    return [f"{n:3} {label}" for n, label in enumerate(labels, 1)]


def draw(labels, matrix: np.ndarray, path: Path) -> None:
    from PIL import Image, ImageDraw

    if numbered(labels):
        labels = [str(n) for n in range(1, len(labels) + 1)]
    cell = 44 if len(labels) <= MANY else 14
    margin = 12 + 7 * max(map(len, labels))
    image = Image.new(
        "RGB", (margin + cell * len(labels) + 12, margin + cell * len(labels) + 12), "white"
    )
    pen = ImageDraw.Draw(image)
    for row, name in enumerate(labels):
        pen.text((6, margin + row * cell + cell // 2 - 6), name, fill="black")
        column_name = Image.new("RGB", (margin, 14), "white")
        ImageDraw.Draw(column_name).text((0, 0), name, fill="black")
        image.paste(column_name.rotate(90, expand=True), (margin + row * cell + cell // 2 - 7, 0))
        share = matrix[row] / max(1, matrix[row].sum())
        for column, n in enumerate(matrix[row]):
            shade = int(255 * (1 - share[column]))
            box = (
                margin + column * cell,
                margin + row * cell,
                margin + (column + 1) * cell,
                margin + (row + 1) * cell,
            )
            pen.rectangle(box, fill=(shade, shade, 255), outline="grey")
            if cell < 44 and not n:
                continue
            pen.text(
                (box[0] + (8 if cell == 44 else 1), box[1] + cell // 2 - 6),
                str(n),
                fill="white" if share[column] > 0.6 else "black",
            )
    content = io.BytesIO()
    image.save(content, "PNG")
    write_whole(path, content.getvalue())

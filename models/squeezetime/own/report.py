"""What a trained model confuses, as text and as a picture."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..clip import in_order, one_frame_repeated
from ..packaging import write_whole
from .dataset import File

MANY = 60  # labels: beyond, cells are small


def report(labels, held: list[File], guess: Callable, frames: int, picture: Path) -> list[str]:
    """Accuracy by file, confusion matrix, ablations; the matrix also as a PNG at `picture`.

    guess: a change of windows [n,H,W,T*3] -> the labels [N] that the files so changed are given.
    """
    truth = np.array([f.label for f in held])
    found = guess(lambda w: w)
    matrix = matrix_of(truth, found, len(labels))
    draw(labels, matrix, picture)
    rarest = matrix.sum(1).min()
    lines = [
        f"validation: {np.trace(matrix)} of {len(held)} files right, of the best epoch, in float32"
    ]
    lines.append("(that epoch was chosen by these very files: expect less of others)")
    if rarest < 5:
        lines.append(
            f"beware: {rarest} files of the rarest label were tested, each is "
            f"{1 / max(1, rarest):.0%} of its recall"
        )
    lines.append("rows: what it was; columns: what it was taken for")
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
    """What is left of the accuracy without motion, and without order."""
    order = np.random.default_rng(0).permutation(frames)
    still = np.mean(guess(lambda w: one_frame_repeated(w, frames)) == truth)
    mixed = np.mean(guess(lambda w: in_order(w, order)) == truth)
    return [
        f"one frame repeated: {still:.3f}, frames shuffled: {mixed:.3f}",
        "(where these are as good as the above, it looks at scenes, not at motion)",
    ]


def matrix_of(truth: np.ndarray, guesses: np.ndarray, classes: int) -> np.ndarray:
    """Counts [classes,classes]: row, what it was; column, what it was taken for."""
    matrix = np.zeros((classes, classes), int)
    np.add.at(matrix, (truth, guesses), 1)
    return matrix


def numbered(labels) -> list[str]:
    """The labels with the numbers that stand for them in the picture; none where no number does.

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

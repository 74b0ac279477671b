"""What a trained model confuses, as text and as a picture."""

from pathlib import Path

import numpy as np

from .evaluate import one_frame_repeated


def report(labels, files, truth, logits, frames: int, picture: Path) -> list[str]:
    """Accuracy by file, confusion matrix, ablations; the matrix also as a PNG at `picture`.

    files: for each its windows [n,H,W,T*3]; logits: windows -> [n,classes].
    """

    def accuracy(change) -> float:
        return float(np.mean([logits(change(w)).mean(0).argmax() for w in files] == truth))

    guesses = np.array([logits(w).mean(0).argmax() for w in files])
    matrix = matrix_of(truth, guesses, len(labels))
    draw(labels, matrix, picture)
    width = max(map(len, labels))
    lines = [f"validation: {np.trace(matrix)} of {matrix.sum()} files right"]
    if matrix.sum(1).min() < 5:
        lines.append(
            f"beware: {matrix.sum(1).min()} files of the rarest label were tested, each is "
            f"{1 / max(1, matrix.sum(1).min()):.0%} of its recall"
        )
    lines.append("rows: what it was; columns: what it was taken for")
    for i, (name, row) in enumerate(zip(labels, matrix, strict=True)):
        counts = " ".join(f"{n:4}" for n in row)
        lines.append(f"{name:{width}}  {counts}  recall {row[i] / max(1, row.sum()):.2f}")
    rng = np.random.default_rng(0)

    def shuffled(w: np.ndarray) -> np.ndarray:
        in_time = w.reshape(*w.shape[:3], frames, 3)
        return np.ascontiguousarray(in_time[:, :, :, rng.permutation(frames)]).reshape(w.shape)

    still = accuracy(lambda w: one_frame_repeated(w, frames))
    lines.append(f"one frame repeated: {still:.3f}, frames shuffled: {accuracy(shuffled):.3f}")
    lines.append("(where these are as good as the above, it looks at scenes, not at motion)")
    return lines


def matrix_of(truth: np.ndarray, guesses: np.ndarray, classes: int) -> np.ndarray:
    """Counts [classes,classes]: row, what it was; column, what it was taken for."""
    matrix = np.zeros((classes, classes), int)
    np.add.at(matrix, (truth, guesses), 1)
    return matrix


def draw(labels, matrix: np.ndarray, path: Path) -> None:
    from PIL import Image, ImageDraw

    cell, margin = 44, 12 + 7 * max(map(len, labels))
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
            pen.text(
                (box[0] + 8, box[1] + cell // 2 - 6),
                str(n),
                fill="white" if share[column] > 0.6 else "black",
            )
    image.save(path)

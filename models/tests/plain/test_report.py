import numpy as np
from PIL import Image

from squeezetime.labels import LABELS
from squeezetime.own.dataset import File
from squeezetime.own.report import ablations, draw, matrix_of, report


def test_rows_are_what_it_was_and_columns_what_it_was_taken_for():
    matrix = matrix_of(np.array([0, 0, 0, 2, 1]), np.array([0, 2, 2, 0, 1]), 3)
    assert matrix.tolist() == [[1, 0, 2], [0, 1, 0], [1, 0, 0]]


def test_without_motion_or_order_is_just_that():
    """Of windows whose frames are each of one colour, all of another."""
    colours = np.random.default_rng(0).integers(0, 256, (2, 8, 3), np.uint8)
    windows = np.tile(colours.reshape(2, 1, 1, 24), (1, 4, 4, 1))
    seen = []

    def guess(change):
        changed = change(windows)
        assert changed.shape == windows.shape and (changed == changed[:, :1, :1]).all()
        seen.append(changed[:, 0, 0].reshape(2, 8, 3))
        return np.array([[0, 0], [0, 1]][len(seen) - 1])

    lines = ablations(np.array([0, 1]), guess, 8)
    assert lines[0] == "one frame repeated: 0.500, frames shuffled: 1.000"
    still, shuffled = seen
    for before, one, mixed in zip(colours, still, shuffled, strict=True):
        assert (one == before[4]).all()
        assert sorted(map(tuple, mixed)) == sorted(map(tuple, before))
        assert (mixed != before).any()


def picture(tmp_path, labels):
    path = tmp_path / "x.png"
    draw(labels, np.eye(len(labels), dtype=int), path)
    return Image.open(path)


def test_numbers_stand_for_what_cannot_be_drawn(tmp_path):
    pixels = picture(tmp_path, ["向左", "向右", "wave"]).tobytes()
    assert pixels == picture(tmp_path, ["1", "2", "3"]).tobytes()
    assert pixels != picture(tmp_path, ["<", ">", "wave"]).tobytes()
    told = report(
        ["向左", "wave"],
        [File(0, "向左/1.mp4", 1, 1), File(1, "wave/1.mp4", 1, 1)],
        lambda change: np.array([0, 1]),
        16,
        tmp_path / "x.png",
    )
    assert "  1 向左       1    0  recall 1.00" in told
    assert "  2 wave     0    1  recall 1.00" in told


def test_many_labels_make_no_huge_picture(tmp_path):
    assert picture(tmp_path, [f"label {n}" for n in range(60)]).width > 60 * 44
    for count in 61, 400:
        assert picture(tmp_path, [f"label {n}" for n in range(count)]).width < count * 14 + 60


def test_the_starters_labels_are_drawn_as_they_are(tmp_path):
    assert picture(tmp_path, LABELS).width == 12 + 7 * 13 + 44 * 12 + 12

import numpy as np
import pytest

pytest.importorskip("PIL")  # the extra "clips"

from squeezetime.clip import packed
from squeezetime.own.dataset import File, split
from squeezetime.own.windows import Draw, guesses, keep, spread

LABELS = ["a", "b"]


def file(label, name, frames=20, value=0):
    return File(
        label, f"{LABELS[label]}/{name}.mp4", 1, 1, np.full((frames, 24, 24, 3), value, "u1")
    )


def held_names(files):
    training, held = split(files, LABELS)
    assert sorted(f.name for f in training + held) == sorted(f.name for f in files)
    return {f.name for f in held}


@pytest.mark.parametrize("count", range(2, 30))
def test_what_is_held_out_hangs_on_the_names(count):
    files = [file(label, f"clip {n}") for label in (0, 1) for n in range(count)]
    held = held_names(files)
    for label in LABELS:
        assert sum(name.startswith(label) for name in held) == max(1, round(count / 4))
    assert held == held_names(files[::-1])
    # One more or less, wherever it stands among the names, moves at most one of its label.
    for changed in (files[1:], [file(0, "aaa"), *files], [*files, file(1, "zzz")]):
        if count > 2:
            assert len(held ^ held_names(changed)) <= 2


def test_a_name_may_be_any_bytes():
    assert held_names([file(0, "Stra\udcdfe"), file(0, "b"), file(1, "\udcff"), file(1, "c")])


def test_a_label_with_a_single_clip_is_named():
    with pytest.raises(ValueError, match="b: a single clip"):
        split([file(0, "1"), file(0, "2"), file(1, "1")], LABELS)


def test_calibration_is_spread_over_all_labels(tmp_path):
    files = [file(label, n, 100, 100 * label) for label in (0, 1) for n in range(5)]
    chosen = spread(files, 4, 7)
    keep(tmp_path / "x.npy", chosen)
    kept = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert kept.shape == (7, 24, 24, 12) and kept.dtype == np.uint8
    assert all(np.array_equal(packed(w), k) for w, k in zip(chosen, kept, strict=True))
    assert 3 <= (kept.mean((1, 2, 3)) > 0).sum() <= 4
    assert len(spread(files[:1], 16, 200)) == len(range(0, 85, 8))
    assert all(np.shares_memory(w, files[0].frames) for w in spread(files[:1], 4, 9))


def test_a_long_file_is_judged_a_few_windows_at_a_time():
    sizes = []

    def logits(windows):
        sizes.append(len(windows))
        return np.stack([windows.mean((1, 2, 3)), np.full(len(windows), 50)], 1)

    files = [file(0, 1, 4 * 50), file(0, 2, 3, 100)]
    assert list(guesses(files, 4, 16, logits)) == [1, 0]
    assert max(sizes) == 16 and sum(sizes) == 99 + 1


def test_a_window_keeps_its_label_where_flips_are_off():
    files = [file(0, 1), file(1, 1)]
    for flips in ([None, None], [None, None]), ([1, 0], [None, None]), ([None, None], [1, 0]):
        seen = set()
        draw = Draw(files, 4, *flips, 0)
        for f in files:
            seen |= {(f.label, draw._window(f)[1]) for _ in range(50)}
        every = {(0, 0), (1, 1)} | (
            {(0, 1), (1, 0)} if flips != ([None] * 2, [None] * 2) else set()
        )
        assert seen == every

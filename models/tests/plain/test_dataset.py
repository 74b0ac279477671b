import os
import resource
import sys

import numpy as np
import pytest

from films import film
from squeezetime import video
from squeezetime.clip import packed
from squeezetime.own import progress
from squeezetime.own.dataset import File, files_in, labels_in, read, split
from squeezetime.own.form import Form
from squeezetime.own.progress import Progress
from squeezetime.own.windows import Draw, batches, guesses, keep, spread, steps_of
from squeezetime.presets import Preset

LABELS = ["a", "b"]


class Kept(File):
    """Frames in memory."""

    frames = None


def file(label, name, frames=20, value=0):
    made = Kept(label, f"{LABELS[label]}/{name}.mp4", 1, 1, length=frames)
    made.frames = np.full((frames, 24, 24, 3), value, "u1")
    return made


class Told(Progress):
    """Lines said; those of a warning begin with !."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def say(self, line):
        self.lines.append(line)

    def warn(self, line):
        self.lines.append("!" + line)


FORM = Form(Preset(frames=8, size=24, planes=(), depths=(), expansion=1))


def noise(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 96, 128, 3), np.uint8)


@pytest.fixture
def data(tmp_path):
    """Two labels with two clips each, of 10 frames at the model's rate."""
    for n, name in enumerate(("a/0", "a/1", "b/0", "b/1")):
        film(tmp_path / "data" / f"{name}.mp4", noise(10, n))
    return tmp_path / "data"


def read_all(data):
    told = Told()
    files = files_in(data, LABELS, told)
    return read(files, data, LABELS, FORM, data.parent / "frames", told), told.lines


@pytest.mark.parametrize(("left", "says"), [(0, "holds no video"), (1, "has a single clip")])
def test_a_label_of_too_few_clips_is_named_before_any_is_read(data, monkeypatch, left, says):
    monkeypatch.setattr(video, "frames_at", None)
    for path in sorted((data / "b").iterdir())[left:]:
        path.unlink()
    with pytest.raises(ValueError, match=f"data/b: {says}"):
        files_in(data, LABELS, Told())


def test_a_single_clip_that_can_be_read_is_too_few(data):
    (data / "b" / "1.mp4").write_bytes(b"junk")
    with pytest.raises(ValueError, match="data/b: has a single clip"):
        read_all(data)


def test_what_is_hidden_is_left_out(data):
    film(data / "a" / ".Trash-1000" / "files" / "gone.mp4", noise(10, 9))
    film(data / "a" / ".gone.mp4", noise(10, 8))
    film(data / "a" / "phone" / "x.mp4", noise(10, 7))
    names = [f.name for f in files_in(data, LABELS, Told()) if f.label == 0]
    assert names == ["a/0.mp4", "a/1.mp4", "a/phone/x.mp4"]


def test_a_copy_is_not_tested_where_the_other_was_trained_on(data):
    told, content = Told(), (data / "a" / "0.mp4").read_bytes()
    (data / "a" / "0 - Copy.mp4").write_bytes(content)
    (data / "a" / "as long.mp4").write_bytes(content[:-1] + b"!")
    names = [f.name for f in files_in(data, LABELS, told) if f.label == 0]
    assert names == ["a/0 - Copy.mp4", "a/1.mp4", "a/as long.mp4"]
    assert told.lines == [f"!skipped: {data}/a/0.mp4: a copy of a/0 - Copy.mp4"]
    (data / "b" / "x.mp4").write_bytes(content)
    with pytest.raises(ValueError, match=r"a/0 - Copy\.mp4 and .*b/x\.mp4 are the same video"):
        files_in(data, LABELS, Told())


def test_letters_that_only_look_alike_are_refused(tmp_path):
    for label in "gru\u0308n", "rot":
        (tmp_path / label).mkdir()
    with pytest.raises(ValueError, match="'gru\u0308n' has decomposed letters"):
        labels_in(tmp_path)


def test_frames_are_kept_until_the_file_is_another(data, monkeypatch):
    decoded = []

    def runs_of(path, *arguments):
        decoded.append(path.name)
        return original(path, *arguments)

    original = video.runs_of
    monkeypatch.setattr(video, "runs_of", runs_of)
    before, _ = read_all(data)
    pictures = [f.frames.copy() for f in before]
    assert [p.shape for p in pictures] == [(10, 24, 24, 3)] * 4 and len(decoded) == 4
    for damage in None, b"", b"junk", before[0].kept.read_bytes()[:-1]:
        decoded.clear()
        if damage is not None:
            before[0].kept.write_bytes(damage)
        again, lines = read_all(data)
        assert lines == ["a: 2 clips, 2 s", "b: 2 clips, 2 s"]
        assert decoded == ([] if damage is None else ["0.mp4"])
        for mine, theirs in zip(again, pictures, strict=True):
            assert np.array_equal(mine.frames, theirs)
    film(data / "a" / "0.mp4", noise(12, 5))
    read_all(data)
    assert decoded == ["0.mp4", "0.mp4"] and len(list((data.parent / "frames").iterdir())) == 4


def test_clips_shorter_than_a_window_are_told_of(data):
    film(data / "a" / "half.mp4", noise(4))
    film(data / "a" / "less.mp4", noise(3))
    files, lines = read_all(data)
    assert lines == [
        f"!skipped: {data}/a/less.mp4: 0.4 s: less than half of the 1.0 s that the model sees at "
        "once",
        "a: 3 clips, 3 s",
        "a: 1 clips shorter than 1.0 s: their last frame is repeated",
        "b: 2 clips, 2 s",
        "1 files skipped",
    ]
    (half,) = (f for f in files if "half" in f.name)
    (window,) = batches(half, 8, 16)
    seen = window[0].reshape(24, 24, 8, 3).transpose(2, 0, 1, 3)
    assert np.array_equal(seen[:4], half.frames) and (seen[4:] == half.frames[3]).all()
    assert spread([half], 8, 9)[0].shape == (8, 24, 24, 3)


def test_more_files_than_a_process_may_have_open(data):
    for n in range(40):
        film(data / "a" / f"more {n}.mp4", noise(10, 100 + n))
    files, _ = read_all(data)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 20, before[1]))
    try:
        Draw(files, 8, [None] * 2, [None] * 2, 0).batch(200)
        assert len(guesses(files, 8, 16, lambda w: w[:, 0, 0, :2])) == 44
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_what_is_held_out_was_not_seen_by_the_weights_to_begin_with():
    first = [file(label, n) for label in (0, 1) for n in range(20)]
    training, held = split(first)
    seen = {(f.name, f.size) for f in training}
    assert split(first, seen) == (training, held)
    grown = [*first, *(file(label, n) for label in (0, 1) for n in range(20, 60))]
    _, held_again = split(grown, seen)
    assert len(held_again) == 2 * 15 and not seen & {(f.name, f.size) for f in held_again}
    assert seen & {(f.name, f.size) for f in split(grown)[1]}
    # Where all are known a label is tested all the same: train says so.
    everything = {(f.name, f.size) for f in first}
    assert [f.label for f in split(first, everything)[1]] == [0, 1]


def test_progress_overwrites_its_line_on_a_terminal_alone(monkeypatch, capsys):
    monkeypatch.setattr(progress, "EVERY", 0)
    for terminal, out in (
        (True, "\ra: 1 of 2\x1b[K\r\x1b[K\ra: 2 clips\x1b[K\n"),
        (False, "a: 1 of 2\na: 2 clips\n"),
    ):
        monkeypatch.setattr(sys.stdout, "isatty", lambda terminal=terminal: terminal)
        told = progress.Progress()
        told.show("a: 1 of 2")
        told.warn("skipped: x")
        told.say("a: 2 clips")
        assert capsys.readouterr() == (out, "squeezetime: skipped: x\n")
    monkeypatch.setattr(progress, "EVERY", 60)
    progress.Progress().show("a: 1 of 2")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("clips", "steps"), [(1, 8), (3, 15), (50, 250), (800, 250), (1500, 468)])
def test_an_epoch_of_many_clips_shows_every_second_once(clips, steps):
    assert steps_of([File(0, "", 1, 1, length=80)] * clips, 16) == steps


def held_names(files):
    training, held = split(files)
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


def test_a_drawn_label_tells_where_the_dot_really_goes():
    mine = file(0, "goes right")
    mine.frames = np.zeros((20, 48, 48, 3), np.uint8)
    for t, frame in enumerate(mine.frames):
        frame[6:14, 2 * t : 2 * t + 8] = 255
    for flips in ([1, 0], [None] * 2), ([None] * 2, [1, 0]), ([1, 0], [1, 0]):
        draw, seen = Draw([mine, file(1, "none")], 16, *flips, 0), set()
        for _ in range(100):
            window, label = draw._window(mine)
            clip = window.reshape(48, 48, 16, 3).astype(int)
            assert clip[:24].sum() > clip[24:].sum()  # the dot stays in the upper half
            columns = clip.sum((0, 3)).argmax(0)  # where it is, frame by frame
            assert abs(columns[-1] - columns[0]) > 15
            assert label == (columns[-1] < columns[0])
            seen.add(label)
        assert seen == {0, 1}


def test_every_label_is_drawn_as_often_as_every_other():
    files = [*(file(0, n) for n in range(30)), file(1, 0)]
    _, labels = Draw(files, 4, [None] * 2, [None] * 2, 0).batch(400)
    assert 160 < labels.sum() < 240

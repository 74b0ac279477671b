import re
import sys
import wave

import numpy as np
import pytest

from films import film
from paths import STARTER
from squeezetime import cli
from squeezetime.labels import LABELS
from squeezetime.own import example
from squeezetime.starter import footage, report
from squeezetime.video import Unreadable

ROWS, COLUMNS, RATE = 288, 384, 8


def walk(*ways, seconds=8):
    """A dark block that goes over a rough ground, each way in turn: 1, -1, or 0: is not there."""
    ground = np.random.default_rng(0).integers(150, 200, (ROWS // 8, COLUMNS // 8, 1), np.uint8)
    ground = ground.repeat(8, axis=0).repeat(8, axis=1).repeat(3, axis=2)
    frames = []
    for way in ways:
        for part in np.arange(seconds * RATE) / (seconds * RATE):
            frames.append(ground.copy())
            x = int((part if way > 0 else 1 - part) * (COLUMNS - 24))
            frames[-1][110:170, x : x + 24 * abs(way)] = 30
    return np.stack(frames)


@pytest.fixture(scope="module")
def walkers(tmp_path_factory):
    path = tmp_path_factory.mktemp("footage") / "walkers.mp4"
    film(path, walk(1, -1, 0))
    return path


def test_windows_are_labelled_by_what_moves_in_them(walkers):
    shown = footage.read(walkers)
    found = footage.windows(shown, 16, RATE, (144,))
    times = {label: [] for label in footage.SHOWN}
    for window in found:
        times[LABELS[window.label]].append(shown.times[window.frames[0]] / 1e9)
        assert len(window.frames) == 16 and window.area[2:] == (144 / 384, 144 / 288)
    assert max(times["left_to_right"]) <= 6 and min(times["right_to_left"]) >= 8
    assert max(times["right_to_left"]) <= 14 and max(times["still"]) == 22

    window = next(w for w in found if LABELS[w.label] == "left_to_right")
    clip = footage.clip(shown, window, 96)
    darkest = [clip[..., 3 * t].mean(0).argmin() for t in (0, 8, 15)]
    assert clip.shape == (96, 96, 48) and darkest == sorted(set(darkest))


def masks(*boxes, side=100):
    """A window's masks: in each box of (y, x, height, width, dy, dx) something, by dy, dx a frame
    away from there.
    """
    made = np.zeros((16, side, side), bool)
    for y, x, height, width, dy, dx in boxes:
        for t in range(16):
            top, left = y + round(t * dy), x + round(t * dx)
            made[t, top : top + height, left : left + width] = True
    return made


@pytest.mark.parametrize(
    ("boxes", "label"),
    [
        ([], "still"),
        ([(40, 10, 20, 10, 0, 4)], "left_to_right"),
        ([(40, 80, 20, 10, 0, -4)], "right_to_left"),
        ([(40, 40, 20, 10, 0, 0.5)], None),  # not far enough
        ([(10, 10, 20, 10, 3, 4)], None),  # down as well
        ([(40, 10, 20, 10, 0, 4), (5, 5, 10, 10, 0, 0)], None),  # not alone
        ([(10, 10, 60, 40, 0, 2)], None),  # too large
        ([(40, 10, 4, 4, 0, 4)], None),  # too small, and yet something
    ],
)
def test_what_is_not_clear_has_no_label(boxes, label):
    assert footage._label(masks(*boxes)) == label


def test_there_and_back_has_no_label():
    there = masks((40, 10, 20, 10, 0, 4))
    assert footage._label(np.concatenate([there[:12], there[11:5:-1]])) is None


def test_a_video_without_walkers_is_refused_and_nothing_written(tmp_path):
    film(tmp_path / "x.mp4", walk(0, seconds=3))
    for use in (
        lambda: example.write(tmp_path / "x.mp4", tmp_path / "clips", 5),
        lambda: report.on_footage(None, tmp_path / "x.mp4"),
    ):
        with pytest.raises(ValueError, match=r"x\.mp4: shows nothing .* left_to_right, right_to"):
            use()
    assert not (tmp_path / "clips").exists()


def test_sound_is_no_footage(tmp_path):
    with wave.open(str(tmp_path / "x.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(16000))
    with pytest.raises(Unreadable, match=r"x\.wav: holds no video"):
        footage.read(tmp_path / "x.wav")


def test_example_clips_are_of_each_label_and_apart(walkers, tmp_path):
    written = example.write(walkers, tmp_path, 2)
    assert written == {"still": 2, "left_to_right": 2, "right_to_left": 2}
    cut = footage.read(min((tmp_path / "left_to_right").iterdir()))
    assert cut.frames[0][0].shape == (example.CROP, example.CROP)
    assert cut.times[-1] == 2e9  # both ends of two seconds
    darkest = [int(y.mean(0).argmin()) for y, _, _ in cut.frames]
    assert darkest[0] < darkest[8] < darkest[-1]
    for label, count in written.items():
        starts = sorted(float(p.name[:-5]) for p in (tmp_path / label).iterdir())
        assert len(starts) == count and min(np.diff(starts)) >= example.APART


@pytest.mark.parametrize(
    ("option", "says"), [("--footage", r"no\.avi: "), ("--picture", "there is no folder")]
)
def test_evaluate_asks_for_its_files_before_it_measures(monkeypatch, capsys, option, says):
    def long(*_):
        raise AssertionError("measures")

    monkeypatch.setattr(report, "on_drawn_clips", long)
    monkeypatch.setattr(sys, "argv", ["squeezetime", "evaluate", str(STARTER), option, "no/no.avi"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert re.search(says, f"{ended.value.code}{capsys.readouterr().err}")

import subprocess
import sys

import numpy as np
import pytest

from squeezetime.labels import LABELS
from squeezetime.starter.augment import at_night
from squeezetime.starter.synthetic import camera, clips, tracks
from squeezetime.starter.synthetic.clips import make_clip
from squeezetime.starter.synthetic.scenes import load_photos
from squeezetime.starter.synthetic.sets import make_set

TIMES = np.linspace(0, 1, 16)


@pytest.mark.parametrize("label", LABELS)
def test_a_seed_gives_the_same_clip_again(label):
    photos = load_photos(held_out=False)
    first, second = (make_clip(np.random.default_rng(7), label, 16, 32, photos) for _ in range(2))
    assert first.shape == (32, 32, 48) and first.dtype == np.uint8
    assert np.array_equal(first, second)


@pytest.mark.parametrize("frames", (4, 8))
def test_a_crossing_is_found_in_few_frames(frames):
    for seed in range(50):
        track = tracks.left_to_right(np.random.default_rng(seed), np.linspace(0, 1, frames))
        assert len(track.x) == frames and track.x[-1] - track.x[0] > 0.12


@pytest.mark.parametrize("label", LABELS)
def test_tracks_move_as_their_label_says(label):
    maker, backwards = tracks.TRACKS[label]
    for seed in range(200):
        track = maker(np.random.default_rng(seed), TIMES)
        track = track.reversed() if backwards else track
        dx, dy = track.x[-1] - track.x[0], track.y[-1] - track.y[0]
        holds = {
            "left_to_right": dx > 0.12,
            "right_to_left": dx < -0.12,
            "rise": dy < -0.12,
            "fall": dy > 0.12,
            "approach": track.scale[-1] > 1.6 * track.scale[0],
            "recede": track.scale[0] > 1.6 * track.scale[-1],
            "rotate_cw": np.all(np.diff(track.angle) >= 0) and np.ptp(track.angle) > 1,
            "rotate_ccw": np.all(np.diff(track.angle) <= 0) and np.ptp(track.angle) > 1,
            "wave": np.ptp(track.x) > 0.05 and (np.diff(np.sign(np.diff(track.x))) != 0).sum() >= 2,
            "appear": track.opacity[0] == 0 and track.opacity[-1] == 1,
            "disappear": track.opacity[0] == 1 and track.opacity[-1] == 0,
            "still": _barely_seen_to_move(track),
        }[label]
        assert holds, f"{label}, seed {seed}: {track}"


def _barely_seen_to_move(track) -> bool:
    inside = (track.x > 0) & (track.x < 1) & (track.opacity > 0)
    return not inside.any() or (np.ptp(track.x[inside]) < 0.15 and np.ptp(track.scale) == 0)


def test_a_bystander_is_half_as_large_and_moves_only_where_something_does(monkeypatch):
    painted = {}
    monkeypatch.setattr(
        clips.figures, "paint", lambda image, figure, *_: painted.setdefault(id(figure), figure)
    )
    for label in LABELS:
        heights = []
        for shot in (clips.Shot(), clips.Shot(bystander=True)):
            painted.clear()
            make_clip(np.random.default_rng(7), label, 16, 32, load_photos(held_out=False), shot)
            heights.append([figure.half_height for figure in painted.values()])
        alone, with_other = heights
        if label == "still":
            assert alone == with_other
        else:
            *same, other = with_other
            assert same == alone and other <= alone[-1] / 2


def test_a_shaken_camera_stays_within_what_was_drawn():
    for seed in range(100):
        offsets = camera.strong_shake(np.random.default_rng(seed), 16)
        assert offsets.shape == (16, 2) and np.abs(offsets).max() <= camera.MARGIN


def test_night_is_darker_and_leaves_most_clips_alone():
    clip, rng = np.full((8, 8, 16, 3), 200, np.uint8), np.random.default_rng(0)
    means = np.array([at_night(rng, clip).mean() for _ in range(300)])
    assert 0.25 < (means < 199).mean() < 0.42
    assert 10 < means.min() < 30


FULL_DISK = """
import pathlib, resource, sys
from squeezetime.starter.synthetic.sets import new_array
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
new_array(pathlib.Path(sys.argv[1]), (100_000,))
"""


def test_a_set_that_does_not_fit_on_the_disk_is_named(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, tmp_path / "set.npy"], capture_output=True, text=True
    )
    assert done.returncode == 1 and "set.npy: no room for 100,000 bytes" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_set_is_drawn_once_and_is_what_was_asked_for(tmp_path, capsys):
    def asked(side):
        return make_set(
            tmp_path / "set.npy", 1, 3, 16, side, (0, 1, 1), False, clips.plain_shot, processes=1
        )

    drawn, labels = asked(32)
    assert drawn.shape == (3, 32, 32, 48) and sorted(labels) == [0, 1, 1]
    assert drawn.std((1, 2, 3)).min() > 1
    assert "3 of 3 clips drawn" in capsys.readouterr().out
    again, same = asked(32)
    assert np.array_equal(again, drawn) and np.array_equal(same, labels)
    assert not capsys.readouterr().out
    with pytest.raises(ValueError, match=r"set.npy: its shape is \(3, 32, 32, 48\)"):
        asked(40)

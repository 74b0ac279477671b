import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace

from films import film, turn
from paths import SAMPLER
from squeezetime import video


def levels(count, step=4, shape=(32, 48)):
    """Frames [N,H,W,3], each `step` lighter than the one before."""
    frames = np.zeros((count, *shape, 3), np.uint8)
    return frames + (np.arange(count) * step).astype(np.uint8)[:, None, None, None]


def test_frames_are_taken_by_their_own_times(tmp_path):
    """As edged takes them, which capture/testdata/sampler.json says."""
    golden = json.loads(SAMPLER.read_text())
    for name in "25 fps", "12.5 fps", "29.97 fps, jitter":
        (case,) = (c for c in golden if c["name"] == name)
        times = np.array(case["times"][:50]) / 1e9
        film(tmp_path / "x.mkv", levels(50, 5), times=times - times[0])
        taken = [round(f.mean() / 5) for f in video.frames_at(tmp_path / "x.mkv", 8, (32, 32))]
        assert taken == [i for i, tick in enumerate(case["ticks"][:50]) if tick >= 0], name


def test_no_window_crosses_a_gap(tmp_path):
    times = np.concatenate([np.arange(20) / 8, 3600 + np.arange(20) / 8])
    film(tmp_path / "x.mkv", levels(40, 5), times=times)
    assert [len(run) for run in video.runs_of(tmp_path / "x.mkv", 16, 8, (32, 32))] == [20, 20]
    first, second = video.clips_of(tmp_path / "x.mkv", 16, 8, (32, 32))
    assert abs(first.mean() - 5 * 7.5) < 3 and abs(second.mean() - 5 * 27.5) < 3


def test_one_missing_frame_is_held(tmp_path):
    film(tmp_path / "x.mkv", levels(12, 10), times=np.delete(np.arange(13) / 8, 5))
    (run,) = video.runs_of(tmp_path / "x.mkv", 16, 8, (32, 32))
    assert [round(f.mean() / 10) for f in run] == [0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 9, 10, 11]


@pytest.mark.parametrize(("rate", "longest"), [(2, 1), (3, 3)])
def test_a_slow_video_is_refused_for_it_would_be_a_frozen_picture(tmp_path, rate, longest):
    film(tmp_path / "x.mp4", levels(30), rate=rate)
    says = rf"x\.mp4: has {rate} frames/s, with gaps.* at most {longest} follow each other"
    for read in (video.runs_of, video.clips_of):
        with pytest.raises(video.Unreadable, match=says):
            list(read(tmp_path / "x.mp4", 16, 8, (32, 32)))


def test_half_the_rate_will_do(tmp_path):
    film(tmp_path / "x.mp4", levels(30), rate=4)
    assert [len(run) for run in video.runs_of(tmp_path / "x.mp4", 16, 8, (32, 32))] == [59]


def test_of_a_short_video_with_a_gap_the_longest_stretch_is_shown(tmp_path):
    times = np.concatenate([[0, 1 / 8], 60 + np.arange(10) / 8, [120]])
    film(tmp_path / "x.mkv", levels(13, 10), times=times)
    (clip,) = video.clips_of(tmp_path / "x.mkv", 16, 8, (32, 32))
    seen = [round(v / 10) for v in clip.reshape(32, 32, 16, 3).mean((0, 1, 3))]
    assert seen == [*range(2, 12), *[11] * 6]


@pytest.mark.parametrize(
    ("matrix", "corner"),  # where the light corner, upper left in the file, is to be seen
    [
        ((1, 0, 0, 1), "upper left"),
        ((0, 1, -1, 0), "upper right"),
        ((-1, 0, 0, -1), "lower right"),
        ((0, -1, 1, 0), "lower left"),
    ],
)
def test_a_phones_video_is_upright(tmp_path, matrix, corner):
    frames = np.zeros((4, 48, 80, 3), np.uint8)
    frames[:, :24, :40] = 255
    film(tmp_path / "x.mp4", frames)
    turn(tmp_path / "x.mp4", matrix)
    size = (32, 52) if matrix[0] else (52, 32)
    frame = next(iter(video.frames_at(tmp_path / "x.mp4", 8, size)))
    assert frame.shape[:2] == size
    vertical, horizontal = (frame.mean(axis).mean(1) for axis in (1, 0))
    seen = "upper " if vertical[0] > vertical[-1] else "lower "
    assert seen + ("left" if horizontal[0] > horizontal[-1] else "right") == corner


def test_a_model_that_is_not_square_sees_the_middle(tmp_path):
    frames = np.zeros((4, 64, 64, 3), np.uint8)
    frames[:, 16:48] = 255
    film(tmp_path / "x.mp4", frames)
    frame = next(iter(video.frames_at(tmp_path / "x.mp4", 8, (32, 64))))
    assert frame.shape == (32, 64, 3) and frame.mean() > 245


@pytest.mark.parametrize(
    ("shape", "pixel"), [((64, 128), 1), ((64, 64), 2), ((64, 256), Fraction(1, 2))]
)
def test_pictures_are_not_squeezed(tmp_path, shape, pixel):
    """As in edged: a square of the scene is a square for the model, whatever a pixel's shape."""
    height, width = shape
    frames = np.zeros((4, height, width, 3), np.uint8)
    frames[:, height // 4 : height * 3 // 4, width * 3 // 8 : width * 5 // 8] = 255
    film(tmp_path / "x.mkv", frames, pixel=Fraction(pixel))
    frame = next(iter(video.frames_at(tmp_path / "x.mkv", 8, (32, 32))))
    tall, wide = ((frame.mean((axis, 2)) > 60).sum() for axis in (1, 0))
    assert abs(tall - wide) <= 1
    assert tall == 16


def test_a_pixel_is_the_average_of_what_it_covers(tmp_path):
    """As in edged, where capture/pixel/workshop_test.go compares each."""
    frames = np.random.default_rng(0).integers(0, 256, (2, 192, 192, 1), np.uint8)
    film(tmp_path / "x.mp4", frames.repeat(3, axis=3))
    average = frames[0].reshape(32, 6, 32, 6).mean((1, 3))[..., None]
    frame = next(iter(video.frames_at(tmp_path / "x.mp4", 8, (32, 32))))
    assert np.abs(frame - average).mean() < 2


@pytest.mark.parametrize("matrix", [Colorspace.ITU601, Colorspace.ITU709])
@pytest.mark.parametrize("range_", [ColorRange.MPEG, ColorRange.JPEG])
def test_colours_are_what_the_file_says(tmp_path, matrix, range_):
    colours = [(200, 60, 40), (30, 180, 60), (40, 50, 190), (235, 235, 235)]
    frames = np.uint8(colours)[:, None, None].repeat(64, axis=1).repeat(64, axis=2)
    film(tmp_path / "x.mp4", frames, colours=(matrix, range_))
    shown = [frame.mean((0, 1)) for frame in video.frames_at(tmp_path / "x.mp4", 8, (32, 32))]
    np.testing.assert_allclose(shown, colours, rtol=0, atol=4)


def test_a_tag_in_another_encoding_does_no_harm(tmp_path):
    path = tmp_path / "x.mp4"
    film(path, levels(4), title="Stra_e")
    path.write_bytes(path.read_bytes().replace(b"Stra_e", b"Stra\xdfe"))
    assert len(list(video.frames_at(path, 8, (32, 32)))) == 4


def test_from_the_middle_on(tmp_path):
    film(tmp_path / "x.mp4", levels(40, 5))
    assert video.seconds(tmp_path / "x.mp4") == 5
    taken = [round(f.mean() / 5) for f in video.frames_at(tmp_path / "x.mp4", 8, (32, 32), 2.5)]
    assert taken == list(range(20, 40))


def test_a_picture_is_no_clip(tmp_path):
    from PIL import Image

    for name in "thumb.jpg", "thumb.png", "thumb.gif", "thumb.webp":
        Image.fromarray(levels(2, 90)[1]).save(tmp_path / name)
        with pytest.raises(video.Unreadable, match=f"{name}: is a single picture"):
            list(video.clips_of(tmp_path / name, 16, 8, (32, 32)))


@pytest.mark.parametrize("name", ["notes.txt", "film.nfo", "FILE_ID.DIZ"])
def test_a_text_is_no_clip(tmp_path, name):
    (tmp_path / name).write_text("The quick brown fox jumps over the lazy dog.\n" * 220)
    for read in (video.runs_of, video.clips_of):
        with pytest.raises(video.Unreadable, match=f"{name}: is a text, not a video"):
            list(read(tmp_path / name, 16, 8, (32, 32)))


def test_a_name_with_a_colon_is_no_address(tmp_path, monkeypatch):
    film(tmp_path / "x.mp4", levels(4))
    (tmp_path / "x.mp4").rename(tmp_path / "12:30.mp4")
    monkeypatch.chdir(tmp_path)
    assert len(list(video.frames_at(Path("12:30.mp4"), 8, (32, 32)))) == 4


@pytest.mark.parametrize("content", [b"", b"junk", b"\0\0\0\x20ftypisom" + bytes(40)])
def test_no_video_is_named(tmp_path, content):
    (tmp_path / "x.mp4").write_bytes(content)
    with pytest.raises(video.Unreadable, match=r"x\.mp4"):
        list(video.frames_at(tmp_path / "x.mp4", 8, (32, 32)))

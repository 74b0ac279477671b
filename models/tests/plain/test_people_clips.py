import errno
import subprocess
import sys

import numpy as np
import pytest

from squeezetime.packaging import alone_in
from squeezetime.people import bodies, clothes, conditions, draw, film, render, shards
from squeezetime.people.clip import SHARES, draw_pair
from squeezetime.people.labels import BACKGROUND, INDEX, LABELS
from squeezetime.people.motions import Library


@pytest.fixture(scope="module")
def library():
    return Library(False)


def test_every_label_is_drawn_and_the_background_is_one():
    assert set(SHARES) == set(LABELS) and BACKGROUND in LABELS


def test_the_same_seed_draws_the_same_clips(library):
    first, again = (draw_pair(library, (4, 2), False, "fall") for _ in range(2))
    other = draw_pair(library, (4, 3), False, "fall")
    for a, b, c in zip(first, again, other, strict=True):
        assert a.pixels.shape == (96, 96, 48) and a.label == INDEX["fall"]
        assert np.array_equal(a.pixels, b.pixels) and np.array_equal(a.pose, b.pose)
        assert not np.array_equal(a.pixels, c.pixels)
    assert not np.array_equal(first[0].pixels, first[1].pixels)  # two views of one motion
    assert np.abs(first[0].pose.astype(float) - first[1].pose.astype(float)).max() < 0.5


def test_a_shard_is_whole_or_not_there(tmp_path, monkeypatch):
    """What a kill leaves of a shard does not count, and is drawn again."""
    made = shard()
    path = tmp_path / "people-0001-00000.npy"
    written = []

    def killed(target, content):
        if target.suffix == ".npz":
            raise KeyboardInterrupt
        written.append(target)
        real(target, content)

    real = shards.write_whole
    monkeypatch.setattr(shards, "write_whole", killed)
    with pytest.raises(KeyboardInterrupt):
        shards.write(path, made)
    assert written == [path] and shards.whole(tmp_path) == []
    monkeypatch.undo()
    shards.write(path, made)
    assert shards.whole(tmp_path) == [path]
    read = shards.read(path)
    for key in ("clips", "labels", "poses", "motions", "views", "who"):
        assert np.array_equal(getattr(read, key), getattr(made, key)), key


def shard(count=4):
    rng = np.random.default_rng(0)
    return shards.Shard(
        rng.integers(0, 256, (count, 8, 8, 48), np.uint8),
        np.arange(count, dtype=np.int8),
        rng.normal(0, 1, (count, 270)).astype(np.float16),
        np.array([f"made:{i}" for i in range(count)]),
        rng.normal(0, 1, (count, 2)).astype(np.float32),
        np.array([f"body{i}/3" for i in range(count)]),
    )


def test_a_shard_of_before_does_not_say_who(tmp_path):
    path = tmp_path / "x.npy"
    shards.write(path, shard())
    with np.load(path.with_suffix(".npz")) as known:
        np.savez(path.with_suffix(".npz"), **{key: known[key] for key in known if key != "who"})
    assert len(shards.read(path).who) == 0 and len(shards.read(path).labels) == 4


def test_clips_say_whom_they_show(library):
    for clip in draw_pair(library, (4, 2), False, "fall"):
        body, _, skin = clip.who.partition("/")
        assert body in {b.name for b in bodies.of_split(False)[0]}
        assert 0 <= int(skin) < len(clothes.SKINS)


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match=r"x\.npy: not written.*No space left"):
        shards.write(tmp_path / "x.npy", shard())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", b"PK\x03\x04", bytes(300)])
@pytest.mark.parametrize("part", [".npy", ".npz"])
def test_a_damaged_shard_is_named(tmp_path, damage, part):
    path = tmp_path / "x.npy"
    shards.write(path, shard())
    path.with_suffix(part).write_bytes(damage)
    with pytest.raises(ValueError, match=r"x\.npy or the \.npz beside it is damaged"):
        shards.read(path)


def test_two_processes_do_not_draw_into_one_folder(tmp_path):
    another = pytest.raises(ValueError, match="another process")
    with alone_in(tmp_path), another, alone_in(tmp_path):
        pass
    with alone_in(tmp_path):
        pass


DRAWING = """
import sys
from pathlib import Path
from squeezetime.people import draw
if __name__ == "__main__":
    draw.CLIPS = 2
    draw.draw(Path(sys.argv[1]), 4, 7, False, processes=1)
"""


def test_drawing_goes_on_after_a_kill_and_ends_the_same(tmp_path):
    """A shard that is there is kept, one that is missing is drawn, with the same bytes."""
    script = tmp_path / "draw.py"
    script.write_text(DRAWING)

    def drawn():
        done = subprocess.run(
            [sys.executable, script, tmp_path / "clips"], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert drawn().count("clips drawn") == 2
    paths = shards.whole(tmp_path / "clips" / "train")
    whole = [path.read_bytes() for path in paths]
    kept = paths[0].stat().st_mtime_ns
    paths[1].with_suffix(".npz").unlink()  # as a kill between the two files leaves it
    assert drawn().count("clips drawn") == 1
    assert [path.read_bytes() for path in paths] == whole
    assert paths[0].stat().st_mtime_ns == kept


def triangle(z, colour):
    vertices = np.float32([[-1, -1, z], [3, -1, z], [-1, 3, z]])
    return vertices, np.int32([[0, 1, 2]]), np.tile(np.float32(colour), (3, 1))


CAMERA = np.float32([1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 8, 8, 8, 8])  # at the origin, 16 pixels


def test_what_is_nearer_hides_what_is_behind():
    for order in ((2, 5), (5, 2)):
        canvas = render.Canvas(np.zeros((16, 16, 3), np.uint8))
        for z in order:
            canvas.triangles(*triangle(z, (0, 50 * z, 0)), CAMERA)
        assert canvas.picture[10, 6].tolist() == [0, 100, 0] and canvas.depth[10, 6] == 2


def test_what_is_behind_the_camera_or_no_number_is_not_drawn():
    for z in (-3, 0.01, np.nan):
        canvas = render.Canvas(np.zeros((16, 16, 3), np.uint8))
        canvas.triangles(*triangle(z, (255, 255, 255)), CAMERA)
        assert not canvas.picture.any()


def test_the_renderer_refuses_what_would_read_outside_its_arrays():
    canvas = render.Canvas(np.zeros((16, 16, 3), np.uint8))
    vertices, triangles, colours = triangle(2, (1, 1, 1))
    with pytest.raises(ValueError, match="outside 0 to 2"):
        canvas.triangles(vertices, triangles + 1, colours, CAMERA)
    with pytest.raises(TypeError, match="expected contiguous"):
        canvas.triangles(vertices, triangles, colours[:2], CAMERA)


def test_a_compiler_that_fails_is_named(tmp_path):
    source = tmp_path / "render.c"
    source.write_text("this is no C")
    with pytest.raises(OSError, match=r"render\.c: .* failed"):
        render._build(source, tmp_path)
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize("name", conditions.CONDITIONS)
def test_conditions_change_the_pictures_and_keep_their_shape(library, name):
    clip = draw_pair(library, (8, 8), False, "walk")[0].pixels
    changed = conditions.changed(clip, conditions.CONDITIONS[name], 1)
    assert changed.shape == clip.shape and changed.dtype == np.uint8
    assert not np.array_equal(changed, clip)
    assert np.array_equal(changed, conditions.changed(clip, conditions.CONDITIONS[name], 1))


def test_lost_frames_show_the_one_before():
    frames = np.arange(16, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 3), np.uint8)
    made = film.frames_lost(np.random.default_rng(0), frames, 3)[:, 0, 0, 0]
    assert (np.diff(made.astype(int)) == 0).sum() >= 1 and made[0] == 0


def test_names_of_shards_do_not_repeat():
    assert len({draw.name_of(s, i) for s in (1, 2) for i in (0, 1)}) == 4

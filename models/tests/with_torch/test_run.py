"""Trainings that stop and go on, begin with weights, or may not; with a tiny network."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from films import bar, film
from paths import TESTS
from squeezetime.cli import tuned
from squeezetime.own import train

# On the torch backend, which is not that of the tests; without the export, which is on the other.
BEGINNING = f"""
import os, pathlib, sys
os.environ["KERAS_BACKEND"] = "torch"
sys.path.insert(0, {str(TESTS)!r})
import numpy as np
from squeezetime.own import dataset, form, run, train as command
from squeezetime import presets
TINY = presets.Preset(frames=4, size=32, planes=(8, 8, 12, 16), depths=(1, 2, 1, 1), expansion=2)
form.PRESETS = {{"half": TINY, "nano": presets.PRESETS["nano"]}}
folder = pathlib.Path(sys.argv[1])
def train(name, epochs=3, preset="half", **more):
    output = folder / (name + ".tflite")
    command.train(command.Options(folder / "data", output, preset, epochs, **more))
def broken_off(*arguments, **more):
    save = run.Run.save
    def breaks(*arguments):
        save(*arguments)
        raise KeyboardInterrupt
    run.Run.save = breaks
    try:
        train(*arguments, **more)
    except KeyboardInterrupt:
        print("broken off")
    run.Run.save = save
"""


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for n in range(3):
        film(tmp_path / "data" / "goes_right" / f"{n}.mp4", bar(rng, +1))
        film(tmp_path / "data" / "goes_left" / f"{n}.mp4", bar(rng, -1))
    return tmp_path


def script(folder, text):
    # One thread: two that share so little spend most of their time waiting.
    done = subprocess.run(
        [sys.executable, "-c", BEGINNING + text, folder],
        env={**os.environ, "GLIBC_TUNABLES": tuned(""), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_training_that_was_broken_off_ends_as_the_unbroken_one(folder):
    told = script(
        folder,
        """
train("whole")
broken_off("broken")
assert len(list((folder / "broken.training/frames").iterdir())) == 6
dataset.video.runs_of = None  # what was decoded is kept
train("broken")
assert not (folder / "broken.training/frames").exists()
import torch
whole, broken = (torch.load(folder / f"{n}.training" / "newest.pt") for n in ("whole", "broken"))
assert whole[2:] == broken[2:] and whole[2] == 3, (whole[2:], broken[2:])
for a, b in zip(whole[0], broken[0], strict=True):
    assert torch.equal(a, b)
for n, moments in whole[1]["state"].items():
    assert moments["step"] == 24, moments["step"]  # 3 epochs of 8: they were never forgotten
    assert torch.equal(moments["exp_avg"], broken[1]["state"][n]["exp_avg"])
""",
    )
    assert "broken off" in told and "going on after epoch 1 of 3" in told


def test_a_training_that_has_not_come_to_its_end_is_not_exported(folder):
    script(folder, 'train("x", 1); broken_off("x", 2)')
    assert (folder / "x.training" / "best.weights.h5").exists()
    with pytest.raises(ValueError, match=r"x\.training: holds no finished training"):
        train.export(folder / "x.training", folder / "x.tflite")
    assert not (folder / "x.training" / "calibration.npy").exists()


def test_a_training_of_other_clips_starts_anew_and_says_why(folder):
    told = script(
        folder,
        """
train("x", 1)
os.utime(folder / "data/goes_left/0.mp4", (1, 1))
os.rename(folder / "data/goes_left/1.mp4", folder / "data/goes_left/7.mp4")
train("x", 1)
(folder / "x.training/state.json").unlink()
train("x", 1)
train("x", 2)
train("x", 2, mirror=False)
train("x", 2, mirror=False, background="goes_left")
import json
assert json.loads((folder / "x.training" / "state.json").read_text())["background"] == "goes_left"
""",
    )
    because = [line.split("anew: ")[1] for line in told.splitlines() if "anew" in line]
    assert because == [
        "clips: 1 new (goes_left/7.mp4), 1 gone (goes_left/1.mp4), 1 changed (goes_left/0.mp4)",
        "there is no state.json of it",
        "epochs was 1, is 2",
        "mirror was True, is False",
    ]
    assert told.count("going on") == 1 and "going on after epoch 2 of 2" in told
    assert "mirrored: none; not goes_left, goes_right" in told


def test_the_export_has_the_memory_that_the_training_took(folder):
    script(
        folder,
        """
import types
def megabytes():
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * 4096 >> 20
def training():
    return [np.ones(100_000, "u1") for _ in range(3000)]
training()
before = megabytes()
def export(command, **how):
    assert megabytes() < before - 200, (megabytes(), before)
    return types.SimpleNamespace(returncode=1)
command.subprocess = types.SimpleNamespace(run=export)
try:
    command.export_apart(folder / "my x.training", folder / "my x.tflite")
    raise SystemExit("no error")
except ValueError as error:
    command = f"squeezetime export '{folder}/my x.training' -o '{folder}/my x.tflite'"
    assert f"`{command}` tries again" in str(error), error
""",
    )


def test_an_interrupt_of_the_export_is_told_once(tmp_path):
    """Ctrl-C is for all processes of the terminal that are of the command typed."""
    export = tmp_path / "export"
    export.write_text("#!/bin/sh\ntrap 'echo interrupted >&2; exit 130' INT\necho begun\nsleep 9\n")
    export.chmod(0o755)
    text = f"""
import pathlib, signal, sys
from squeezetime import cli
from squeezetime.own import train
signal.signal(signal.SIGINT, signal.default_int_handler)  # the tests may run in the background
sys.executable = {str(export)!r}
cli._inspect = lambda _: train.export_apart(pathlib.Path("x.training"), pathlib.Path("x.tflite"))
sys.argv = ["squeezetime", "inspect", "x"]
cli.main()
"""
    with subprocess.Popen(
        [sys.executable, "-c", text],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as typed:
        assert typed.stdout.readline() == "begun\n"
        os.killpg(typed.pid, signal.SIGINT)
        assert typed.stderr.read() == "\nsqueezetime: interrupted\n"
    assert typed.returncode == 130


def test_what_is_damaged_is_named(folder):
    script(
        folder,
        """
import torch
def fails(what):
    try:
        train("x", 1)
        raise SystemExit(f"{what}: taken")
    except ValueError as error:
        assert "x.training/" + what in str(error) and "remove it" in str(error), error
train("x", 1)
newest = folder / "x.training/newest.pt"
whole = newest.read_bytes()
for damage in b"", b"junk", b"P" + whole[1:99], whole[:-99], whole[: len(whole) // 2]:
    newest.write_bytes(damage)
    fails("newest.pt: is damaged")
for other in 7, {}, (1, 2, 3, 4), ([], {}, 0, 0), ([torch.zeros(2)], {}, 0, 0):
    torch.save(other, newest)
    fails("newest.pt: is damaged")
for damage in b"", b"{", b"[]", b"\\xff":
    (folder / "x.training/state.json").write_bytes(damage)
    fails("state.json: is damaged")
""",
    )


def test_every_model_has_a_folder_of_its_own(folder):
    told = script(
        folder,
        """
dataset.read = None
def fails(data, preset, output, epochs, says):
    try:
        command.train(command.Options(data, output, preset, epochs))
    except (ValueError, TypeError) as error:
        assert says in str(error), error
for name in "walk.a", "walk.b", "run.v2.tflite":
    fails(folder / "data", "half", folder / name, 1, "NoneType")
fails(folder / "data", "half", folder / "x.training", 1, "x.training: folders of trainings")
print(*sorted(p.name for p in folder.iterdir()))
""",
    )
    assert told.splitlines()[-1] == "data run.v2.training walk.a.training walk.b.training"


def test_where_nothing_can_be_written_is_said_before_a_clip_is_read(folder):
    script(
        folder,
        """
dataset.read = None
(folder / "x.training").write_bytes(b"")
try:
    train("x")
    raise SystemExit("no error")
except OSError as error:
    assert "x.training" in str(error)
""",
    )


def test_weights_that_know_clips_are_not_tested_on_them(folder):
    told = script(
        folder,
        """
import json, shutil
train("first", 1)
def state(name):
    return json.loads((folder / (name + ".training/state.json")).read_text())
def held(name):
    return {p.relative_to(folder / (name + ".training/held-out")).as_posix()
            for p in (folder / (name + ".training/held-out")).rglob("*.mp4")}
known = {name for name, size in state("first")["seen"]}
assert len(known) == 4 and not known & held("first")
from zlib import crc32
for label in "goes_left", "goes_right":  # more, whose names are not among the first to be held out
    late = [n for n in range(999) if crc32(f"{label}/more {n}.mp4".encode()) > 0.97 * 2**32]
    for n in late[:9]:
        path = folder / "data" / label / f"more {n}.mp4"
        shutil.copy(folder / "data" / label / "0.mp4", path)
        path.write_bytes(path.read_bytes() + bytes(n + 1))
weights = folder / "first.training/best.weights.h5"
train("second", 1, init=str(weights))
assert len(held("second")) == 6 and not known & held("second")
clips = dataset.files_in(folder / "data", ["goes_left", "goes_right"], command.Progress())
assert known & {f.name for f in dataset.split(clips)[1]}  # the names alone would test on some
assert known < {name for name, size in state("second")["seen"]}
os.rename(folder / "first.training/state.json", folder / "away")
train("unknown", 1, init=str(weights))
os.rename(folder / "away", folder / "first.training/state.json")
for path in sorted((folder / "data").rglob("*.mp4")):
    if path.relative_to(folder / "data").as_posix() not in known:
        path.unlink()
train("spoiled now", 1, init=str(weights))
print((folder / "spoiled now.report.txt").read_text())
""",
    )
    assert told.count("best.weights.h5 may have been trained on held-out files: no state.json") == 1
    # Said, and in the report, as is a command that can be pasted.
    command = (
        f"verify '{folder}/spoiled now.tflite' --clips '{folder}/spoiled now.training/held-out'"
    )
    assert told.count(f"squeezetime {command}") == 2
    assert told.count("best.weights.h5 was trained on 2 of the held-out files") == 2


def test_a_disk_without_links(folder):
    told = script(
        folder,
        """
def symlink_to(path, target):
    raise PermissionError(1, "Operation not permitted", str(target))
pathlib.Path.symlink_to = symlink_to
train("x", 1)
""",
    )
    assert (
        f"(no links to them for squeezetime verify: the disk of {folder / 'x.training'} has" in told
    )
    assert "accuracy" in (folder / "x.training" / "state.json").read_text()
    assert not (folder / "x.training" / "held-out").exists()


def test_a_full_disk_is_told_by_the_file_that_it_has_no_room_for(folder):
    """RLIMIT_FSIZE: h5py, left to write the file, crashes of it as of a full disk."""
    script(
        folder,
        """
import resource
from squeezetime import network, weights
enough = weights.content_of(network.build(TINY, 2)).getbuffer().nbytes
resource.setrlimit(resource.RLIMIT_FSIZE, (enough - 1, enough - 1))
try:
    train("x", 1)
    raise SystemExit("no error")
except OSError as error:
    assert "x.training/best.weights.h5: not written" in str(error), error
""",
    )
    left = {p.name for p in (folder / "x.training").iterdir()}
    assert not {name for name in left if "part" in name or name.startswith("best")}, left


def test_weights_to_begin_with(folder):
    script(
        folder,
        """
from squeezetime.own import loop
from squeezetime import network
own = folder / "own.weights.h5"
network.build(TINY, 5).save_weights(own)
train("x", 1, init=str(own), freeze=True)
mine = network.build(TINY, 2)
mine.load_weights(folder / "x.training" / "best.weights.h5")
theirs = network.build(TINY, 5)
theirs.load_weights(own)
for a, b in zip(mine.layers, theirs.layers, strict=True):
    if a.name != "classifier":  # of labels differ
        for x, y in zip(a.get_weights(), b.get_weights(), strict=True):
            np.testing.assert_array_equal(x, y)
loop.freeze(mine)
x = mine.get_layer("pool").output
import keras, torch
features = keras.Model(mine.input, x)(torch.zeros(1, 32, 32, 12))
assert not features.requires_grad  # nothing is kept to go back through the backbone
assert mine(torch.zeros(1, 32, 32, 12)).requires_grad
import dataclasses
network.build(dataclasses.replace(TINY, planes=(8, 8, 12, 24)), 2).save_weights(own)
for how, says in (
    (dict(init=str(own)), "own.weights.h5: these weights do not fit the preset half: /layers/"),
    (dict(init=str(folder / "absent.weights.h5")), "absent.weights.h5: cannot be read"),
    (dict(init=str(folder / "x.training" / "best.weights.h5")), "copy it first"),
    (dict(init="resnet"), "--init resnet: must be"),
    (dict(init="starter"), "fit the preset nano"),
    (dict(freeze=True), "--freeze"),
):
    dataset.read = None  # not a clip is read before
    try:
        train("x", **how)
        raise SystemExit(f"{how}: taken")
    except ValueError as error:
        assert says in str(error), error
""",
    )


def test_the_starter_is_what_nano_begins_with(folder, monkeypatch):
    told = script(
        folder,
        """
from squeezetime.own import begin
def begun(model, preset, init):
    raise ValueError(init)
begin.begin = begun
for preset in "nano", "half":
    try:
        train("x", preset=preset)
    except ValueError as error:
        print(error)
""",
    )
    assert told.split() == ["starter", "none"]


def test_a_model_is_not_written_among_the_clips(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(ValueError, match="among the clips"):
        train.train(train.Options(tmp_path, tmp_path / "x.tflite", "half"))


def test_the_label_that_never_fires():
    assert train.background_of(["a", "Still"]) == "Still"
    assert train.background_of(["a", "b"]) == ""
    assert train.background_of(["a", "still"], "") == ""
    assert train.background_of(["idle", "other", "still"], "idle") == "idle"
    with pytest.raises(ValueError, match="other and still: each could be the background"):
        train.background_of(["a", "other", "still"])
    with pytest.raises(ValueError, match="--background idle: no such label; there are a, b"):
        train.background_of(["a", "b"], "idle")


def test_pooling_is_asked_of_an_official_checkpoint_alone(tmp_path):
    with pytest.raises(ValueError, match=r"--pooling is only for --init FILE\.pth"):
        train.train(train.Options(tmp_path, tmp_path.parent / "x.tflite", pooling="max"))

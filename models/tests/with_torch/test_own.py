import re
import subprocess
import sys

import numpy as np
import pytest
import torch

from films import bar, film
from madeup import made_up
from paths import STARTER, TESTS
from squeezetime import graph
from squeezetime.export import load_trained
from squeezetime.litert import Model
from squeezetime.official import checkpoint
from squeezetime.own import train
from squeezetime.packaging import unpack
from squeezetime.verify import verify
from tiny import SMALL


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "squeezetime", *map(str, arguments)], capture_output=True, text=True
    )


def kill_after_its_first_epoch(*arguments):
    command = [sys.executable, "-m", "squeezetime", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as training:
        for line in training.stdout:
            if line.startswith("epoch 2/4"):  # what that or the first one left is written
                break
        training.kill()


def test_a_model_of_ones_own(tmp_path):
    rng = np.random.default_rng(0)
    for n in range(6):
        film(tmp_path / "data" / "goes_right" / f"{n}.mp4", bar(rng, +1))
        film(tmp_path / "data" / "goes_left" / f"{n}\udcdf.mp4", bar(rng, -1))
    (tmp_path / "data" / "goes_left" / "\udcdfbroken.mp4").write_bytes(b"junk")
    mine = tmp_path / "my.tflite"
    arguments = (
        "train",
        "--data",
        tmp_path / "data",
        "--epochs",
        4,
        "-o",
        mine,
    )
    kill_after_its_first_epoch(*arguments)
    assert not mine.exists()
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    assert "mirrored: goes_left <-> goes_right" in done.stdout
    assert "played backwards: goes_left <-> goes_right" in done.stdout
    assert "it will always name an action" in done.stdout
    assert "skipped: " in done.stderr and r"\udcdfbroken.mp4" in done.stderr
    assert "1 files skipped" in done.stdout and "beware" in done.stdout
    assert re.search(r"going on after epoch [123] of 4", done.stdout), done.stdout
    assert not (tmp_path / "my.training" / "frames").exists()
    labels, manifest = unpack(mine)
    assert labels == ["goes_left", "goes_right"] and manifest["frames"] == 16
    assert mine.with_suffix(".confusion.png").stat().st_size > 500
    report = mine.with_suffix(".report.txt").read_text()
    assert (
        "recall" in report and len(re.findall(r"^  goes_\w+/\d(?:\\udcdf)?.mp4", report, re.M)) == 4
    )
    assert "of    4 videos" in list(verify(mine, tmp_path / "my.training" / "held-out"))[-1]
    assert Model(mine).input["dtype"] == np.int8
    made_of = graph.read(mine)
    assert made_of.whole and "TRANSPOSE" not in made_of.ops, made_of
    assert list(verify(mine, tmp_path / "data"))[-2].split()[-1] >= "0.900"

    whole = tmp_path / "whole.tflite"
    done = run("export", tmp_path / "my.training", "--type", "float32", "-o", whole)
    assert done.returncode == 0, done.stderr
    assert Model(whole).input["dtype"] == np.float32 and unpack(whole)[1]["input_type"] == "float32"
    told = list(verify(mine, tmp_path / "data", whole))
    same, windows = map(int, re.search(r"in (\d+) of (\d+) windows", told[-2]).groups())
    assert windows >= 12 and same >= windows - 1
    with pytest.raises(ValueError, match="labels differ"):
        list(verify(mine, tmp_path / "data", STARTER))

    again = run(*arguments)
    assert "going on after epoch 4 of 4" in again.stdout, again.stdout + again.stderr


@pytest.mark.parametrize(
    ("layout", "says"),
    [
        ({"a": 1}, "at least 2 labels"),
        ({"a": 2, "b": 0}, "no video"),
        ({"a": 2, "A": 2}, "'a' and 'A' differ only in upper and lower case"),
        ({"a": 2, "state": 2}, "'state' is the name of one of edged's own topics"),
        ({"a": 2, "lonely": 1}, "lonely: has a single clip"),
        ({"a": 2, "b": -2}, "holds no video that could be read"),
    ],
)
def test_folders_that_cannot_be_trained_on(tmp_path, layout, says):
    rng = np.random.default_rng(0)
    for label, count in layout.items():
        (tmp_path / label).mkdir()
        for n in range(abs(count)):
            path = tmp_path / label / f"{n}.mp4"
            film(path, bar(rng, 1, 4))
            if count < 0:  # cut off: its index is at the end
                path.write_bytes(path.read_bytes()[:-200])
    done = run("train", "--data", tmp_path, "-o", tmp_path.parent / "x.tflite")
    assert done.returncode == 1 and says in done.stderr and "Traceback" not in done.stderr


FROM_A_CHECKPOINT = """
import os, pathlib, sys
os.environ["KERAS_BACKEND"] = "torch"
sys.path.insert(0, "TESTS")
from squeezetime.official import checkpoint
from squeezetime.own import train
from tiny import SMALL
checkpoint.PRESET = SMALL
data, output, init = map(pathlib.Path, sys.argv[1:])
def run(output, epochs, init, **more):
    train.train(train.Options(data, output, "full", epochs, str(init), **more))
run(output, 8, init, freeze=True, pooling="max", background="goes_left")
again = output.with_name("again.tflite")
run(again, 1, output.with_suffix(".training") / "best.weights.h5")
"""


def test_fine_tuning_an_official_checkpoint(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    for n in range(6):
        film(tmp_path / "data" / "goes_right" / f"{n}.mp4", bar(rng, +1))
        film(tmp_path / "data" / "goes_left" / f"{n}.mp4", bar(rng, -1))
    state, output = made_up(SMALL, 51), tmp_path / "x.tflite"
    torch.save({"state_dict": state}, tmp_path / "x.pth")
    script = FROM_A_CHECKPOINT.replace("TESTS", str(TESTS))
    command = [sys.executable, "-c", script, tmp_path / "data", output, tmp_path / "x.pth"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    monkeypatch.setattr(checkpoint, "PRESET", SMALL)
    train.export(tmp_path / "x.training", output)
    _, manifest = unpack(output)
    assert manifest["frame_rate"] == 7.5 and manifest["std"][0] == 58.395
    assert manifest["background"] == "goes_left" and "goes_left is the background" in done.stdout
    assert "REDUCE_MAX" in graph.read(output).ops
    # Another training that begins with its weights is of their form.
    train.export(tmp_path / "again.training", tmp_path / "again.tflite")
    assert unpack(tmp_path / "again.tflite")[1]["std"] == manifest["std"]
    assert "REDUCE_MAX" in graph.read(tmp_path / "again.tflite").ops
    # The backbone is the checkpoint's own: frozen, it came through training and export.
    kept, _ = checkpoint.import_(checkpoint.read(tmp_path / "x.pth"), SMALL)
    model = load_trained(tmp_path / "x.training" / "best.weights.h5", SMALL, 2)
    for layer in model.layers:
        if layer.weights and layer.name != "classifier":
            for mine, theirs in zip(
                layer.get_weights(), kept.get_layer(layer.name).get_weights(), strict=True
            ):
                np.testing.assert_array_equal(mine, theirs)
    assert list(verify(output, tmp_path / "data"))[-1].startswith("all ")


def test_an_official_checkpoint_is_of_the_preset_full(tmp_path):
    with pytest.raises(ValueError, match="add --preset full"):
        train.train(train.Options(tmp_path, tmp_path.parent / "x.tflite", init="k400.pth"))

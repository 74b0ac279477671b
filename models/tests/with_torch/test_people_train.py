import os
import subprocess
import sys

import pytest

pytest.importorskip("torch")
pytest.importorskip("cv2")

# In processes of their own: on the torch backend, which is not that of the tests.
SETTING = """
import os, sys
os.environ["KERAS_BACKEND"] = "torch"
from pathlib import Path
import numpy as np, torch
from squeezetime import presets
presets.PRESETS["nano"] = presets.Preset(16, 32, (8, 8, 8, 8), (1, 1, 1, 1), 2)
from squeezetime.people import network, shards, train
torch.set_num_threads(1)
folder = Path(sys.argv[1])
def recipe(minutes):
    return train.Recipe("nano", minutes, 0, 5e-3, 8, 1)
"""

# Label 1 has a bar that goes to the right, label 0 has none.
DRAW = """
rng = np.random.default_rng(0)
for name in ("train/a", "train/b", "held/c"):
    labels = np.repeat(rng.integers(0, 2, 32), 2).astype(np.int8)
    clips = rng.integers(0, 60, (64, 32, 32, 48), np.uint8)
    for clip, label in zip(clips, labels):
        for t in range(16 * label):
            clip[8:24, t + 4 : t + 10, 3 * t : 3 * t + 3] += 150
    path = folder / f"{name}.npy"
    path.parent.mkdir(exist_ok=True)
    poses, names = np.zeros((64, 270), np.float16), np.array(["x"] * 64)
    shards.write(path, shards.Shard(clips, labels, poses, names, np.zeros((64, 2), np.float32)))
"""

TRAIN = """
training, losses = train.Training(recipe(1), half=False), train.Losses()
feed = train.Feed(folder / "train", 8, 32, 1)
for _ in range(80):
    training.step(feed.next(), 0.2, losses)
feed.close()
with training.averaged() as model:
    network.save(model, folder / "out.npz")
again = network.build(presets.PRESETS["nano"])
assert network.load(again, folder / "out.npz") == []
right = train.held_out_accuracy(again, folder / "held")
assert right > 0.8, right

from squeezetime.people import side_task
clips = shards.read(folder / "held/c.npy").clips
with torch.no_grad():
    truth = again(train.to_input(clips), training=False)[1].argmax(1).numpy()
assert "64 clips: 1.0000" in side_task.report(folder / "out.npz", "nano", (clips, truth))[0]
assert "64 clips: 0.0000" in side_task.report(folder / "out.npz", "nano", (clips, 11 - truth))[0]
with np.load(folder / "out.npz") as known:
    np.savez(folder / "bare.npz", **{key: known[key] for key in known if "drawn" not in key})
try:
    side_task.report(folder / "bare.npz", "nano", (clips, truth))
except ValueError as error:
    assert "bare.npz: has no head" in str(error)
else:
    raise AssertionError("a head that was never trained was measured")
"""

# Killed at once after a state was kept: by the signal that nothing can catch.
KILLED = """
import signal
train.SAVE_EVERY = 0
def keep(*arguments, real=train._keep):
    real(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
train._keep = keep
train.train(folder, folder / "out.npz", recipe(1), None, None)
"""

RESUMED = """
state = torch.load(folder / "out.state.pt", weights_only=True)
training = train._begin(recipe(2), folder / "out.state.pt", None)
assert training.steps == state["steps"] > 0
for variable, kept in zip(training.model.weights, state["weights"], strict=True):
    assert torch.equal(variable.value.detach(), kept)
try:
    train._begin(train.Recipe("nano", 1, 0, 1e-3, 8, 1), folder / "out.state.pt", None)
except ValueError as error:
    assert "of another training" in str(error)
else:
    raise AssertionError("another recipe went on from the state")
(folder / "out.state.pt").write_bytes(b"no state")
try:
    train._begin(recipe(1), folder / "out.state.pt", None)
except ValueError as error:
    assert "damaged; remove it" in str(error)
else:
    raise AssertionError("a damaged state was taken")
"""

EMPTY = """
(folder / "train").mkdir()
try:
    train.train(folder, folder / "out.npz", recipe(1), None, None)
except ValueError as error:
    assert "no shard of clips" in str(error)
else:
    raise AssertionError("it trained on nothing")
"""


# Both ways the same network, shown in the light of the batch.
COMPILED = """
eager, compiled = (train.Training(recipe(1), False, compiled) for compiled in (False, True))
for variable, value in zip(compiled.model.weights, eager.model.weights, strict=True):
    variable.assign(value.value.detach())
batches = train.Feed(folder / "train", 8, 32, 1)
batch = batches.next()
batches.close()
shown = torch.from_numpy(batch.clips), torch.from_numpy(batch.light)
for layer in eager.model.layers + compiled.model.layers:
    if layer.name == "dropout":
        layer.rate = 0
for a, b in zip(eager.outputs(*shown), compiled.outputs(*shown), strict=True):
    assert (a - b).abs().max() < 1e-3, (a - b).abs().max()
lit = (batch.clips * batch.light[0][:, None, None] + batch.light[1][:, None, None]).clip(0, 255)
assert np.abs(lit - batch.clips).max() > 5
expected = eager.model(torch.from_numpy((lit - 128) / 128).float(), training=True)
for a, b in zip(eager.outputs(*shown), expected, strict=True):
    assert (a - b).abs().max() < 1e-3, (a - b).abs().max()
losses = train.Losses()
for _ in range(3):
    compiled.step(batch, 0.5, losses)
assert losses.steps == 3 and np.isfinite(losses.total)
"""

FINISHED = """
presets.PRESETS["nano"] = presets.Preset(16, 64, (8, 8, 8, 8), (1, 1, 1, 1), 2)  # half: 32
half = train.Recipe("nano", 0.1, 0.05, 5e-3, 8, 1)
network.save(network.build(presets.PRESETS["nano"]), folder / "init.npz")
train.train(folder, folder / "out.npz", half, folder / "init.npz", None)
before, after = (dict(np.load(folder / name)) for name in ("init.npz", "out.npz"))
for name in ("stem/0", "stage2_block1_restore/0", "classifier/0"):
    assert not np.array_equal(before[name], after[name]), name

network.load(network.build(presets.PRESETS["nano"]), folder / "out.npz")  # of the whole size
try:
    train.Feed(folder / "train", 500, 32, 1).next()
except ValueError as error:
    assert "64 pairs of clips; a step takes 500" in str(error), error

import errno
def full(*_):
    raise OSError(errno.ENOSPC, "No space left on device")
os.fsync = full
try:
    train.train(folder, folder / "other.npz", half, folder / "init.npz", None)
except OSError as error:
    assert "other.state.pt: not written" in str(error) and "No space left" in str(error), error
else:
    raise AssertionError("it trained on a full disk")
assert not list(folder.glob("**/*.part"))
"""

DAMAGED = """
model = network.build(presets.PRESETS["nano"])
network.save(model, folder / "init.npz")
content = (folder / "init.npz").read_bytes()
for damaged in (b"", b"no weights", content[:-100], content[:200] + bytes(300) + content[500:]):
    (folder / "init.npz").write_bytes(damaged)
    try:
        network.load(model, folder / "init.npz")
    except ValueError as error:
        assert "init.npz: no weights of train-people, or damaged" in str(error), error
    else:
        raise AssertionError("damaged weights were taken")
"""

GROW = """
from squeezetime.people.blend import blend

presets.PRESETS["nano"] = presets.Preset(16, 32, (8, 12, 16, 20), (1, 1, 1, 1), 2)
small = train.Training(recipe(1), half=False)
feed = train.Feed(folder / "train", 8, 32, 1)
for _ in range(10):
    small.step(feed.next(), 0.2, train.Losses())
network.save(small.model, folder / "small.npz")
network.load(small.model, folder / "small.npz")  # as 16 bits hold them

presets.PRESETS["half"] = presets.Preset(16, 32, (8, 16, 24, 40), (1, 2, 1, 3), 4)
large = train.Training(train.Recipe("half", 1, 0, 5e-3, 8, 1), half=False)
left = network.load_or_grow(large.model, folder / "small.npz")
blocks = {"stage2_block2", "stage4_block2", "stage4_block3"}
assert {train.block_of(name) for name in left} == {*blocks, "contrast"}
clips = train.to_input(shards.read(folder / "held/c.npy").clips[:8])
with torch.no_grad():
    known, grown = (t.model(clips, training=False) for t in (small, large))
for a, b in zip(known[:3], grown[:3]):
    assert torch.allclose(a, b, atol=1e-4), (a - b).abs().max()

# The copies of a channel learn different things.
copies = large.model.get_layer("stage1_block1_restore").kernel.value
before = copies.detach().clone()
large.step(feed.next(), 0.2, train.Losses())
feed.close()
change = (copies.detach() - before)[0, 0]
assert (change[:, 0] != change[:, 1]).any()

# Between the two: what it began with, what it ended as, and something else.
network.save(large.model, folder / "large.npz")
network.load(large.model, folder / "large.npz")  # as 16 bits hold them
with torch.no_grad():
    trained = large.model(clips, training=False)[0]
    blends = []
    for share in (0, 0.5, 1):
        blend(folder / "small.npz", folder / "large.npz", share, "half", folder / "blend.npz")
        network.load(large.model, folder / "blend.npz")
        blends.append(large.model(clips, training=False)[0])
assert torch.allclose(blends[0], known[0], atol=0.02), (blends[0] - known[0]).abs().max()
assert torch.allclose(blends[2], trained, atol=1e-4), (blends[2] - trained).abs().max()
assert not torch.allclose(blends[1], trained, atol=0.02)
try:
    blend(folder / "large.npz", folder / "small.npz", 0.5, "half", folder / "blend.npz")
except ValueError as error:
    assert "small.npz" in str(error), error
else:
    raise SystemExit("a smaller network was taken for the end")

try:
    network.load_or_grow(small.model, folder / "large.npz")
except ValueError as error:
    assert "large.npz: not weights of a smaller preset" in str(error), error
else:
    raise SystemExit("a larger network went into a smaller one")
"""


def run(script, folder):
    done = subprocess.run(
        [sys.executable, "-c", SETTING + script, folder],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


def test_it_learns_what_the_clips_show(tmp_path):
    code, said = run(DRAW + TRAIN, tmp_path)
    assert code == 0, said


def test_it_goes_on_after_a_kill_and_refuses_what_is_not_its_own(tmp_path):
    code, said = run(DRAW + KILLED, tmp_path)
    assert code == -9 and (tmp_path / "out.state.pt").exists(), said
    code, said = run(RESUMED, tmp_path)
    assert code == 0, said


def test_without_clips_it_says_what_to_do(tmp_path):
    code, said = run(EMPTY, tmp_path)
    assert code == 0, said


def test_compiled_it_is_the_same_network(tmp_path):
    code, said = run(DRAW + COMPILED, tmp_path)
    assert code == 0, said


def test_it_ends_with_weights_of_the_whole_size_and_names_a_full_disk(tmp_path):
    code, said = run(DRAW + FINISHED, tmp_path)
    assert code == 0, said


def test_damaged_weights_are_named(tmp_path):
    code, said = run(DAMAGED, tmp_path)
    assert code == 0, said


def test_a_larger_network_begins_with_what_a_smaller_one_knows(tmp_path):
    code, said = run(DRAW + GROW, tmp_path)
    assert code == 0, said

import os
import subprocess
import sys

import numpy as np

from paths import STARTER
from squeezetime import network
from squeezetime.cli import tuned
from squeezetime.folding import fold
from squeezetime.labels import LABELS
from squeezetime.litert import Model
from squeezetime.own.begin import start_from_starter
from squeezetime.starter import recipe
from squeezetime.starter.synthetic import sets
from squeezetime.starter.synthetic.clips import plain_shot

# In processes of their own: on the torch backend, which is not that of the tests.
TRAINING = """
import dataclasses, os, pathlib, sys
os.environ["KERAS_BACKEND"] = "torch"
import numpy as np, torch
from squeezetime import network, presets
from squeezetime.resize import halved
from squeezetime.starter import recipe, loop
TINY = presets.Preset(frames=4, size=32, planes=(8, 8, 12, 16), depths=(1, 1, 1, 1), expansion=2)
folder = pathlib.Path(sys.argv[1])
torch.distributed.init_process_group(
    "gloo", f"file://{folder}/rendezvous", rank=0, world_size=1
)
rng = np.random.default_rng(0)
clips = rng.integers(0, 256, (192, 32, 32, 12), "u1")
labels = np.arange(192) % 3  # still, left_to_right, right_to_left
for clip, label in zip(clips, labels):  # a bar in the left half that stays, or goes over there
    clip //= 4
    for t in range(4):
        x = rng.integers(2, 5) + 7 * (0, t, 3 - t)[label]
        clip[:, x : x + 5, 3 * t : 3 * t + 3] += 150
model = network.build(TINY, 12)
best = folder / "best.weights.h5"
seen, held = (clips[:96], labels[:96]), (clips[96:], labels[96:])
def fit(epochs, **more):
    return loop.fit(model, seen, held, best, 4, epochs, 6e-3, float("inf"), 1, **more)
assert loop.accuracy(model, *held) < 0.5
assert fit(1, best=0.99) == 0.99 and not best.exists()  # nothing worse takes the place of better
score = fit(12)
assert score > 0.8, score  # a third by chance
model.load_weights(best)
assert loop.accuracy(model, *held) == score

recipe.PRESET, recipe.POLISH_EPOCHS = TINY, 1
kept = best.read_bytes()
def polish(better_than):  # it goes on from the file, whatever the model is
    model.set_weights([np.zeros_like(w) for w in model.get_weights()])
    recipe.polish(model, seen, held, best, float("inf"), better_than)
    model.load_weights(best)
    return loop.accuracy(model, *held)
assert polish(1.01) == score and best.read_bytes() == kept
assert polish(0) > 0.7 and best.read_bytes() != kept

large = network.build(dataclasses.replace(TINY, size=64), 12)
loop.carry_over(model, large)
for mine, theirs in zip(model.layers, large.layers, strict=True):
    for small, big in zip(mine.get_weights(), theirs.get_weights(), strict=True):
        if isinstance(mine, network.PositionMap):
            assert big.shape[1] == 2 * small.shape[1] and np.ptp(small) > 0
            small = torch.nn.functional.interpolate(
                torch.tensor(small).permute(0, 3, 1, 2), big.shape[1:3], mode="bilinear",
                align_corners=True,
            ).permute(0, 2, 3, 1)
        np.testing.assert_allclose(big, small, atol=1e-6)

recipe.clip_set = lambda work, name: (np.load(folder / "set.npy", mmap_mode="r"), labels)
np.save(folder / "set.npy", clips)
small, _ = recipe.half_set(folder, "train")
assert np.array_equal(small, halved(clips)) and isinstance(small, np.memmap)
"""


def test_the_starters_training(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", TRAINING, tmp_path],
        env={**os.environ, "GLIBC_TUNABLES": tuned(""), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(p.name for p in tmp_path.glob("set*")) == ["set.half.npy", "set.npy"]


WORKERS = """
import os, sys
os.environ["KERAS_BACKEND"] = "torch"
import torch
from squeezetime.starter import loop
rank = int(sys.argv[2])
torch.distributed.init_process_group(
    "gloo", f"file://{sys.argv[1]}/rendezvous", rank=rank, world_size=2
)
parameters = [torch.zeros(2, 3), torch.zeros(4)]
for number, p in enumerate(parameters):
    p.grad = torch.full_like(p, 10 * number + rank)
loop._average_gradients(parameters)
for number, p in enumerate(parameters):
    assert torch.equal(p.grad, torch.full_like(p, 10 * number + 0.5)), p.grad
assert loop._agreed((0.25, 0.75)[rank]) == 0.75
"""


def test_workers_step_together(tmp_path):
    """By the mean of their gradients, and to the same end."""
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKERS, tmp_path, str(rank)], stderr=subprocess.PIPE, text=True
        )
        for rank in (0, 1)
    ]
    for worker in workers:
        _, said = worker.communicate(timeout=300)
        assert worker.returncode == 0, said


def test_the_starter_sees_what_it_was_not_trained_on():
    """The first 200 clips of the set that its card is about."""
    clips, labels = sets._make_shard(
        (recipe.TEST_SEED, 0, 200, 16, 96, recipe.EVERY, True, plain_shot)
    )
    right = (Model(STARTER).best(clips) == labels).mean()
    assert right >= 0.93, right


def test_training_begins_with_the_weights_that_are_in_the_starter():
    """Each of the file's convolutions, but for what 8 bits, and the 16 of the .npz, round away."""
    model = network.build(recipe.PRESET, len(LABELS))
    start_from_starter(model)
    folded = fold(model, recipe.PRESET, len(LABELS))
    compared, interpreter = 0, Model(STARTER, plain=True).interpreter
    for tensor in interpreter.get_tensor_details():
        name, scales = tensor["name"], tensor["quantization_parameters"]["scales"]
        if tensor["dtype"] != np.int8 or not name.endswith(("_1/convolution", "_1/depthwise")):
            continue
        layer = name.split("/")[1].removesuffix("_1")
        kernel = folded.get_layer(layer).get_weights()[0].transpose(3, 0, 1, 2)
        steps = kernel / (scales if len(kernel) == 1 else scales[:, None, None, None])
        np.testing.assert_allclose(
            interpreter.get_tensor(tensor["index"]), steps, rtol=0, atol=1, err_msg=layer
        )
        compared += 1
    assert compared == sum("kernel" in v.path for v in folded.variables) - 1  # the classifier

import os
import subprocess
import sys

import pytest

pytest.importorskip("torch")
pytest.importorskip("skimage")

from squeezetime.cli import _MALLOC

# On the torch backend, which is not that of the tests; two workers make another model than one.
TWICE = """
import os, pathlib, sys
os.environ["KERAS_BACKEND"] = "torch"
import numpy as np, torch
from squeezetime import network, presets
from squeezetime.starter import recipe, loop
TINY = presets.Preset(frames=4, size=32, planes=(8, 8, 12, 16), depths=(1, 1, 1, 1), expansion=2)
folder = pathlib.Path(sys.argv[1])
torch.distributed.init_process_group(
    "gloo", f"file://{folder}/rendezvous", rank=0, world_size=1
)
clips = np.random.default_rng(0).integers(0, 256, (32, 32, 32, 12), "u1")
labels = np.arange(32) % 12
model = network.build(TINY, 12)
best = folder / "best.weights.h5"
def fit(**more):
    return loop.fit(
        model, (clips, labels), (clips, labels), best, 4, 1, 1e-3, float("inf"), 1, **more
    )
assert fit(best=0.99) == 0.99 and not best.exists()  # nothing worse takes the place of better
assert 0 <= fit() <= 1 and best.exists()

recipe.clip_set = lambda work, name: (np.load(folder / "set.npy", mmap_mode="r"), labels)
np.save(folder / "set.npy", clips)
small, _ = recipe.half_set(folder, "train")
assert np.array_equal(small, loop.halved(clips)) and isinstance(small, np.memmap)
"""


def test_the_starters_training(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", TWICE, tmp_path],
        env={**os.environ, **_MALLOC, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(p.name for p in tmp_path.glob("set*")) == ["set.half.npy", "set.npy"]

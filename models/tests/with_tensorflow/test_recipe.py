"""What export-starter and presets make of a training, on few clips."""

from pathlib import Path

import numpy as np
import pytest

from squeezetime import network, sizes
from squeezetime.labels import LABELS
from squeezetime.litert import Model
from squeezetime.own import begin
from squeezetime.packaging import unpack
from squeezetime.presets import PRESETS
from squeezetime.starter import recipe
from squeezetime.starter.synthetic import sets
from squeezetime.starter.synthetic.clips import plain_shot
from tiny import TINY


@pytest.fixture
def drawn(monkeypatch):
    """48 clips, four of each label, in the place of every set."""
    clips, truth = sets._make_shard((3, 0, 48, 16, 96, recipe.EVERY, True, plain_shot))
    monkeypatch.setattr(recipe, "CALIBRATION_CLIPS", 8)
    monkeypatch.setattr(recipe, "clip_set", lambda work, name: (clips, truth))
    return clips, truth


def test_the_starter_is_exported_with_what_edged_must_know(tmp_path, monkeypatch, drawn):
    clips, truth = drawn
    model = network.build(recipe.PRESET, len(LABELS))
    begin.start_from_starter(model)
    trained = sizes._classifier(sizes.STARTER)
    model.get_layer("classifier").set_weights(trained)
    model.save_weights(tmp_path / "trained.weights.h5")

    output = tmp_path / "x.tflite"
    assert recipe.export(tmp_path, tmp_path / "trained.weights.h5", output) == len(
        output.read_bytes()
    )
    labels, about = unpack(output)
    assert tuple(labels) == LABELS and about["background"] == "still"
    assert (about["frames"], about["frame_rate"], about["name"]) == (16, 8, "edged-starter")
    made = Model(output)
    right = float((made.best(clips) == truth).mean())
    assert right > 0.85 and about["accuracy"]["int8"] == round(right, 4)
    assert about["accuracy"]["clips"] == 48 and about["accuracy"]["float32"] > 0.85
    assert made.input["quantization"] == (1 / 128, 0)
    more = sizes._classifier(output)[1] - trained[1]
    assert more[0] == pytest.approx(recipe.STILL_BIAS, abs=0.01)
    np.testing.assert_allclose(more[1:], 0, atol=0.01)

    # What is kept beside it begins another training where this one ended.
    monkeypatch.setattr(begin, "STARTER_WEIGHTS", tmp_path / "x.weights.npz")
    again = network.build(recipe.PRESET, len(LABELS))
    begin.start_from_starter(again)
    for one, other in zip(model.weights, again.weights, strict=True):
        if "classifier" not in one.path:
            assert np.array_equal(np.float16(one), np.float16(other)), one.path
    assert len(np.load(tmp_path / "x.weights.npz").files) == len(model.weights) - 2


def test_the_sizes_are_reported(monkeypatch, drawn):
    """With a tiny network in the place of full."""
    monkeypatch.setattr(sizes, "PRESETS", {"full": TINY, "nano": PRESETS["nano"]})
    said = "\n".join(sizes.report(Path("none")))
    (nano,) = (line for line in said.splitlines() if line.startswith("| nano"))
    assert nano.startswith("| nano | 0.76 | 0.74 | 133 | 79 / 83 | yes / yes | 3.1 / 0.9 |")
    assert "CONV_2D" in said and "both say the same of 100.00%" in said
    float32, int8 = sizes.starter_pair()
    assert int8 == sizes.STARTER.read_bytes() and len(float32) > 3e6

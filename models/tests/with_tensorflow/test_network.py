import keras
import numpy as np
import pytest

from squeezetime import network
from squeezetime.folding import fold
from squeezetime.presets import PRESETS, Preset

TINY = Preset(frames=4, size=32, planes=(8, 8, 12, 16), depths=(1, 2, 1, 1), expansion=2)


@pytest.mark.parametrize(
    ("name", "multiply_adds", "backbone", "all_"),
    [
        ("full", 5.48e9, 28.7e6, 29.68e6),  # the first two as the paper says
        ("half", 448e6, 7.61e6, 8.08e6),  # these as README.md does
        ("nano", 133e6, 0.74e6, 0.757e6),
    ],
)
def test_the_sizes(name, multiply_adds, backbone, all_):
    model = network.build(PRESETS[name], 12 if name == "nano" else 400, folded=True)
    counted = (
        network.multiply_adds(model),
        network.backbone_params(model),
        model.count_params(),
    )
    assert counted == pytest.approx((multiply_adds, backbone, all_), rel=0.005)


def test_folding_changes_no_logit():
    model = network.build(TINY, classes=5)
    rng = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            gamma, beta, mean, variance = rng.uniform(0.5, 1.5, (4, layer.gamma.shape[0]))
            layer.set_weights([gamma, beta - 1, mean - 1, variance])
    folded = fold(model, TINY, classes=5)
    assert not any(isinstance(layer, keras.layers.BatchNormalization) for layer in folded.layers)
    for clip in rng.uniform(-1, 1, (3, 1, 32, 32, 12)).astype(np.float32):
        whole = keras.ops.convert_to_numpy(model(clip, training=False))
        apart = keras.ops.convert_to_numpy(folded(clip, training=False))
        assert np.ptp(whole) > 1e-3
        np.testing.assert_allclose(apart, whole, atol=1e-4 * np.ptp(whole))

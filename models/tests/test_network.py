import numpy as np
import pytest

keras = pytest.importorskip("keras")  # the extras "train" and "export"

from squeezetime import network
from squeezetime.folding import fold
from squeezetime.presets import PRESETS, Preset

TINY = Preset(frames=4, size=32, planes=(8, 8, 12, 16), depths=(1, 2, 1, 1), expansion=2)


def test_full_is_the_size_the_paper_says():
    model = network.build(PRESETS["full"], classes=400, folded=True)
    assert network.multiply_adds(model) == pytest.approx(5.48e9, rel=0.005)
    without_maps = sum(
        layer.count_params()
        for layer in model.layers
        if not isinstance(layer, network.PositionMap) and layer.name != "classifier"
    )
    assert without_maps == pytest.approx(28.7e6, rel=0.01)


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

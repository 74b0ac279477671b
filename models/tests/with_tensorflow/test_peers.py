import keras
import numpy as np
import pytest

from networks.__main__ import counted
from networks.blocks import Blocks
from networks.peers import PEERS


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_counts_are_near_the_published_ones(peer):
    _, params, multiply_adds = counted(peer)
    assert (params, multiply_adds) == pytest.approx(peer.published, rel=0.04)


def test_a_depthwise_convolution_in_time_and_space_is_one():
    """Against the sum written out: y[t] = sum over k of K_k * x[t+k-1], zeros around."""
    frames, side, channels = 4, 6, 2
    inputs = keras.Input((side, side, channels), batch_size=frames)
    model = keras.Model(inputs, Blocks().depthwise(inputs, 3, 3))
    x = np.random.default_rng(0).standard_normal((frames, side, side, channels), np.float32)
    kernels = [w.numpy()[..., 0] for w in model.weights if w.name == "kernel"]
    padded = np.pad(x, ((1, 1), (1, 1), (1, 1), (0, 0)))
    expected = sum(
        kernels[k][i, j] * padded[k : k + frames, i : i + side, j : j + side]
        for k in range(3)
        for i in range(3)
        for j in range(3)
    )
    np.testing.assert_allclose(model(x), expected, atol=1e-5)


def test_a_shift_moves_an_eighth_each_way():
    inputs = keras.Input((1, 1, 16), batch_size=3)
    model = keras.Model(inputs, Blocks().shift(inputs))
    x = np.arange(48, dtype=np.float32).reshape(3, 1, 1, 16)
    y = np.array(model(x))
    assert np.array_equal(y[1:, ..., :2], x[:-1, ..., :2]) and not y[0, ..., :2].any()
    assert np.array_equal(y[:-1, ..., 2:4], x[1:, ..., 2:4]) and not y[-1, ..., 2:4].any()
    assert np.array_equal(y[..., 4:], x[..., 4:])

import numpy as np

from squeezetime import network
from squeezetime.export import Calibration, to_tflite
from squeezetime.litert import Model
from tiny import TINY


def grey():
    """Clips far from both ends of the range."""
    clips = np.full((4, 32, 32, 12), 120, np.uint8)
    clips[:, ::2] = 140
    return clips


def test_the_inputs_bytes_are_the_pixels():
    """Of whatever clips it is made: a byte is the pixel's own, less 128."""
    folded = network.build(TINY, 5, folded=True)
    model = Model(to_tflite(folded, Calibration(grey())))
    assert model.input["dtype"] == np.int8 and model.input["quantization"] == (1 / 128, 0)
    clip = np.random.default_rng(0).integers(0, 256, (32, 32, 12), np.uint8)
    assert np.array_equal(model.as_input(clip)[0], (clip ^ 0x80).view(np.int8))


def test_calibration_leaves_the_clips_as_they_are():
    clips = grey()
    mean, std = (10, 20, 30), (2, 4, 8)
    shown = np.concatenate(list(Calibration(clips, mean, std)))
    assert np.array_equal(clips, grey()) and shown.shape == clips.shape
    for c in range(3):
        assert shown[0, 0, 0, c] == -mean[c] / std[c]
        assert shown[0, 0, 1, c] == (255 - mean[c]) / std[c]
        assert np.array_equal(shown[1:, ..., c::3], (clips[1:, ..., c::3] - mean[c]) / std[c])

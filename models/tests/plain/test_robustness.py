import numpy as np
import pytest

from paths import STARTER
from squeezetime.labels import LABELS
from squeezetime.litert import Model
from squeezetime.starter import robustness
from squeezetime.starter.synthetic.camera import MARGIN

GREY = np.full((16, 32, 32, 3), 0.5, np.float32)


def rng():
    return np.random.default_rng(5)


def test_the_frames_times():
    even = np.linspace(0, 1, 16)
    for count in (1, 3):
        times = robustness._lost(count)(rng(), 16)
        held = np.flatnonzero(np.diff(times) == 0) + 1
        assert len(held) == count and np.allclose(np.delete(times, held), np.delete(even, held))
    assert np.allclose(robustness._tempo(0.8)(rng(), 16), 0.8 * even)
    steps = np.diff(robustness._intervals(0.2)(rng(), 16)) * 15
    assert 0.8 <= steps.min() < 0.9 and 1.1 < steps.max() <= 1.2


def test_shake_is_in_whole_pixels_that_are_drawn():
    offsets = robustness._shaken(1.5)(rng(), 2000)
    assert offsets.shape == (2000, 2) and offsets.dtype == int and abs(offsets).max() <= MARGIN
    assert abs(offsets.std() - 1.5) < 0.1


def test_light_and_noise():
    dim = robustness._exposed(0.25, 0.02)(rng(), GREY) / 255
    assert abs(dim.mean() - 0.125) < 0.005 and abs(dim.std() - 0.02) < 0.002


@pytest.mark.parametrize(
    ("mild", "strong"),
    [
        (robustness._jpeg(30), robustness._jpeg(10)),
        (robustness._h264(32), robustness._h264(40)),
    ],
)
def test_compression_loses_more_where_there_is_more_of_it(mild, strong):
    rough = rng().random((4, 12, 12, 1), np.float32).repeat(8, 1).repeat(8, 2).repeat(3, 3)
    lost = [np.abs(film(rng(), rough) / 255 - rough).mean() for film in (mild, strong)]
    assert 0.001 < lost[0] < lost[1] < 0.2


def test_every_condition_has_the_same_scenes(monkeypatch):
    monkeypatch.setattr(robustness, "_photos", [])

    def apart(name, index):
        one, other = ("a good camera", 1, 16, 32), (name, index, 16, 32)
        one, other = (robustness._draw(drawn).astype(float) for drawn in (one, other))
        return np.abs(one - other).mean()

    assert 0 < apart("a frame lost", 1) < 1
    assert 5 < apart("noise 5 %", 1) < 20 < apart("a good camera", 13)


def test_accuracy_is_of_the_labels_that_were_drawn(monkeypatch):
    conditions = {name: robustness.CONDITIONS[name] for name in ("a good camera", "noise 5 %")}
    monkeypatch.setattr(robustness, "CONDITIONS", conditions)
    found = robustness.accuracies(Model(STARTER), 16, 96, count=2 * len(LABELS))
    assert found.keys() == conditions.keys() and min(found.values()) > 0.8

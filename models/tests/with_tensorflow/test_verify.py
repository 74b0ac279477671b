import numpy as np
import pytest
import tensorflow as tf

from films import film
from squeezetime.packaging import pack, unpack
from squeezetime.verify import as_packed, verify

FRAMES, HEIGHT, WIDTH = 4, 32, 48


def model_file(path, kind="int8", order="tc", **changes):
    """A model that tells light from dark by the red of the last frame."""
    red = {"tc": 3 * (FRAMES - 1), "ct": FRAMES - 1}[order]

    @tf.function(input_signature=[tf.TensorSpec((1, HEIGHT, WIDTH, 3 * FRAMES), tf.float32)])
    def lightness(clip):
        light = tf.reduce_mean(clip, (1, 2))[:, red]
        return tf.stack([-light, light], 1)

    converter = tf.lite.TFLiteConverter.from_concrete_functions([lightness.get_concrete_function()])
    if kind != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        ends = [np.full((1, HEIGHT, WIDTH, 3 * FRAMES), v, np.float32) for v in (-1, 127 / 128)]
        converter.representative_dataset = lambda: ([x] for x in ends)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.as_dtype(kind)
    manifest = {
        "format": 1,
        "name": "lightness",
        "version": "1",
        "frames": FRAMES,
        "frame_rate": 8,
        "height": HEIGHT,
        "width": WIDTH,
        "channel_order": order,
        "mean": [128] * 3,
        "std": [128] * 3,
        "input_type": kind,
        "output": "logits",
        "background": "",
    }
    path.write_bytes(pack(converter.convert(), ("dark", "light"), manifest | changes))
    return path


@pytest.fixture
def clips(tmp_path):
    """A dark video and two light ones, one of them dark in 2 of 3 windows; and hindrances."""
    for name, light in {
        "light/a": [200] * 12,
        "light/b": [100, 100, 100, 250] + 2 * [200, 200, 200, 100],
        "dark/a": [30] * 8,
    }.items():
        frames = np.zeros((len(light), 48, 64, 3), np.uint8)
        film(
            tmp_path / f"{name}.mp4",
            frames + np.array(light, np.uint8)[:, None, None, None],
        )
    (tmp_path / ".cache").mkdir()
    (tmp_path / "dark" / "broken.mp4").write_bytes(b"junk")
    return tmp_path


@pytest.mark.parametrize("kind", ["int8", "uint8", "float32"])
@pytest.mark.parametrize("order", ["tc", "ct"])
def test_videos_and_windows_are_counted(clips, capsys, kind, order):
    model = model_file(clips / "x.tflite", kind, order)
    assert list(verify(model, clips, model)) == [
        "dark                        1 of    1 videos  1.000      2 of     2 windows  1.000",
        "light                       2 of    2 videos  1.000      4 of     6 windows  0.667",
        "all                         3 of    3 videos  1.000      6 of     8 windows  0.750",
        f"the same as {model} in 8 of 8 windows",
        "skipped 1",
    ]
    assert "broken.mp4" in capsys.readouterr().err


def test_what_is_known_is_told_at_once(clips):
    lines = verify(model_file(clips / "x.tflite"), clips)
    assert next(lines).startswith("dark")
    for video in (clips / "light").iterdir():
        video.unlink()
    assert next(lines).startswith("all ")


@pytest.mark.parametrize(
    "change", [{"height": WIDTH}, {"frames": 5}, {"input_type": "uint8"}], ids=str
)
def test_tensors_that_the_manifest_does_not_describe(clips, change):
    model = model_file(clips / "x.tflite", **change)
    with pytest.raises(ValueError, match=r"x\.tflite: its tensors are \[1, 32, 48, 12\] int8"):
        next(verify(model, clips))


def test_what_is_no_model_is_named(clips):
    whole = model_file(clips / "x.tflite")
    (clips / "y.tflite").write_bytes(pack(b"none", *unpack(whole)))
    with pytest.raises(ValueError, match=r"y\.tflite: "):
        next(verify(clips / "y.tflite", clips))


def test_the_official_channel_order():
    clip = np.arange(2 * 3 * 12, dtype=np.uint8).reshape(2, 3, 12)
    packed = as_packed(clip, {"channel_order": "ct"})
    for t in range(4):
        for c in range(3):
            assert np.array_equal(packed[..., c * 4 + t], clip[..., t * 3 + c])

import numpy as np
import pytest

from squeezetime import embedding, graph, manifest, network
from squeezetime.export import to_tflite, with_embedding
from squeezetime.litert import Model
from squeezetime.packaging import pack, unpack
from tiny import TINY

LABELS = ("still", "a", "b", "c", "d")


@pytest.fixture(scope="module")
def folded():
    import keras

    keras.utils.set_random_seed(0)
    return network.build(TINY, len(LABELS), folded=True)


def windows(count=6):
    clips = np.random.default_rng(0).integers(0, 256, (count, 32, 32, 12))
    return [((clip - 128) / 128).astype(np.float32)[None] for clip in clips]


def outputs(model, window):
    """Logits and embedding, as real numbers."""
    model.run(embedding.quantized(window, model.input))
    return [embedding.real(model, d)[0] for d in model.interpreter.get_output_details()]


def test_the_embedding_is_the_means_of_the_last_three_stages(folded):
    import keras

    stages = [folded.get_layer(f"stage{n}").output for n in ("2_block2_out", "3_block1_out")]
    maps = keras.Model(folded.input, [*stages, folded.get_layer("stage4_block1_out").output])
    model = Model(with_embedding(folded))
    for window in windows():
        _, found = outputs(model, window)
        expected = np.concatenate([np.mean(m, (0, 1, 2)) for m in maps(window)])
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_int8_keeps_the_logits_and_comes_near_the_real_embedding(folded):
    without, exact = to_tflite(folded, windows()), Model(with_embedding(folded))
    plain, model = Model(without), Model(embedding.add(without, windows()))
    step = model.interpreter.get_output_details()[1]["quantization"][0]
    for window in windows():
        x = embedding.quantized(window, plain.input)
        assert np.array_equal(plain.run(x), model.run(x))
        # The rounding of the whole network before it: within 4 % of the embedding's range.
        assert np.abs(outputs(model, window)[1] - outputs(exact, window)[1]).max() < 10 * step
    assert embedding.size_of(model) == 16 + 24 + 32 and embedding.size_of(plain) == 0


def test_it_stays_in_one_partition(folded):
    found = graph.read(with_embedding(folded, windows()))
    assert found.whole and found.partitions == 1


def test_a_file_of_format_1_becomes_one_of_format_2(tmp_path, folded):
    old, new = tmp_path / "old.tflite", tmp_path / "new.tflite"
    about = manifest.build("x", "1", TINY, 8)
    old.write_bytes(pack(to_tflite(folded, windows()), LABELS, about))
    clips = np.random.default_rng(1).integers(0, 256, (4, 32, 32, 12), np.uint8)
    embedding.upgrade(old, new, clips)
    labels, described = unpack(new)
    assert tuple(labels) == LABELS
    assert described == about | {"format": 2, "embedding": {"size": 72}}
    with pytest.raises(ValueError, match="has an embedding already"):
        embedding.upgrade(new, old, clips)


def test_int8_without_windows_is_refused(folded):
    with pytest.raises(ValueError, match="needs windows"):
        embedding.add(to_tflite(folded, windows()))


def test_a_graph_that_is_none_of_ours_is_refused():
    import tensorflow as tf

    spec = tf.TensorSpec((1, 4, 4, 3), tf.float32)
    function = tf.function(lambda x: tf.nn.relu(x), input_signature=[spec])
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()])
    with pytest.raises(ValueError, match="names 0 stages"):
        embedding.add(converter.convert())

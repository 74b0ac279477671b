import pytest

from squeezetime.packaging import pack, unpack, write_whole

FLATBUFFER = b"\x1c\0\0\0TFL3" + bytes(100)


def test_labels_and_manifest_come_back(tmp_path):
    path = tmp_path / "model.tflite"
    write_whole(path, pack(FLATBUFFER, ("still", "wave"), {"format": 1, "mean": [128, 128, 128]}))
    assert unpack(path) == (["still", "wave"], {"format": 1, "mean": [128, 128, 128]})
    assert path.read_bytes().startswith(FLATBUFFER)  # the runtime reads from the front
    assert [p.name for p in tmp_path.iterdir()] == ["model.tflite"]


def test_same_model_same_bytes():
    assert pack(FLATBUFFER, ("a",), {"n": 1}) == pack(FLATBUFFER, ("a",), {"n": 1})


def test_a_bare_flatbuffer_is_refused_by_name(tmp_path):
    path = tmp_path / "bare.tflite"
    path.write_bytes(FLATBUFFER)
    with pytest.raises(ValueError, match=r"bare\.tflite: no labels\.txt and edged\.json"):
        unpack(path)

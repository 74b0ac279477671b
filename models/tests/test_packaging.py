import subprocess
import sys

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


FULL_DISK = """
import pathlib, resource, sys
from squeezetime.packaging import write_whole
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
write_whole(pathlib.Path(sys.argv[1]), bytes(100_000))
"""


@pytest.mark.parametrize("before", [b"the old model", None])
def test_a_full_disk_leaves_what_was_there(tmp_path, before):
    path = tmp_path / "model.tflite"
    if before is not None:
        path.write_bytes(before)
    done = subprocess.run([sys.executable, "-c", FULL_DISK, path], capture_output=True, text=True)
    assert done.returncode == 1 and "model.tflite: not written" in done.stderr
    assert [p.read_bytes() for p in tmp_path.iterdir()] == ([before] if before else [])


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(OSError, match=r"absent/model\.tflite"):
        write_whole(tmp_path / "absent" / "model.tflite", b"")

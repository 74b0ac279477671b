import io
import json
import random
import re
import subprocess
import sys
import zipfile

import pytest

from paths import STARTER
from squeezetime.packaging import pack, unpack, write_whole

FLATBUFFER = b"\x1c\0\0\0TFL3" + bytes(100)
MANIFEST = unpack(STARTER)[1]
TAILS = json.loads((STARTER.parent / "testdata/tails.json").read_text())


def zipped(*entries):
    packed = io.BytesIO(FLATBUFFER)
    packed.seek(0, io.SEEK_END)
    with zipfile.ZipFile(packed, "a") as archive:
        for name, text in entries:
            archive.writestr(name, text)
    return packed.getvalue()


@pytest.mark.parametrize("case", TAILS, ids=lambda case: case["what"])
def test_what_edged_takes_is_taken_and_nothing_else(tmp_path, case):
    """As the Go reader, models_test.go."""
    described = MANIFEST | case.get("set", {})
    described = {k: v for k, v in described.items() if k not in case.get("without", ())}
    labels = case.get("labels", "still\nmove\n")
    path = tmp_path / "x.tflite"
    path.write_bytes(zipped(("labels.txt", labels), ("edged.json", json.dumps(described))))
    if case.get("good"):
        lines = labels.removeprefix("\ufeff").replace("\r\n", "\n").removesuffix("\n")
        assert unpack(path) == (lines.split("\n"), described)
    else:
        with pytest.raises(ValueError, match=r"x\.tflite: (labels\.txt|edged\.json): "):
            unpack(path)


@pytest.mark.parametrize("label", ["state", "a/b", "a+", "#", "x" * 65])
def test_a_label_that_is_no_level_of_a_topic(tmp_path, label):
    path = tmp_path / "x.tflite"
    path.write_bytes(pack(FLATBUFFER, ("still", label), MANIFEST))
    with pytest.raises(ValueError, match=rf"x\.tflite: labels\.txt: '{re.escape(label)}'"):
        unpack(path)


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        (
            [("labels.txt", "a"), ("labels.txt", "b"), ("edged.json", "{}")],
            "labels.txt occurs tw",
        ),
        ([("labels.txt", "a\n" * (1 << 20)), ("edged.json", "{}")], "more than 1024 kB"),
        ([("labels.txt", "a"), ("edged.json", " " * (65 << 10))], "more than 64 kB"),
        ([("labels.txt", "a"), ("edged.json", '{"mean": [NaN]}')], "NaN is not JSON"),
        ([("labels.txt", b"stra\xdfe"), ("edged.json", "{}")], "utf-8"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_tail_that_edged_does_not_read(tmp_path, entries, says):
    path = tmp_path / "x.tflite"
    path.write_bytes(zipped(*entries))
    with pytest.raises(ValueError, match=rf"x\.tflite: .*{says}"):
        unpack(path)


def test_labels_and_manifest_come_back(tmp_path):
    path = tmp_path / "model.tflite"
    write_whole(path, pack(FLATBUFFER, ("still", "wave"), MANIFEST))
    assert unpack(path) == (["still", "wave"], MANIFEST)
    assert path.read_bytes().startswith(FLATBUFFER)  # the runtime reads from the front
    assert [p.name for p in tmp_path.iterdir()] == ["model.tflite"]


def test_same_model_same_bytes():
    assert pack(FLATBUFFER, ("a",), {"n": 1}) == pack(FLATBUFFER, ("a",), {"n": 1})


def test_a_bare_flatbuffer_is_refused_by_name(tmp_path):
    path = tmp_path / "bare.tflite"
    path.write_bytes(FLATBUFFER)
    with pytest.raises(ValueError, match=r"bare\.tflite: needs labels\.txt and edged\.json"):
        unpack(path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"frames": None}, "frames is None"),
        ({"height": 0, "frame_rate": 0}, "frame_rate is 0; height is 0"),
        ({"depth": 1}, "unknown key 'depth'"),
        ({"background": "b"}, "background is 'b', which is not a label"),
        ({"std": [1, 1e-38, 1]}, "mean 128 with std 1e-38 makes inputs beyond float32"),
        ({"frames": 16.0}, "frames is 16.0"),
        ({"mean": [1, 2]}, r"mean is \[1, 2\]"),
        ({"std": [1, 0, 1]}, r"std is \[1, 0, 1\]"),
        ({"channel_order": "thwc"}, "channel_order is 'thwc'"),
    ],
)
def test_a_manifest_that_edged_would_refuse_is_refused(tmp_path, change, says):
    path = tmp_path / "x.tflite"
    path.write_bytes(pack(FLATBUFFER, ("a",), MANIFEST | {"background": ""} | change))
    with pytest.raises(ValueError, match=rf"x\.tflite: edged\.json: {says}"):
        unpack(path)
    for key in MANIFEST.keys() - {"license", "training_data", "accuracy", "embedding"}:
        path.write_bytes(pack(FLATBUFFER, ("a",), {k: v for k, v in MANIFEST.items() if k != key}))
        with pytest.raises(ValueError, match=f"{key} is missing"):
            unpack(path)


def test_whatever_is_damaged_is_an_error_that_names_the_file(tmp_path):
    path, whole, rng = tmp_path / "x.tflite", STARTER.read_bytes(), random.Random(0)
    tail = len(whole) - zipfile.ZipFile(STARTER).infolist()[0].header_offset
    refused = 0
    for n in range(2000):
        content = bytearray(whole[-tail:])
        if n % 4 == 0:
            del content[rng.randrange(tail) :]
        else:
            content[rng.randrange(tail)] ^= 1 << rng.randrange(8)
        path.write_bytes(FLATBUFFER + content)
        try:
            unpack(path)
        except ValueError as error:
            assert str(path) in str(error)
            refused += 1
    assert refused > 1000


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


def test_an_interrupt_leaves_what_was_there(tmp_path):
    def content():
        yield b"half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "model.tflite", content())
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(OSError, match=r"absent/model\.tflite"):
        write_whole(tmp_path / "absent" / "model.tflite", b"")

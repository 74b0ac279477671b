"""A model as one file: labels.txt and edged.json zipped onto the end of the .tflite."""

import io
import json
import os
import zipfile
from collections.abc import Iterable
from pathlib import Path

from . import manifest

LABELS_NAME, MANIFEST_NAME = "labels.txt", "edged.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same bytes for the same model


def pack(flatbuffer: bytes, labels: tuple[str, ...], described: dict) -> bytes:
    """The flatbuffer with its labels and manifest appended; TFLite ignores what follows it."""
    packed = io.BytesIO(flatbuffer)
    packed.seek(0, io.SEEK_END)
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (
            (LABELS_NAME, "".join(f"{label}\n" for label in labels)),
            (MANIFEST_NAME, json.dumps(described, indent=1) + "\n"),
        ):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), text, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def unpack(path: Path) -> tuple[list[str], dict]:
    """Labels and manifest of a model file. Raises ValueError where edged would take neither."""
    content = io.BytesIO(path.read_bytes())
    try:
        with zipfile.ZipFile(content) as archive:
            labels = archive.read(LABELS_NAME).decode().splitlines()
            described = json.loads(archive.read(MANIFEST_NAME))
    except Exception as error:  # of many kinds: zlib's, zipfile's, the decoders'
        raise ValueError(
            f"{path}: no {LABELS_NAME} and {MANIFEST_NAME} zipped onto it, or incomplete: {error}"
        ) from error
    if wrong := manifest.problems(described):
        raise ValueError(f"{path}: {MANIFEST_NAME}: {'; '.join(wrong)}")
    return labels, described


def write_whole(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Writes beside and renames: a full disk leaves no half model."""
    beside = path.with_name(path.name + ".part")
    try:
        with open(beside, "wb") as file:
            file.writelines([content] if isinstance(content, bytes) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise OSError(f"{path}: not written, and left as it was: {error.strerror}") from error

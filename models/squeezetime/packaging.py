"""A model as one file: labels.txt and edged.json zipped onto the end of the .tflite."""

import fcntl
import io
import json
import os
import zipfile
from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path

from . import manifest
from .labels import problems as label_problems

LABELS_NAME, MANIFEST_NAME = "labels.txt", "edged.json"
MAX_LABELS_BYTES, MAX_MANIFEST_BYTES = 1 << 20, 64 << 10  # as edged's models/tail.go
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
    content = path.read_bytes()
    if content[4:8] != b"TFL3":
        raise ValueError(f"{path}: is not a TFLite model")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            labels = _entry(archive, LABELS_NAME, MAX_LABELS_BYTES).removesuffix("\n").split("\n")
            described = json.loads(
                _entry(archive, MANIFEST_NAME, MAX_MANIFEST_BYTES), parse_constant=_no_json
            )
    except Exception as error:  # of many kinds: zlib's, zipfile's, the decoders'
        raise ValueError(
            f"{path}: needs {LABELS_NAME} and {MANIFEST_NAME}, whole, zipped onto its end: {error}"
        ) from error
    for name, wrong in (
        (LABELS_NAME, label_problems(labels)),
        (MANIFEST_NAME, manifest.problems(described, labels)),
    ):
        if wrong:
            raise ValueError(f"{path}: {name}: {'; '.join(wrong)}")
    return labels, described


def _entry(archive: zipfile.ZipFile, name: str, most: int) -> str:
    found = [entry for entry in archive.infolist() if entry.filename == name]
    if len(found) > 1:
        raise ValueError(f"{name} occurs twice")
    with archive.open(name) as file:
        content = file.read(most + 1)  # what the directory claims as the size need not be true
    if len(content) > most:
        raise ValueError(f"{name} has more than {most >> 10} kB")
    return _text(content)


def _text(content: bytes) -> str:
    """Without a byte order mark and with LF as its line end, as edged's internal/plaintext."""
    utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = content.decode("utf-16" if utf16 else "utf-8-sig")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _no_json(constant: str):
    raise ValueError(f"{constant} is not JSON")


@contextmanager
def alone_in(folder: Path):
    """No other process that asks for it works in the folder meanwhile. ValueError if one does."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(f"{folder}: another process writes into it; wait for it") from None
        yield
    finally:
        os.close(opened)


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
        raise OSError(f"{path}: not written, and left as it was: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)  # where it was not renamed: a full disk, an interrupt

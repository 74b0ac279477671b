"""A network's weights as a .weights.h5."""

import io
from pathlib import Path

from .packaging import write_whole


class _Memory(io.BytesIO):
    def __str__(self) -> str:  # Keras looks at a name's end, also where it is given no name
        return "memory.weights.h5"


def content_of(model) -> io.BytesIO:
    """Made in memory: on to a full disk h5py crashes, where an error should be."""
    content = _Memory()
    model.save_weights(content)
    return content


def save(model, path: Path) -> None:
    """Beside, then renamed; an OSError names the path."""
    write_whole(path, content_of(model).getvalue())

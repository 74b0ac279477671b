"""Arrays in files, .npy, that numpy maps into memory."""

import io

import numpy as np


def head(shape: tuple[int, ...], kind=np.uint8) -> bytes:
    """What a .npy of this shape and type begins with; the values follow."""
    content = io.BytesIO()
    about = {"descr": np.dtype(kind).str, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(content, about)
    return content.getvalue()

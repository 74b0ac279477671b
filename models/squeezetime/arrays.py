"""Arrays of bytes in files, .npy, that numpy maps into memory."""

import io

import numpy as np


def head(shape: tuple[int, ...]) -> bytes:
    """What a .npy of this shape, uint8, begins with; the values follow."""
    content = io.BytesIO()
    about = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(content, about)
    return content.getvalue()

"""render.c from Python: compiled once, when it is first needed, and checked before it is used."""

import ctypes
import hashlib
import os
import shutil
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

import numpy as np

SOURCE = Path(__file__).parent / "render.c"
FLAGS = ("-O3", "-march=native", "-fno-math-errno", "-shared", "-fPIC")
FAR = np.float32(1e9)  # the depth where nothing is


@lru_cache
def _library() -> ctypes.CDLL:
    built = _build(SOURCE, _cache_folder())
    library = ctypes.CDLL(str(built))
    pointer, integer, real = ctypes.c_void_p, ctypes.c_int, ctypes.c_float
    p, i = pointer, integer
    library.fill.argtypes = [p, p, i, p, i, i, p, p]
    library.skin.argtypes = [p, p, p, p, i, p]
    library.project.argtypes = [p, i, p, p]
    library.body.argtypes = [p, i, p, i, p, p, p, real, i, i, p, p, p]
    library.shadow.argtypes = [p, i, p, i, p, p, i, i, p, p]
    for name in ("fill", "skin", "project", "body", "shadow"):
        getattr(library, name).restype = None
    return library


def _cache_folder() -> Path:
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("EDGED_CACHE") or Path(caches) / "edged") / "squeezetime"


def _build(source: Path, folder: Path) -> Path:
    """The shared library of this source, compiled beside and renamed; reused where it is there.

    Its name holds the source's and the processor's digest: another machine builds its own.
    """
    compiler = shutil.which(os.environ.get("CC", "gcc")) or shutil.which("cc")
    key = hashlib.sha256(source.read_bytes() + _processor() + " ".join(FLAGS).encode())
    built = folder / f"render-{key.hexdigest()[:16]}.so"
    if built.exists():
        return built
    if compiler is None:
        raise OSError("drawing people needs a C compiler: install gcc, or set CC")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as beside:
        made = Path(beside) / built.name
        command = [compiler, *FLAGS, str(source), "-o", str(made), "-lm"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise OSError(f"{source.name}: {compiler} failed: {done.stderr.strip()[-500:]}")
        os.replace(made, built)
    return built


def _processor() -> bytes:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return b""
    return next((line for line in lines if line.startswith(("flags", "Features"))), "").encode()


def _at(array: np.ndarray, kind, shape: tuple) -> ctypes.c_void_p:
    """The array's address, once its type and shape are what the C code expects."""
    matches = len(shape) == array.ndim and all(
        want in (-1, have) for want, have in zip(shape, array.shape, strict=True)
    )
    if array.dtype != kind or not array.flags.c_contiguous or not matches:
        raise TypeError(f"{array.dtype} {array.shape}; expected contiguous {kind.__name__} {shape}")
    return array.ctypes.data_as(ctypes.c_void_p)


class Canvas:
    """A picture [H,W,3] and its depth [H,W]; what is drawn into it hides what is behind."""

    def __init__(self, picture: np.ndarray, depth: np.ndarray | None = None):
        self.picture = np.ascontiguousarray(picture, np.uint8)
        height, width = self.picture.shape[:2]
        self.depth = np.full((height, width), FAR) if depth is None else depth

    def copy(self) -> "Canvas":
        return Canvas(self.picture.copy(), self.depth.copy())

    def triangles(self, vertices, triangles, colours, camera) -> None:
        """vertices [V,3] in the world; colours [V,3], shaded already."""
        height, width = self.depth.shape
        _check_indices(triangles, len(vertices))
        _library().fill(
            _at(project(vertices, camera), np.float32, (len(vertices), 3)),
            _at(triangles, np.int32, (-1, 3)),
            len(triangles),
            _at(colours, np.float32, (len(vertices), 3)),
            width,
            height,
            _at(self.depth, np.float32, (height, width)),
            _at(self.picture, np.uint8, (height, width, 3)),
        )

    def body(self, vertices, triangles, colours, camera, light, ambient: float) -> None:
        height, width = self.depth.shape
        count = len(vertices)
        scratch = np.empty(9 * count, np.float32)
        _library().body(
            _at(vertices, np.float32, (count, 3)),
            count,
            _at(triangles, np.int32, (-1, 3)),
            len(triangles),
            _at(colours, np.float32, (count, 3)),
            _at(camera, np.float32, (16,)),
            _at(light, np.float32, (3,)),
            ambient,
            width,
            height,
            _at(self.depth, np.float32, (height, width)),
            _at(self.picture, np.uint8, (height, width, 3)),
            _at(scratch, np.float32, (-1,)),
        )


def shadow(mask: np.ndarray, vertices, triangles, camera, light) -> None:
    """Sets mask [H,W] where the body's shadow falls on the floor; the light comes from above."""
    height, width = mask.shape
    count = len(vertices)
    scratch = np.empty(6 * count, np.float32)
    _library().shadow(
        _at(vertices, np.float32, (count, 3)),
        count,
        _at(triangles, np.int32, (-1, 3)),
        len(triangles),
        _at(camera, np.float32, (16,)),
        _at(light, np.float32, (3,)),
        width,
        height,
        _at(mask, np.uint8, (height, width)),
        _at(scratch, np.float32, (-1,)),
    )


def project(vertices: np.ndarray, camera: np.ndarray) -> np.ndarray:
    """Places in the world [V,3] -> pixels and depth [V,3]."""
    vertices = np.ascontiguousarray(vertices, np.float32)
    points = np.empty_like(vertices)
    _library().project(
        _at(vertices, np.float32, (-1, 3)),
        len(vertices),
        _at(camera, np.float32, (16,)),
        _at(points, np.float32, (-1, 3)),
    )
    return points


def skin(vertices, bones, weights, matrices) -> np.ndarray:
    """Vertices [V,3] moved by matrices [17,3,4]: each follows up to three bones."""
    count = len(vertices)
    skinned = np.empty_like(vertices)
    _check_indices(bones, 17)
    _library().skin(
        _at(vertices, np.float32, (count, 3)),
        _at(bones, np.int32, (count, 3)),
        _at(weights, np.float32, (count, 3)),
        _at(matrices, np.float32, (17, 3, 4)),
        count,
        _at(skinned, np.float32, (count, 3)),
    )
    return skinned


def _check_indices(indices: np.ndarray, count: int) -> None:
    if len(indices) and not 0 <= indices.min() <= indices.max() < count:
        raise ValueError(f"an index is outside 0 to {count - 1}")

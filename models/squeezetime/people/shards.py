"""Drawn clips on the disk, in shards: small enough to be made, read and deleted one at a time.

A shard is NAME.npy, the clips, uint8 [N,H,W,T*3], and NAME.npz, what is known of each. Clips 2k and
2k+1 are two views of one motion. NAME.npz is written last: a shard that has it is whole.
"""

import io
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from ..arrays import head
from ..packaging import write_whole

KEYS = ("labels", "poses", "motions", "views")


@dataclass
class Shard:
    """labels [N] (-1: none), poses [N,270] in metres, motions [N]: the motions' names.

    views [N,2]: the camera's elevation in degrees, and how much of the picture's height the person
    fills. who [N]: BODY/SKIN of the person, "" for nobody; [0] in old shards, which do not say it.
    """

    clips: np.ndarray
    labels: np.ndarray
    poses: np.ndarray
    motions: np.ndarray
    views: np.ndarray
    who: np.ndarray = field(default_factory=lambda: np.array([], "U1"))


def write(path: Path, shard: Shard) -> None:
    """path is that of the .npy. An OSError names the file: a full disk, for example."""
    beside = io.BytesIO()
    known = {key: value for key, value in vars(shard).items() if key != "clips"}
    np.savez(beside, **known)
    write_whole(path, [head(shard.clips.shape, shard.clips.dtype), *map(_bytes, shard.clips)])
    write_whole(path.with_suffix(".npz"), beside.getvalue())


def _bytes(clip: np.ndarray) -> bytes:
    return np.ascontiguousarray(clip).tobytes()


def whole(folder: Path) -> list[Path]:
    """The .npy of each shard that is whole, in the order of their names."""
    return sorted(
        p.with_suffix(".npy") for p in folder.glob("*.npz") if p.with_suffix(".npy").exists()
    )


def read(path: Path) -> Shard:
    """Maps the clips; ValueError names a file that is damaged."""
    try:
        clips = np.load(path, mmap_mode="r")
        with np.load(path.with_suffix(".npz")) as known:
            keys = (*KEYS, *(key for key in ("who",) if key in known))
            shard = Shard(clips, **{key: known[key] for key in keys})
    except (ValueError, OSError, KeyError, EOFError, BadZipFile) as error:
        raise ValueError(
            f"{path} or the .npz beside it is damaged: {error}; remove both and draw them anew"
        ) from error
    if len(shard.labels) != len(clips):
        raise ValueError(f"{path}: {len(clips)} clips, {len(shard.labels)} labels; remove it")
    return shard

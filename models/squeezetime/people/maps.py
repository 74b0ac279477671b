"""The maps that the frozen first stages make of the clips: computed once, kept on the disk.

Training the upper stages alone on maps is much faster than training the whole network on clips.
Each clip has a few variants (mirrored, cropped, in other light), since a map cannot be varied.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import keras
import numpy as np
import torch

from ..starter.loop import to_input
from . import shards

VARIANTS = 2  # of each clip
PART = 32  # clips at a time

Vary = Callable[[np.random.Generator, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


class Maps:
    """The folder's maps, by shard and variant. They belong to the weights of the frozen stages."""

    def __init__(self, folder: Path, lower: keras.Model):
        self.lower = lower
        weights = b"".join(np.ascontiguousarray(w).tobytes() for w in lower.get_weights())
        self.folder = folder / f"maps-{hashlib.sha256(weights).hexdigest()[:12]}"

    def made(self, clips: np.ndarray) -> np.ndarray:
        """Clips uint8 [N,S,S,48] -> maps float16 [N,H,W,C]."""
        with torch.no_grad():
            parts = [
                self.lower(to_input(clips[i : i + PART]), training=False).numpy()
                for i in range(0, len(clips), PART)
            ]
        return np.concatenate(parts).astype(np.float16)

    def plain(self, path: Path) -> shards.Shard:
        """The maps of a shard's clips as they were drawn; path is that of the clips."""
        return self._shard(path, "plain", lambda _, clip, pose: (clip, pose))

    def varied(self, path: Path, variant: int, vary: Vary) -> shards.Shard:
        """The maps of another look of each clip: the same for the same variant."""
        return self._shard(path, str(variant), vary)

    def there(self, path: Path) -> list[shards.Shard]:
        """All that have been made of a shard so far."""
        names = ("plain", *map(str, range(VARIANTS)))
        made = [self._file(path, name) for name in names]
        return [shards.read(file) for file in made if file.with_suffix(".npz").exists()]

    def _file(self, path: Path, name: str) -> Path:
        return self.folder / f"{path.parent.name}-{path.stem}-{name}.npy"

    def _shard(self, path: Path, name: str, vary: Vary) -> shards.Shard:
        file = self._file(path, name)
        if not file.with_suffix(".npz").exists():
            self.folder.mkdir(exist_ok=True)
            shards.write(file, self._make(shards.read(path), crc32(file.name.encode()), vary))
        return shards.read(file)

    def _make(self, shard: shards.Shard, seed: int, vary: Vary) -> shards.Shard:
        rng, maps, poses = np.random.default_rng(seed), [], []
        for start in range(0, len(shard.labels), PART):
            looks = [
                vary(rng, clip, pose.astype(np.float32))
                for clip, pose in zip(
                    shard.clips[start : start + PART],
                    shard.poses[start : start + PART],
                    strict=True,
                )
            ]
            maps.append(self.made(np.stack([clip for clip, _ in looks])))
            poses += [pose for _, pose in looks]
        made = np.concatenate(maps), shard.labels, np.stack(poses).astype(np.float16)
        return shards.Shard(*made, shard.motions, shard.views)

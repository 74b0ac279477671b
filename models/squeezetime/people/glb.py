"""Motions in binary glTF 2.0 files (.glb): nodes, and animations of them."""

import json
import struct
from pathlib import Path

import numpy as np

from .captured import matrices

_TYPES = {
    5120: np.int8,
    5121: np.uint8,
    5122: np.int16,
    5123: np.uint16,
    5125: np.uint32,
    5126: np.float32,
}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_PARTS = {"translation": 3, "rotation": 4, "scale": 3}


class File:
    """nodes: the file's; order: parents before their children; animations by name."""

    def __init__(self, path: Path):
        content = path.read_bytes()
        if content[:4] != b"glTF" or len(content) < 20:
            raise ValueError("no binary glTF")
        (length,) = struct.unpack("<I", content[12:16])
        try:
            self.about = json.loads(content[20 : 20 + length])
        except (ValueError, RecursionError) as error:
            raise ValueError(f"its JSON is damaged: {error}") from error
        self.binary = content[28 + length :]
        self.nodes = self.about.get("nodes", [])
        self.parents = {
            child: i for i, node in enumerate(self.nodes) for child in node.get("children", [])
        }
        self.order = self._parents_first()
        self.animations = {
            a.get("name", f"animation {i}"): a
            for i, a in enumerate(self.about.get("animations", []))
        }

    def _parents_first(self) -> list[int]:
        order, left = [], list(range(len(self.nodes)))
        while left:
            ready = [i for i in left if self.parents.get(i) not in left]
            if not ready:
                raise ValueError("its nodes are their own ancestors")
            order += ready
            left = [i for i in left if i not in ready]
        return order

    def names(self) -> dict[str, int]:
        """The nodes by name: of several of one name the one with an animated skin's joints."""
        joints = {j for skin in self.about.get("skins", []) for j in skin["joints"]}
        named = {node.get("name", ""): i for i, node in enumerate(self.nodes)}
        return named | {self.nodes[i].get("name", ""): i for i in sorted(joints)}

    def seconds(self, animation: str) -> float:
        samplers = self.animations[animation]["samplers"]
        return max(float(self._values(s["input"])[-1, 0]) for s in samplers)

    def pose(self, animation: str | None, times: np.ndarray) -> np.ndarray:
        """Every node's place in the world, [K,N,4,4]."""
        local = {
            "translation": np.zeros((len(times), len(self.nodes), 3)),
            "rotation": np.tile([0.0, 0, 0, 1], (len(times), len(self.nodes), 1)),
            "scale": np.ones((len(times), len(self.nodes), 3)),
        }
        for i, node in enumerate(self.nodes):
            for part, values in local.items():
                if part in node:
                    values[:, i] = node[part]
        if animation is not None:
            self._animate(self.animations[animation], times, local)
        return self._in_the_world(local)

    def _animate(self, animation: dict, times: np.ndarray, local: dict) -> None:
        for channel in animation["channels"]:
            part, node = channel["target"]["path"], channel["target"].get("node")
            if part not in _PARTS or node is None:
                continue
            sampler = animation["samplers"][channel["sampler"]]
            known = self._values(sampler["input"])[:, 0]
            values = self._values(sampler["output"]).astype(float)
            if sampler.get("interpolation") == "CUBICSPLINE":  # between its tangents
                values = values.reshape(len(known), 3, -1)[:, 1]
            local[part][:, node] = _between(times, known, values, part == "rotation")

    def _in_the_world(self, local: dict) -> np.ndarray:
        own = np.zeros((*local["scale"].shape[:2], 4, 4))
        own[..., :3, :3] = matrices(local["rotation"]) * local["scale"][..., None, :]
        own[..., :3, 3], own[..., 3, 3] = local["translation"], 1
        for i, node in enumerate(self.nodes):
            if "matrix" in node:  # in place of the three parts; such a node is not animated
                own[:, i] = np.reshape(node["matrix"], (4, 4)).T
        world = np.empty_like(own)
        for i in self.order:
            parent = self.parents.get(i)
            world[:, i] = own[:, i] if parent is None else world[:, parent] @ own[:, i]
        return world

    def _values(self, index: int) -> np.ndarray:
        accessor = self.about["accessors"][index]
        view = self.about["bufferViews"][accessor["bufferView"]]
        kind, width = np.dtype(_TYPES[accessor["componentType"]]), _WIDTHS[accessor["type"]]
        start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        stride, count = view.get("byteStride") or kind.itemsize * width, accessor["count"]
        end = start + stride * (count - 1) + kind.itemsize * width
        if min(start, stride - 1, count - 1) < 0 or end > len(self.binary):
            raise ValueError("its data is cut off")
        rows = np.lib.stride_tricks.as_strided(
            np.frombuffer(self.binary, np.uint8, offset=start),
            (count, kind.itemsize * width),
            (stride, 1),
        )
        values = rows.copy().view(kind).astype(np.float64)
        if accessor.get("normalized") and kind.kind in "iu":
            values /= np.iinfo(kind).max
        return values


def _between(times, known, values, turns: bool) -> np.ndarray:
    last = len(known) - 1
    left = np.clip(np.searchsorted(known, times, "right") - 1, 0, max(last - 1, 0))
    right = np.minimum(left + 1, last)
    width = np.where(known[right] > known[left], known[right] - known[left], 1)
    share = np.clip((times - known[left]) / width, 0, 1)[:, None]
    a, b = values[left], values[right]
    if turns:
        b = np.where((a * b).sum(1, keepdims=True) < 0, -b, b)
    return a * (1 - share) + b * share

"""Motions in Acclaim's files, as CMU publishes its own: skeletons (.asf) and motions (.amc)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .bvh import Take, numbers
from .skeleton import about_x, about_y, about_z

INTERVAL = 1 / 120  # seconds from frame to frame: CMU's; the files do not say it
_ABOUT = {"x": about_x, "y": about_y, "z": about_z}


@dataclass
class Bone:
    """shift [3]: from its beginning to its end, in the world, at rest; axes [3,3] of its angles."""

    name: str
    parent: int
    shift: np.ndarray
    axes: np.ndarray
    degrees_of_freedom: list[str]


def read(path: Path) -> Take:
    """The motion, on the skeleton beside it: NN.asf for NN_TT.amc, or else the folder's only one.

    A bone stands for the joint that it begins at; the root is called Hips, as in BVH files.
    ValueError says what is wrong.
    """
    skeleton = _skeleton_of(path)
    try:
        bones = _bones(skeleton)
    except (ValueError, LookupError) as error:
        raise ValueError(f"{skeleton.name}: {error}") from error
    frames = list(_frames(path, {bone.name: bone for bone in bones}))
    if len(frames) < 2:
        raise ValueError(f"{len(frames)} frames: no motion, or no .amc")
    values = {bone.name: np.array([frame[bone.name] for frame in frames]) for bone in bones}
    turns, places, rest = _posed(bones, values, len(frames))
    return Take(["Hips", *(bone.name for bone in bones[1:])], rest, turns, places, INTERVAL)


def _skeleton_of(path: Path) -> Path:
    there = [p for p in path.parent.iterdir() if p.suffix.lower() == ".asf"]
    subject, _, trial = path.stem.partition("_")
    if subject.isdigit() and trial:
        there = [p for p in there if p.stem == subject]
    if len(there) != 1:
        raise ValueError(f"{len(there)} .asf files beside it that could be its skeleton; needs one")
    return there[0]


def _bones(path: Path) -> list[Bone]:
    """The root first, and each bone after its parent."""
    sections = _sections(path)
    if not {"root", "bonedata", "hierarchy"} <= set(sections):
        raise ValueError("no skeleton: root, bonedata or hierarchy is missing")
    if ["angle", "rad"] in sections.get("units", []):
        raise ValueError("its angles are radians; only degrees are read")
    root = {words[0]: words[1:] for words in sections["root"]}
    if root.get("axis", ["XYZ"]) != ["XYZ"] or any(map(float, root.get("orientation", []))):
        raise ValueError("its root is turned, or turns about its axes in another order than XYZ")
    order = [word.lower() for word in root.get("order", [])]
    bones = [Bone("root", -1, np.zeros(3), np.eye(3), order)]
    drawn = {bone.name: bone for bone in map(_bone, _blocks(sections["bonedata"]))}
    at = {"root": 0}
    for parent, *children in sections["hierarchy"]:
        if parent in ("begin", "end"):
            continue
        for name in children:
            if parent not in at or name not in drawn or name in at:
                raise ValueError(f"hierarchy: {parent} {name} does not fit")
            at[name] = len(bones)
            drawn[name].parent = at[parent]
            bones.append(drawn[name])
    return bones


def _sections(path: Path) -> dict[str, list[list[str]]]:
    """The lines' words, by the section that they stand in."""
    found: dict[str, list[list[str]]] = {}
    current: list[list[str]] = []
    for line in path.read_text(errors="replace").splitlines():
        words = line.split()
        if line.startswith(":"):
            current = found.setdefault(line[1:].strip().lower().partition(" ")[0], [])
        elif words and not line.startswith("#"):
            current.append(words)
    return found


def _blocks(lines: list[list[str]]) -> Iterator[dict[str, list[str]]]:
    block: dict[str, list[str]] = {}
    for word, *rest in lines:
        if word == "begin":
            block = {}
        elif word == "end":
            yield block
        else:
            block.setdefault(word.lower(), rest)


def _bone(block: dict[str, list[str]]) -> Bone:
    if not {"name", "direction", "length", "axis"} <= set(block):
        raise ValueError(f"bone {' '.join(block.get('name', ['?']))}: not all of it is there")
    direction, length = numbers(block["direction"], 3), numbers(block["length"], 1)
    angles = numbers(block["axis"][:3], 3)
    order = (block["axis"][3:] or ["XYZ"])[0].lower()
    axes = np.eye(3)
    for letter, angle in zip(order, angles, strict=True):
        axes = _ABOUT[letter](np.radians(angle)) @ axes
    free = [word.lower() for word in block.get("dof", [])]
    if not {*free} <= {"rx", "ry", "rz"} or sorted(order) != ["x", "y", "z"]:
        raise ValueError(f"bone {block['name'][0]}: dof {' '.join(free)}, axis {order}: not read")
    return Bone(block["name"][0], -1, direction * length, axes, free)


def _frames(path: Path, bones: dict[str, Bone]) -> Iterator[dict[str, np.ndarray]]:
    """The numbers of each bone; 0 for those that a frame does not name."""
    still = {name: np.zeros(len(bone.degrees_of_freedom)) for name, bone in bones.items()}
    frames: list[dict[str, np.ndarray]] = []
    for line in path.read_text(errors="replace").splitlines():
        words = line.split()
        if line.strip().upper() == ":RADIANS":
            raise ValueError("its angles are radians; only degrees are read")
        if not words or line[0] in "#:":
            continue
        if words[0].isdigit():
            frames.append({})
        elif frames and words[0] in bones:
            frames[-1][words[0]] = numbers(words[1:], len(bones[words[0]].degrees_of_freedom))
        else:
            raise ValueError(f"{' '.join(words)[:60]!r}: no bone of its skeleton")
    for number, frame in enumerate(frames, 1):
        if frame.keys() != frames[0].keys():
            raise ValueError(f"frame {number} of {len(frames)} names other bones: cut off?")
        yield still | frame


def _posed(bones: list[Bone], values: dict[str, np.ndarray], count: int):
    """turns [K,B,3,3] and places [K,B,3] of the bones' beginnings, and the places at rest [B,3]."""
    turns = np.empty((count, len(bones), 3, 3))
    places = np.zeros((count, len(bones), 3))
    rest = np.zeros((len(bones), 3))
    for i, bone in enumerate(bones):
        own = np.tile(np.eye(3), (count, 1, 1))
        for name, column in zip(bone.degrees_of_freedom, values[bone.name].T, strict=True):
            if name.startswith("r"):
                own = _ABOUT[name[1]](np.radians(column)) @ own
            elif bone.parent < 0:
                places[:, i, "xyz".index(name[1])] = column
        own = bone.axes @ own @ bone.axes.T
        if bone.parent < 0:
            turns[:, i] = own
            continue
        above = bones[bone.parent]
        turns[:, i] = turns[:, bone.parent] @ own
        shift = turns[:, bone.parent] @ above.shift
        places[:, i] = places[:, bone.parent] + shift
        rest[i] = rest[bone.parent] + above.shift
    return turns, places, rest

"""The user's own motions: a folder of .bvh, .amc and .glb files, put on our skeleton.

A file's or animation's name says what it is: LABEL.bvh, LABEL_anything.bvh, or a folder LABEL; the
names that captured.NAMES knows are understood, too. All others are `other`.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from . import amc, bvh, glb
from .captured import RATE, Capture, label_of
from .labels import LABELS
from .skeleton import JOINTS

SHORTEST, LONGEST = 0.25, 1800  # seconds
# What reading a damaged file raises: its numbers and lists are of any kind and size.
UNREADABLE = (ValueError, OSError, LookupError, TypeError, AttributeError, ArithmeticError)
# What the joints are called in the skeletons of CMU, Mesh2Motion, KayKit, Unreal and Mixamo.
NAMES = {
    "pelvis": ("Hips", "DEF-hips", "pelvis", "hips"),
    "spine": ("Spine", "DEF-spine.001", "spine_01", "spine", "lowerback"),
    "chest": (
        "Spine1",
        "DEF-spine.003",
        "spine_03",
        "chest",
        "Spine2",
        "thorax",
    ),
    "neck": ("Neck", "DEF-neck", "neck_01", "lowerneck"),
    "head": ("Head", "DEF-head", "head"),
}
for _side, _s in (("left", "L"), ("right", "R")):
    _low, _long = _s.lower(), _side.capitalize()
    NAMES |= {
        f"{_side}_arm": (
            f"{_long}Arm",
            f"DEF-upper_arm.{_s}",
            f"upperarm_{_low}",
            f"upperarm.{_low}",
            f"{_low}humerus",
        ),
        f"{_side}_forearm": (
            f"{_long}ForeArm",
            f"DEF-forearm.{_s}",
            f"lowerarm_{_low}",
            f"lowerarm.{_low}",
            f"{_low}radius",
        ),
        f"{_side}_hand": (
            f"{_long}Hand",
            f"DEF-hand.{_s}",
            f"hand_{_low}",
            f"hand.{_low}",
            f"{_low}hand",
        ),
        f"{_side}_thigh": (
            f"{_long}UpLeg",
            f"DEF-thigh.{_s}",
            f"thigh_{_low}",
            f"upperleg.{_low}",
            f"{_low}femur",
        ),
        f"{_side}_shin": (
            f"{_long}Leg",
            f"DEF-shin.{_s}",
            f"calf_{_low}",
            f"lowerleg.{_low}",
            f"{_low}tibia",
        ),
        f"{_side}_foot": (
            f"{_long}Foot",
            f"DEF-foot.{_s}",
            f"foot_{_low}",
            f"foot.{_low}",
            f"{_low}foot",
        ),
    }
_PREFIX = re.compile(r"^mixamorig\d*:")
LIMBS = [j for j, name in enumerate(JOINTS) if "_" in name and not name.endswith("foot")]
Z_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])  # turns the z axis up into the y axis
NEXT = {j: j + 1 for j in LIMBS if not JOINTS[j].endswith("hand")}


def read(folder: Path) -> tuple[Capture, ...]:
    """Every motion that can be read; what cannot is printed. ValueError where nothing can."""
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder")
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in READERS and p.is_file())
    if not files:
        raise ValueError(f"{folder}: no {' or '.join(READERS)} file in it")
    found, wrong = [], []
    for path in files:
        try:
            found += list(READERS[path.suffix.lower()](path))
        except UNREADABLE as error:
            wrong.append(f"{path}: left out: {error or type(error).__name__}")
            print(wrong[-1], flush=True)
    if not found:
        raise ValueError(f"{folder}: no motion in it that can be read; {wrong[0]}")
    return tuple(found)


def _bvh(path: Path) -> Iterator[Capture]:
    yield _captured(path, bvh.read(path))


def _amc(path: Path) -> Iterator[Capture]:
    yield _captured(path, amc.read(path))


def _captured(path: Path, take: bvh.Take) -> Capture:
    rest, turns, root = upright(take)
    _check_length(path.stem, (len(turns) - 1) * take.interval)
    frames = _frames(len(turns), take.interval)
    world = turns[frames] @ np.swapaxes(straightening(rest), 1, 2)
    return _capture(path, path.stem, world, root[frames] / _leg(rest))


def upright(take: bvh.Take) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """rest [17,3], turns [K,17,3,3] and the pelvis' places [K,3], with the y axis up.

    In some files it is the z axis: at rest the head is above the feet.
    """
    at = _joints({name: i for i, name in enumerate(take.names)})
    rest, turns, root = take.rest[at], take.turns[:, at], take.places[:, at[0]]
    feet = [JOINTS.index(f"{side}_foot") for side in ("left", "right")]
    tall = rest[JOINTS.index("head")] - rest[feet].mean(0)
    if abs(tall[2]) > 2 * abs(tall[1]):
        turn = Z_UP if tall[2] > 0 else Z_UP.T
        rest, turns, root = rest @ turn.T, turn @ turns @ turn.T, root @ turn.T
    return rest, turns, root


def _glb(path: Path) -> Iterator[Capture]:
    file = glb.File(path)
    at = _joints(file.names())
    still = file.pose(None, np.zeros(1))[0]
    rest = still[at, :3, 3]
    upright, unturned = straightening(rest), _turn(still[at])
    lengths = {name: file.seconds(name) for name in file.animations}
    if not any(seconds >= SHORTEST for seconds in lengths.values()):
        raise ValueError(f"it has no animation of {SHORTEST} s or more")
    for name, seconds in lengths.items():
        if seconds < SHORTEST:
            continue
        _check_length(name, seconds)
        posed = file.pose(name, np.arange(0, seconds + 1e-6, 1 / RATE))
        turns = _turn(posed[:, at]) @ np.swapaxes(unturned, 1, 2)
        root = posed[:, at[0], :3, 3] / _leg(rest)
        yield _capture(path, name, turns @ np.swapaxes(upright, 1, 2), root)


READERS = {".bvh": _bvh, ".amc": _amc, ".glb": _glb}


def _check_length(name: str, seconds: float) -> None:
    if not seconds <= LONGEST:
        raise ValueError(f"{name}: {seconds:g} seconds long; at most {LONGEST} can be read")


def _capture(path: Path, name: str, world: np.ndarray, root: np.ndarray) -> Capture:
    if len(world) < 2 or not (np.isfinite(world).all() and np.isfinite(root).all()):
        raise ValueError(f"{name}: fewer than two frames, or numbers that are none")
    return Capture(f"own:{path.stem}:{name}", _label(path, name), world, root)


def _label(path: Path, name: str) -> str:
    for word in (name, path.stem, path.parent.name):
        first = next((label for label in LABELS if word.lower().startswith(label)), None)
        if first:
            return first
    return label_of(f"own:{name}")


def _joints(names: dict[str, int]) -> list[int]:
    """The index of each of our joints in a skeleton with these names."""
    names = {_PREFIX.sub("", name): i for name, i in names.items()}
    found = {}
    for joint, known in NAMES.items():
        at = next((names[name] for name in known if name in names), None)
        if at is not None:
            found[joint] = at
    for joint, instead in (("spine", "pelvis"), ("neck", "head")):  # some skeletons have neither
        if joint not in found and instead in found:
            found[joint] = found[instead]
    missing = [joint for joint in JOINTS if joint not in found]
    if missing:
        some = ", ".join(list(names)[:6])
        raise ValueError(
            f"its skeleton has no {', '.join(missing)} that is known; it has {some}, …"
        )
    return [found[joint] for joint in JOINTS]


def straightening(rest: np.ndarray) -> np.ndarray:
    """Rotations [17,3,3] that turn each limb of the rest pose straight down."""
    turns = np.tile(np.eye(3), (17, 1, 1))
    for joint in LIMBS:
        begin, end = (joint, NEXT[joint]) if joint in NEXT else (joint - 1, joint)
        turns[joint] = _aligning(rest[end] - rest[begin], np.array([0, -1.0, 0]))
    return turns


def _aligning(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The smallest rotation that turns a to b."""
    length = np.linalg.norm(a)
    if length < 1e-9:
        raise ValueError("two joints of its skeleton are in one place")
    a = a / length
    x, y, z = np.cross(a, b)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + cross + cross @ cross / (1 + a @ b + 1e-9)


def _turn(places: np.ndarray) -> np.ndarray:
    """The rotations of places [...,4,4], without their scale."""
    turns = places[..., :3, :3]
    return turns / np.linalg.norm(turns, axis=-2, keepdims=True)


def _leg(rest: np.ndarray) -> float:
    thigh, foot = JOINTS.index("left_thigh"), JOINTS.index("left_foot")
    length = float(np.linalg.norm(rest[thigh] - rest[foot]))
    if length < 1e-6:
        raise ValueError("its legs have no length")
    return length


def _frames(count: int, interval: float) -> np.ndarray:
    """Which frames stand nearest to a grid of RATE a second."""
    at = np.round(np.arange(0, (count - 1) * interval + 1e-9, 1 / RATE) / interval)
    return np.clip(at.astype(int), 0, count - 1)

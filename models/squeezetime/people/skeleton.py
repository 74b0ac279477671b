"""The skeleton that every body and motion is put on: 17 joints, axes x left, y up, z ahead.

A motion is a rotation matrix for each joint and moment, [T,17,3,3], in the world ("world") or from
the parent's axes ("local"). The rest pose stands with the arms and legs straight down.
"""

import numpy as np

JOINTS = [
    "pelvis",
    "spine",
    "chest",
    "neck",
    "head",
    "left_arm",
    "left_forearm",
    "left_hand",
    "right_arm",
    "right_forearm",
    "right_hand",
    "left_thigh",
    "left_shin",
    "left_foot",
    "right_thigh",
    "right_shin",
    "right_foot",
]
PARENTS = (-1, 0, 1, 2, 3, 2, 5, 6, 2, 8, 9, 0, 11, 12, 0, 14, 15)
MIRRORED = (0, 1, 2, 3, 4, 8, 9, 10, 5, 6, 7, 14, 15, 16, 11, 12, 13)
PELVIS, SPINE, CHEST, NECK, HEAD = range(5)
LEFT_ARM, LEFT_FOREARM, LEFT_HAND, RIGHT_ARM, RIGHT_FOREARM, RIGHT_HAND = range(5, 11)
LEFT_THIGH, LEFT_SHIN, LEFT_FOOT, RIGHT_THIGH, RIGHT_SHIN, RIGHT_FOOT = range(11, 17)


def about_x(angle) -> np.ndarray:
    """[T] radians -> [T,3,3]."""
    cos, sin, one, zero = _parts(angle)
    return _matrices([[one, zero, zero], [zero, cos, -sin], [zero, sin, cos]])


def about_y(angle) -> np.ndarray:
    cos, sin, one, zero = _parts(angle)
    return _matrices([[cos, zero, sin], [zero, one, zero], [-sin, zero, cos]])


def about_z(angle) -> np.ndarray:
    cos, sin, one, zero = _parts(angle)
    return _matrices([[cos, -sin, zero], [sin, cos, zero], [zero, zero, one]])


def _parts(angle):
    angle = np.asarray(angle, np.float64)
    cos = np.cos(angle)
    return cos, np.sin(angle), np.ones_like(cos), np.zeros_like(cos)


def _matrices(rows) -> np.ndarray:
    return np.moveaxis(np.array(rows), (0, 1), (-2, -1))


def to_world(local: np.ndarray) -> np.ndarray:
    world = np.empty_like(local)
    for joint, parent in enumerate(PARENTS):
        own = local[:, joint]
        world[:, joint] = own if parent < 0 else world[:, parent] @ own
    return world


def to_local(world: np.ndarray) -> np.ndarray:
    local = world.copy()
    for joint, parent in enumerate(PARENTS):
        if parent >= 0:
            local[:, joint] = np.swapaxes(world[:, parent], 1, 2) @ world[:, joint]
    return local


def places(world: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Where the joints are, [T,17,3], from the pelvis; offsets [17,3]: from the parent, at rest."""
    at = np.zeros((*world.shape[:2], 3))
    for joint, parent in enumerate(PARENTS):
        if parent >= 0:
            at[:, joint] = at[:, parent] + world[:, parent] @ offsets[joint]
    return at


def mirror(world: np.ndarray, root: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same motion with left and right exchanged."""
    flip = np.diag([-1.0, 1, 1])
    return flip @ world[:, list(MIRRORED)] @ flip, root * (-1, 1, 1)

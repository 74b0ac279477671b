"""A person in a clip: a body, its clothes and its motion, put into the world."""

import numpy as np

from . import bodies, render
from .clothes import SKINS, paint
from .poses import Motion
from .skeleton import PARENTS, about_y

# Joints whose place the network learns: head, chest, pelvis, arms, legs; as feed.MIRRORED has them.
LEARNT = [4, 2, 0, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
LEARNT_FRAMES = [0, 3, 6, 9, 12, 15]
POSE = len(LEARNT_FRAMES) * len(LEARNT) * 3


class Actor:
    """vertices [T][V,3] and joints [T,17,3] in the world, metres; colours [V,3]."""

    def __init__(
        self, rng: np.random.Generator, motion: Motion, held_out: bool, at=(0.0, 0.0), turn=0.0
    ):
        choices, shares = bodies.of_split(held_out)
        self.body = choices[rng.choice(len(choices), p=shares)]
        self.size = rng.uniform(0.6, 0.85) if self.body.child else rng.uniform(0.85, 1.12)
        self.motion = motion
        self.triangles = self.body.triangles
        self._place(rng, motion, at, turn)
        self.skin = int(rng.integers(len(SKINS)))
        self.colours = paint(rng, self.body, self.skin)
        self.carries = []  # of carried.Part

    def _place(self, rng, motion: Motion, at, turn: float) -> None:
        body = self.body
        shape = self.size * np.array([rng.uniform(0.9, 1.15), 1, rng.uniform(0.9, 1.15)])
        turned = about_y(turn)
        self.world = turned @ motion.world
        axes = self.world @ body.upright
        rest = body.joints * shape
        joints = np.zeros((len(axes), 17, 3))
        for joint, parent in enumerate(PARENTS):
            if parent >= 0:
                joints[:, joint] = joints[:, parent] + axes[:, parent] @ (
                    rest[joint] - rest[parent]
                )
        root = motion.root @ turned.T
        joints += (root * self.size * (body.leg if motion.scale == "leg" else 1))[:, None]
        joints += (at[0], 0, at[1])
        matrices = np.empty((len(axes), 17, 3, 4), np.float32)
        matrices[..., :3] = axes
        matrices[..., 3] = joints - np.einsum("tjab,jb->tja", axes, rest)
        vertices = np.ascontiguousarray(body.vertices * shape, np.float32)
        self.vertices = [
            render.skin(vertices, body.bones, body.weights, moment) for moment in matrices
        ]
        self.joints = joints
        self._on_the_floor()

    def _on_the_floor(self) -> None:
        """The lowest vertex touches what carries the body, in each frame or in the lowest one."""
        lowest = np.array([moment[:, 1].min() for moment in self.vertices], np.float64)
        if self.motion.support is None:
            lift = np.full(len(lowest), -lowest.min())
        else:
            lift = -lowest + (self.motion.support + self.motion.above) * self.size
        for moment, up in zip(self.vertices, lift, strict=True):
            moment[:, 1] += np.float32(up)
        self.joints[..., 1] += lift[:, None]

    @property
    def who(self) -> str:
        """The name of the body and the number of its skin: BODY/SKIN."""
        return f"{self.body.name}/{self.skin}"

    def ahead(self, frame: int) -> np.ndarray:
        """The horizontal direction that the pelvis faces, of length 1."""
        way = self.world[frame, 0, :, 2] * (1, 0, 1)
        if np.linalg.norm(way) < 0.4:  # lies: where the head points
            way = self.world[frame, 2, :, 1] * (1, 0, 1)
        return way / (np.linalg.norm(way) + 1e-6)

    def pose(self) -> np.ndarray:
        """What the network learns of the body in space, [270]: the same from every side."""
        middle = len(self.joints) // 2
        ahead = self.ahead(middle)
        back = about_y(-np.arctan2(ahead[0], ahead[2]))
        origin = self.joints[middle, 0] * (1, 0, 1)
        places = self.joints[LEARNT_FRAMES][:, LEARNT] - origin
        return (places @ back.T / self.size).reshape(-1).astype(np.float16)

"""The bodies that are drawn: data/bodies.npz, on the skeleton of 17 joints.

Twelve are MakeHuman's (both sexes, young, old and children, thin to heavy), three are Mesh2Motion's
figures and five are KayKit's game characters. README.md says how the file is made and what its
licences are.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from .skeleton import PARENTS

FILE = Path(__file__).parent / "data" / "bodies.npz"
STEPS_A_METRE = 20000  # of the vertices in the file
HELD_OUT = ("mh-female-african-young-average", "mh-male-caucasian-old-min", "human-male.glb")


@dataclass(frozen=True)
class Body:
    """vertices [V,3] metres from the pelvis, triangles [N,3], bones and weights [V,3].

    joints [17,3] at rest; upright [17,3,3] turns each joint's rest direction to hang straight down;
    leg: hip to foot, metres; main [V]: the joint that a vertex follows most.
    """

    name: str
    vertices: np.ndarray
    triangles: np.ndarray
    bones: np.ndarray
    weights: np.ndarray
    joints: np.ndarray
    upright: np.ndarray
    leg: float

    @property
    def main(self) -> np.ndarray:
        return self.bones[:, 0]

    @property
    def child(self) -> bool:
        return "child" in self.name

    @property
    def share(self) -> float:
        """How often it is drawn: people often, toy figures seldom."""
        return 1.3 if self.name.startswith("mh") else 1.0 if "human" in self.name else 0.12

    def offsets(self) -> np.ndarray:
        """[17,3]: each joint from its parent, the limbs straight down."""
        offsets = np.zeros((17, 3))
        for joint, parent in enumerate(PARENTS):
            if parent >= 0:
                offsets[joint] = self.upright[parent] @ (self.joints[joint] - self.joints[parent])
        return offsets


@lru_cache
def load() -> tuple[Body, ...]:
    with np.load(FILE) as stored:
        return tuple(_body(stored, i, str(name)) for i, name in enumerate(stored["names"]))


def _body(stored, index: int, name: str) -> Body:
    def array(key, kind):
        return np.ascontiguousarray(stored[f"{index}/{key}"], kind)

    return Body(
        name,
        array("vertices", np.float32) / np.float32(STEPS_A_METRE),
        array("triangles", np.int32),
        array("bones", np.int32),
        array("weights", np.float32),
        array("joints", np.float64),
        array("upright", np.float64),
        float(stored[f"{index}/leg"]),
    )


@lru_cache
def of_split(held_out: bool) -> tuple[tuple[Body, ...], np.ndarray]:
    """The bodies of the training, or the held-out ones, and how often each is drawn."""
    bodies = tuple(b for b in load() if (b.name in HELD_OUT) == held_out)
    shares = np.array([b.share for b in bodies])
    return bodies, shares / shares.sum()

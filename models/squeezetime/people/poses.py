"""Key poses, and the motions between them.

A pose is an array of PARAMETERS: angles in radians (in degrees where a pose is written down) and
lengths in metres. All of them are 0 for someone who stands straight, the arms at the sides.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from . import bodies
from .skeleton import (
    LEFT_ARM,
    LEFT_FOOT,
    LEFT_THIGH,
    RIGHT_ARM,
    RIGHT_FOOT,
    RIGHT_THIGH,
    about_x,
    about_y,
    about_z,
    places,
    to_world,
)

# Of the whole body: yaw turns it about the vertical; tip lays it down towards the direction psi
# (0 ahead, 180 on the back); spin rolls it about its own length. The spine: bend forward, to the
# side, twist; the neck: nod, turn. Each arm: forward, out to the side, turned about itself, elbow.
# Each leg: hip forward, out, turned, knee, ankle. In metres: place ahead and to the left, height
# of what carries the body, height above it.
PARAMETERS = [
    "yaw",
    "tip",
    "psi",
    "spin",
    "bend",
    "side",
    "twist",
    "nod",
    "turn",
    "l_arm",
    "l_out",
    "l_roll",
    "l_elbow",
    "r_arm",
    "r_out",
    "r_roll",
    "r_elbow",
    "l_hip",
    "l_wide",
    "l_toe",
    "l_knee",
    "l_ankle",
    "r_hip",
    "r_wide",
    "r_toe",
    "r_knee",
    "r_ankle",
    "left",
    "ahead",
    "support",
    "above",
]
LENGTHS = ("left", "ahead", "support", "above")
AT = {name: index for index, name in enumerate(PARAMETERS)}
DEGREE = np.pi / 180
RATE, SECONDS = 30, 2.0  # of a motion while it is made
FRAMES, FRAME_RATE = 16, 8  # of a clip

SMOOTH, FALLING = 0.0, 1.0  # how a key is reached: at rest, or accelerated by gravity

Key = tuple  # (seconds, pose) or (seconds, pose, SMOOTH or FALLING)
Gait = Callable[[np.ndarray], np.ndarray]  # seconds [K] -> what is added to the poses [K,P]


@dataclass
class Furniture:
    """Where a motion needs a seat or a bed: the frame in which the body is upon it."""

    seat: int | None = None
    bed: int | None = None
    bed_height: float = 0.0


@dataclass
class Motion:
    """world [T,17,3,3]; root [T,3] where the pelvis is; support and above [T], metres.

    scale "body": root is in metres for a body of usual size; "leg": in leg lengths, and its height
    counts. Only the former knows support and above.
    """

    name: str
    world: np.ndarray
    root: np.ndarray
    scale: str = "body"
    support: np.ndarray | None = None
    above: np.ndarray | None = None
    furniture: Furniture = field(default_factory=Furniture)


def pose(base: np.ndarray | None = None, **values: float) -> np.ndarray:
    """A copy of base (or the rest pose) with these values: degrees, and metres for LENGTHS."""
    made = np.zeros(len(PARAMETERS)) if base is None else base.copy()
    for name, value in values.items():
        made[AT[name]] = value if name in LENGTHS else value * DEGREE
    return made


def blended(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    return a * (1 - share) + b * share


def local_axes(poses: np.ndarray) -> np.ndarray:
    """Poses [T,P] -> rotations from the parents' axes [T,17,3,3]."""

    def get(name):
        return poses[:, AT[name]]

    axes = np.tile(np.eye(3), (len(poses), 17, 1, 1))
    axes[:, 0] = (
        about_y(get("yaw") + get("psi")) @ about_x(get("tip")) @ about_y(get("spin") - get("psi"))
    )
    half_spine = about_y(get("twist") / 2) @ about_z(get("side") / 2) @ about_x(get("bend") / 2)
    half_neck = about_y(get("turn") / 2) @ about_x(get("nod") / 2)
    axes[:, 1] = axes[:, 2] = half_spine
    axes[:, 3] = axes[:, 4] = half_neck
    for side, sign, arm, thigh in (
        ("l_", 1, LEFT_ARM, LEFT_THIGH),
        ("r_", -1, RIGHT_ARM, RIGHT_THIGH),
    ):
        axes[:, arm] = (
            about_z(sign * get(side + "out"))
            @ about_x(-get(side + "arm"))
            @ about_y(sign * get(side + "roll"))
        )
        axes[:, arm + 1] = about_x(-get(side + "elbow"))
        axes[:, thigh] = (
            about_z(sign * get(side + "wide"))
            @ about_x(-get(side + "hip"))
            @ about_y(sign * get(side + "toe"))
        )
        axes[:, thigh + 1] = about_x(get(side + "knee"))
        axes[:, thigh + 2] = about_x(-get(side + "ankle"))
    return axes


def between(keys: Sequence[Key], seconds: np.ndarray) -> np.ndarray:
    """The poses [K,P] at these moments."""
    keys = sorted(keys, key=lambda key: key[0])
    times, stored = np.array([k[0] for k in keys]), np.array([k[1] for k in keys])
    if len(keys) == 1:
        return np.repeat(stored, len(seconds), 0)
    falling = np.array([k[2] if len(k) > 2 else SMOOTH for k in keys])
    at = np.clip(np.searchsorted(times, seconds, "right") - 1, 0, len(keys) - 2)
    share = (seconds - times[at]) / np.maximum(times[at + 1] - times[at], 1e-3)
    share = np.clip(share, 0, 1)[:, None]
    eased = np.where(falling[at + 1][:, None] > 0, share**2.2, share * share * (3 - 2 * share))
    return stored[at] * (1 - eased) + stored[at + 1] * eased


def keyed(
    name: str,
    keys: Sequence[Key],
    *,
    on_feet: bool | np.ndarray = True,
    gait: Gait | None = None,
    furniture: Furniture | None = None,
    seconds: float = SECONDS,
) -> Motion:
    """The motion through these keys, of which the first seconds are seen.

    on_feet (for all time, or [61] shares at 30 a second): the lower foot stays where it is, and the
    body moves over it.
    """
    times = np.arange(int(RATE * seconds) + 1) / RATE
    poses = between(keys, times)
    if gait is not None:
        poses = poses + gait(times)
    world = to_world(local_axes(poses))
    root = _walked(world, np.broadcast_to(np.asarray(on_feet, float), times.shape))
    root[:, 0] += poses[:, AT["left"]]
    root[:, 2] += poses[:, AT["ahead"]]
    root[:, 1] = 0
    moments = np.round(np.arange(round(seconds * FRAME_RATE)) / FRAME_RATE * RATE).astype(int)
    return Motion(
        name,
        world[moments],
        root[moments],
        support=poses[moments, AT["support"]],
        above=poses[moments, AT["above"]],
        furniture=furniture or Furniture(),
    )


def _walked(world: np.ndarray, on_feet: np.ndarray) -> np.ndarray:
    """How the pelvis moves while the lower foot stands, [K,3]."""
    joints = places(world, bodies.load()[0].offsets())
    root = np.zeros((len(world), 3))
    for k in range(1, len(world)):
        left, right = joints[k, LEFT_FOOT], joints[k, RIGHT_FOOT]
        foot = LEFT_FOOT if left[1] < right[1] else RIGHT_FOOT
        root[k] = root[k - 1] - (joints[k, foot] - joints[k - 1, foot]) * on_feet[k]
    return root

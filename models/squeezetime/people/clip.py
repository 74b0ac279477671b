"""One motion as two clips: other bodies, clothes, rooms, cameras and light."""

from dataclasses import dataclass

import numpy as np

from ..clip import packed
from . import carried
from .actor import POSE, Actor
from .clothes import cloth
from .labels import INDEX
from .motions import Library
from .poses import Motion
from .scene import FRAMES, Scene, Thing, Unseen, View, shoot

TRIES = 5  # cameras that may not see the actor, before one is taken that does not check
# How often a label is drawn: what alarms hang on, and what is learnt last, more often.
SHARES = {
    "other": 0.25,
    "walk": 0.13,
    "run": 0.05,
    "sit_down": 0.09,
    "stand_up": 0.08,
    "fall": 0.11,
    "lying": 0.08,
    "get_up": 0.075,
    "lie_down": 0.07,
    "bend": 0.075,
    "wave": 0.065,
    "jump": 0.055,
    "fight": 0.08,
    "crawl": 0.035,
}
NOBODY = 0.15  # of the clips of `other`
PASSING = {"walk": 0.5, "run": 0.4}  # of the clips: seen in the middle of the clip, at least


@dataclass
class Clip:
    """pixels uint8 [H,W,T*3]; pose [270]; motion: its name; who: BODY/SKIN of the actor."""

    view: View

    pixels: np.ndarray
    label: int
    pose: np.ndarray
    motion: str
    who: str = ""


def draw_pair(
    library: Library, seed: tuple[int, ...], held_out: bool, label: str = ""
) -> list[Clip]:
    """The two views of the motion that the seed stands for; of this label, where one is given."""
    rng = np.random.default_rng(seed)
    chosen = str(rng.choice(list(SHARES), p=np.array(list(SHARES.values())) / sum(SHARES.values())))
    label = label or chosen
    if label == "other" and rng.random() < NOBODY:
        return [_nobody(rng, held_out) for _ in range(2)]
    motion = library.draw(rng, label)
    return [_view(rng, library, motion, label, held_out) for _ in range(2)]


def _nobody(rng, held_out: bool) -> Clip:
    points = np.array([[0, 0, 0], [0.5, 1.7, 0.5], [1, 0.1, 0]]) + rng.normal(0, 0.5, 3) * (1, 0, 1)
    things = [_thing(rng, points)] if rng.random() < 0.6 else []
    frames, view = shoot(rng, Scene([], points, held_out, things), check=False)
    return Clip(view, packed(frames), INDEX["other"], np.zeros(POSE, np.float16), "nobody")


def _view(rng, library: Library, motion: Motion, label: str, held_out: bool) -> Clip:
    actor = Actor(rng, motion, held_out, turn=rng.uniform(0, 2 * np.pi))
    passes = rng.random() < PASSING.get(label, 0)
    first, last = _framed(rng, passes)
    points = actor.joints[first:last].reshape(-1, 3)
    others = _others(rng, library, actor, label, held_out)
    together = label in ("fight", "walk", "other") and rng.random() < 0.6
    for other in others:
        if together or rng.random() < 0.4:
            points = np.concatenate([points, other.joints.reshape(-1, 3)])
    things = [_thing(rng, points)] if rng.random() < 0.07 else []
    for somebody in (actor, *others):
        somebody.carries = carried.draw(rng, somebody)
    scene = Scene([actor, *others], points, held_out, things, passes)
    frames, view = _seen(rng, scene)
    return Clip(view, packed(frames), INDEX[label], actor.pose(), motion.name, actor.who)


def _framed(rng, passes: bool) -> tuple[int, int]:
    """The frames in which the camera has the actor in the picture: from the first, to the last."""
    if passes:
        return rng.integers(3, 8), rng.integers(9, 13)
    return (rng.integers(2, 7), rng.integers(10, 15)) if rng.random() < 0.6 else (0, FRAMES)


def _seen(rng, scene: Scene) -> tuple[np.ndarray, View]:
    for _ in range(TRIES):
        try:
            return shoot(rng, scene, check=True)
        except Unseen:
            continue
    return shoot(rng, scene, check=False)


def _others(rng, library: Library, actor: Actor, label: str, held_out: bool) -> list[Actor]:
    """Who else is there: opponents, company, or someone who does something else."""
    if label == "fight":
        return _brawl(rng, library, actor, held_out)
    if rng.random() > {"walk": 0.45, "other": 0.4}.get(label, 0.14):
        return []
    if label == "walk":  # a street
        return [
            _bystander(rng, library, str(rng.choice(["walk", "other"], p=[0.7, 0.3])), held_out)
            for _ in range(rng.integers(1, 6))
        ]
    if label == "other":  # people who stand or sit together
        near = rng.uniform(0.6, 3)
        count = rng.integers(1, 6)
        return [_bystander(rng, library, "other", held_out, near) for _ in range(count)]
    return [_bystander(rng, library, str(rng.choice(["other", "walk"])), held_out)]


def _brawl(rng, library: Library, actor: Actor, held_out: bool) -> list[Actor]:
    """Mostly an opponent, face to face; often more who join in, and some who only look on."""
    if rng.random() < 0.06:
        return []
    there = [_opponent(rng, library, actor, held_out)]
    if rng.random() < 0.45:
        for _ in range(rng.integers(1, 4)):
            does = str(rng.choice(["fight", "other", "fall", "bend"], p=[0.7, 0.1, 0.1, 0.1]))
            there.append(_bystander(rng, library, does, held_out, near=rng.uniform(0.4, 1.1)))
    if rng.random() < 0.35:
        for _ in range(rng.integers(1, 4)):
            does = str(rng.choice(["other", "walk"]))
            there.append(_bystander(rng, library, does, held_out, near=rng.uniform(1.2, 4)))
    return there


def _opponent(rng, library, actor: Actor, held_out: bool) -> Actor:
    """Within reach, at times in each other's arms; mostly fights back, else stands by, falls, walks
    or lies on the floor.
    """
    ahead, away = actor.ahead(FRAMES // 2), rng.uniform(0.25, 1.1)
    does = str(
        rng.choice(["fight", "other", "fall", "walk", "lying"], p=[0.62, 0.12, 0.12, 0.06, 0.08])
    )
    motion = library.draw(rng, does)
    faces = motion.world[FRAMES // 2, 0, :, 2]
    turn = np.arctan2(-ahead[0], -ahead[2]) - np.arctan2(faces[0], faces[2])
    at = (ahead[0] * away, ahead[2] * away)
    return Actor(rng, motion, held_out, at=at, turn=turn + rng.uniform(-0.6, 0.6))


def _bystander(rng, library, label: str, held_out: bool, near: float = 0) -> Actor:
    """Someone about `near` metres away; 1 to 3.5 m if it is 0."""
    angle = rng.uniform(0, 6.28)
    away = near * rng.uniform(0.8, 1.3) if near else rng.uniform(1, 3.5)
    at = (np.cos(angle) * away, np.sin(angle) * away)
    motion = library.draw(rng, label)
    return Actor(rng, motion, held_out, at=at, turn=rng.uniform(0, 6.28))


def _thing(rng, points: np.ndarray) -> Thing:
    u = rng.uniform
    size = (u(0.1, 0.5), u(0.08, 0.5), u(0.2, 0.9))
    way, angle = u(0, 0.25), u(0, 6.28)
    step = way * np.array([np.cos(angle), 0, np.sin(angle)])
    start = points.mean(0) * (1, 0, 1) + rng.normal(0, 1, 3) * (1, 0, 1) - step * FRAMES / 2
    return Thing(start, step, size, cloth(rng), animal=rng.random() < 0.4)

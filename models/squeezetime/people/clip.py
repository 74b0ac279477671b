"""One motion as two clips: other bodies, clothes, rooms, cameras and light."""

from dataclasses import dataclass

import numpy as np

from ..clip import packed
from .actor import POSE, Actor
from .clothes import cloth
from .labels import INDEX
from .motions import Library
from .poses import Motion
from .scene import FRAMES, Scene, Thing, Unseen, View, shoot

TRIES = 5  # cameras that may not see the actor, before one is taken that does not check
# How often a label is drawn: what alarms hang on, and what is learnt last, more often.
SHARES = {
    "other": 0.22,
    "walk": 0.09,
    "run": 0.05,
    "sit_down": 0.09,
    "stand_up": 0.08,
    "fall": 0.13,
    "lying": 0.06,
    "get_up": 0.075,
    "lie_down": 0.07,
    "bend": 0.075,
    "wave": 0.065,
    "jump": 0.055,
    "fight": 0.08,
    "crawl": 0.035,
}
NOBODY = 0.15  # of the clips of `other`


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
    first, last = (rng.integers(2, 7), rng.integers(10, 15)) if rng.random() < 0.6 else (0, FRAMES)
    points = actor.joints[first:last].reshape(-1, 3)
    others = _others(rng, library, actor, label, held_out)
    for other in others:
        if label == "fight" or rng.random() < 0.4:
            points = np.concatenate([points, other.joints.reshape(-1, 3)])
    things = [_thing(rng, points)] if rng.random() < 0.05 else []
    scene = Scene([actor, *others], points, held_out, things)
    frames, view = _seen(rng, scene)
    return Clip(view, packed(frames), INDEX[label], actor.pose(), motion.name, actor.who)


def _seen(rng, scene: Scene) -> tuple[np.ndarray, View]:
    for _ in range(TRIES):
        try:
            return shoot(rng, scene, check=True)
        except Unseen:
            continue
    return shoot(rng, scene, check=False)


def _others(rng, library: Library, actor: Actor, label: str, held_out: bool) -> list[Actor]:
    """Who else is there: an opponent, company, or someone who does something else."""
    if label == "fight" and rng.random() < 0.78:
        return [_opponent(rng, library, actor, held_out)]
    if rng.random() > (0.3 if label == "walk" else 0.14):
        return []
    count = rng.integers(1, 4) if label == "walk" else 1
    company = "walk" if label == "walk" else str(rng.choice(["other", "walk"]))
    return [_bystander(rng, library, company, held_out) for _ in range(count)]


def _opponent(rng, library, actor: Actor, held_out: bool) -> Actor:
    """Face to face, within reach; mostly fights back."""
    ahead, away = actor.ahead(FRAMES // 2), rng.uniform(0.55, 1.2)
    does = str(rng.choice(["fight", "other", "fall", "walk"], p=[0.62, 0.18, 0.12, 0.08]))
    motion = library.draw(rng, does)
    faces = motion.world[FRAMES // 2, 0, :, 2]
    turn = np.arctan2(-ahead[0], -ahead[2]) - np.arctan2(faces[0], faces[2])
    at = (ahead[0] * away, ahead[2] * away)
    return Actor(rng, motion, held_out, at=at, turn=turn + rng.uniform(-0.6, 0.6))


def _bystander(rng, library, label: str, held_out: bool) -> Actor:
    angle, away = rng.uniform(0, 6.28), rng.uniform(1, 3.5)
    at = (np.cos(angle) * away, np.sin(angle) * away)
    motion = library.draw(rng, label)
    return Actor(rng, motion, held_out, at=at, turn=rng.uniform(0, 6.28))


def _thing(rng, points: np.ndarray) -> Thing:
    u = rng.uniform
    size = (u(0.1, 0.5), u(0.08, 0.5), u(0.2, 0.9))
    way, angle = u(0, 0.25), u(0, 6.28)
    step = way * np.array([np.cos(angle), 0, np.sin(angle)])
    start = points.mean(0) * (1, 0, 1) + rng.normal(0, 1, 3) * (1, 0, 1) - step * FRAMES / 2
    return Thing(start, step, size, cloth(rng))

"""Drawn scenes before a fixed camera. Each has two actions that look the same and differ in motion alone.

- door: somebody comes in through a door in the far wall, or goes out. Others cross the room.
- chair: somebody sits down on a chair, or stands up from it.
- gate: a gate is opened, or closed.

Besides the two actions the days show ordinary life: people who walk across, work, bend and wave, pets, changes of the
light, and stillness. The people of the second day are others than those of the first, in other light.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from squeezetime.people import furniture, lens, render, room
from squeezetime.people.actor import Actor
from squeezetime.people.acts import sitting
from squeezetime.people.clothes import cloth
from squeezetime.people.motions import Library
from squeezetime.people.poses import FRAME_RATE, keyed
from squeezetime.people.postures import stand, steps
from squeezetime.people.scene import Thing, drawn_light, shade

from teachbench.days import Event

SIDE = 192  # pixels; the models see 96
FRAMES = 32  # of an event: 4 seconds
MOTION = 16  # frames of a motion out of the workshop
ORDINARY = {"other": 5, "walk": 5, "bend": 2, "wave": 1.5, "jump": 0.5, "pet": 1.5, "light": 1, "nothing": 1.5}

Draw = Callable[[render.Canvas, int], None]  # draws what is there in a frame


@dataclass
class Day:
    """held_out: which people come. dark: how much light the day lacks, 0 to 1."""

    held_out: bool
    dark: float


class Scene:
    """A place and its fixed camera. Subclasses say what happens there."""

    actions: tuple[str, str]
    eye: tuple[float, float, float]
    at: tuple[float, float, float]
    zoom: float

    def __init__(self, seed: int):
        rng = np.random.default_rng((19, seed))
        eye, axes = np.array(self.eye), lens.looking(np.array(self.eye), np.array(self.at))
        f = self.zoom * SIDE
        self.camera = lens.Camera(axes, -axes @ eye, eye, f, f, SIDE / 2, SIDE / 2)
        self.packed = self.camera.packed()
        area = np.array([[-2.4, 0, -1.6], [2.4, 1.8, 2.0]])
        while True:  # not a photograph
            self.empty, self.floor = room.draw(rng, self.camera, area, SIDE, False)
            if self.floor.any():
                break
        before = self.empty.depth.copy()
        for mesh in self.fixed(rng):
            self.empty.triangles(*mesh, self.packed)
        self.floor &= self.empty.depth == before
        self.libraries = {held_out: Library(held_out) for held_out in (False, True)}

    def fixed(self, rng) -> list[furniture.Mesh]:
        return []

    def action(self, rng, day: Day, name: str) -> list[Draw]:
        raise NotImplementedError

    def still(self, rng) -> list[Draw]:
        """What is there and does not move while ordinary life goes on."""
        return []

    def events(self, rng, day: Day, actions: int, ordinary: int) -> Iterator[Event]:
        """So many of each of the two actions and of ordinary life, in any order."""
        kinds = [name for name in self.actions for _ in range(actions)]
        names, shares = list(ORDINARY), np.array(list(ORDINARY.values()))
        kinds += list(rng.choice(names, ordinary, p=shares / shares.sum()))
        for kind in rng.permutation(kinds):
            yield self.event(rng, day, str(kind))

    def event(self, rng, day: Day, kind: str) -> Event:
        self.light = drawn_light(rng)
        draws = self.action(rng, day, kind) if kind in self.actions else self.ordinary(rng, day, kind)
        frames = np.empty((FRAMES, SIDE, SIDE, 3), np.uint8)
        for frame in range(FRAMES):
            canvas = self.empty.copy()
            for draw in draws:
                draw(canvas, frame)
            frames[frame] = canvas.picture
        return Event(kind, filmed(rng, frames, day, changes=kind == "light"))

    def ordinary(self, rng, day: Day, kind: str) -> list[Draw]:
        draws = self.still(rng)
        if kind in ("nothing", "light"):
            return draws
        if kind == "pet":
            return [*draws, pet(rng, self.packed)]
        if kind == "walk":
            side = rng.choice([-1, 1])
            heading = side * np.pi / 2 + rng.uniform(-0.5, 0.5)
            return [*draws, self.walker(rng, day, (rng.uniform(-1, 1), rng.uniform(-1, 1.2)), heading)]
        actor = Actor(rng, self.libraries[day.held_out].draw(rng, kind), day.held_out)
        shift(actor, actor.joints[MOTION // 2, 0], (rng.uniform(-1.3, 1.3), rng.uniform(-1, 1)))
        return [*draws, self.body(actor, held(rng))]

    def walker(self, rng, day: Day, crosses, heading: float) -> Draw:
        """Somebody who walks all the time and crosses that place [x, z] in the middle of the event."""
        posture = stand(rng)
        seconds = FRAMES / FRAME_RATE
        motion = keyed("walk", [(0, posture), (seconds, posture)], gait=steps(rng), seconds=seconds)
        actor = Actor(rng, motion, day.held_out, turn=heading)
        shift(actor, actor.joints[int(rng.integers(10, 22)), 0], crosses)
        return self.body(actor, np.arange(FRAMES))

    def body(self, actor: Actor, shown: np.ndarray) -> Draw:
        """shown [FRAMES]: which of the actor's frames."""
        way, ambient = self.light
        shadows = way[1] > 0

        def draw(canvas: render.Canvas, frame: int) -> None:
            if shadows:
                shade(canvas, [actor], int(shown[frame]), self.floor, self.packed, way, 0.35)
            vertices = actor.vertices[shown[frame]]
            canvas.body(vertices, actor.triangles, actor.colours, self.packed, way, ambient)

        return draw


class Door(Scene):
    actions = ("comes_in", "goes_out")
    eye, at, zoom = (0.6, 2.3, 4.6), (0, 0.8, -0.6), 0.9

    def action(self, rng, day, name):
        heading = rng.uniform(-0.4, 0.4) + (0 if name == "comes_in" else np.pi)
        return [self.walker(rng, day, (rng.uniform(-0.5, 0.5), rng.uniform(-1.2, 0.2)), heading)]


class Chair(Scene):
    actions = ("sits_down", "stands_up")
    eye, at, zoom = (-2.6, 1.9, 3.2), (0, 0.7, 0), 1.1
    ahead = np.array([0.5, 0, 0.87])

    def fixed(self, rng):
        return furniture.seat(rng, np.array([0, 0.58, 0]), self.ahead, 1.0)

    def action(self, rng, day, name):
        make = sitting.sit_down if name == "sits_down" else sitting.stand_up
        motion = make(rng)
        while motion.furniture.seat is None:  # on the floor
            motion = make(rng)
        seat, seed = motion.furniture.seat, rng.integers(1 << 31)
        wanted = np.arctan2(self.ahead[0], self.ahead[2]) + rng.uniform(-0.25, 0.25)
        faces = Actor(np.random.default_rng(seed), motion, day.held_out).ahead(seat)
        actor = Actor(np.random.default_rng(seed), motion, day.held_out, turn=wanted - np.arctan2(faces[0], faces[2]))
        shift(actor, actor.joints[seat, 0], (0, 0))
        return [self.body(actor, held(rng))]


class OtherChair(Chair):
    """Another chair, before another camera."""

    eye, at, zoom = (2.2, 2.6, 2.6), (0.2, 0.6, 0), 1.0
    ahead = np.array([-0.2, 0, 0.98])


class Gate(Scene):
    actions = ("opens", "closes")
    eye, at, zoom = (1.2, 2.5, 4.4), (0.1, 0.7, -0.8), 0.95
    hinge, size = np.array([-0.9, 0.85, -1.2]), (1.8, 1.5, 0.06)

    def __init__(self, seed: int):
        super().__init__(seed)
        self.colour = cloth(np.random.default_rng(seed))

    def leaf(self, angles: np.ndarray) -> Draw:
        """angles [FRAMES], radians: 0 is closed."""

        def draw(canvas: render.Canvas, frame: int) -> None:
            angle = angles[frame]
            centre = self.hinge + np.array([np.cos(angle), 0, -np.sin(angle)]) * self.size[0] / 2
            mesh = furniture.box(np.random.default_rng(5), centre, self.size, angle, self.colour)
            canvas.triangles(*mesh, self.packed)

        return draw

    def action(self, rng, day, name):
        takes, begins = rng.uniform(8, 20), rng.uniform(2, 10)
        share = ((np.arange(FRAMES) - begins) / takes).clip(0, 1)
        angles = rng.uniform(1.0, 1.6) * share * share * (3 - 2 * share)
        draws = [self.leaf(angles if name == "opens" else angles[::-1])]
        if rng.random() < 0.35:
            heading = rng.uniform(0, 2 * np.pi)
            draws.append(self.walker(rng, day, (rng.uniform(-1, 1), rng.uniform(-0.3, 1)), heading))
        return draws

    def still(self, rng):
        return [self.leaf(np.full(FRAMES, rng.uniform(1.0, 1.6) if rng.random() < 0.3 else 0.0))]


SCENES = {"door": Door, "chair": Chair, "gate": Gate, "other_chair": OtherChair}


def shift(actor: Actor, place: np.ndarray, to) -> None:
    """Moves the actor over the floor so that what is at place [3] comes to [x, z]."""
    by = np.array([to[0] - place[0], 0, to[1] - place[2]])
    actor.joints += by
    for vertices in actor.vertices:
        vertices += by.astype(np.float32)


def held(rng) -> np.ndarray:
    """A motion's frames with its first and its last one held, for about a second each."""
    begins = int(rng.integers(5, 12))
    return (np.arange(FRAMES) - begins).clip(0, MOTION - 1)


def pet(rng, packed: np.ndarray) -> Draw:
    points = np.array([[rng.uniform(-1.5, 1.5), 0, rng.uniform(-1, 1)]])
    angle, size = rng.uniform(0, 6.28), (rng.uniform(0.15, 0.3), rng.uniform(0.15, 0.4), rng.uniform(0.3, 0.7))
    step = rng.uniform(0.03, 0.15) * np.array([np.cos(angle), 0, np.sin(angle)])
    thing = Thing(points[0] - step * FRAMES / 2, step, size, cloth(rng))
    grain = rng.integers(1 << 31)

    def draw(canvas, frame):
        for mesh in thing.meshes(np.random.default_rng(grain), frame):
            canvas.triangles(*mesh, packed)

    return draw


def filmed(rng, frames: np.ndarray, day: Day, changes: bool) -> np.ndarray:
    """As the day's light and the camera have it; changes: a lamp is switched, or a cloud passes."""
    gain = (1 - day.dark * rng.uniform(0, 1)) * np.exp(rng.normal(0, 0.08))
    tint = (gain * rng.uniform(0.94, 1.06, 3)).astype(np.float32)
    ramp = np.ones(FRAMES, np.float32)
    if changes:
        begins, takes = rng.uniform(2, 20), rng.uniform(0.5, 12)
        ramp += (rng.uniform(0.4, 1.6) - 1) * ((np.arange(FRAMES) - begins) / takes).clip(0, 1)
    noise = rng.uniform(1, 3) + 5 * day.dark * rng.uniform(0, 1)
    made = np.empty_like(frames)
    for index, frame in enumerate(frames):
        grey = np.repeat(cv2.randn(np.empty((SIDE, SIDE), np.float32), 0, float(noise))[..., None], 3, -1)
        made[index] = (frame * (tint * ramp[index]) + grey).clip(0, 255)
    return made

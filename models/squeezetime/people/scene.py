"""People in a place, through a camera: the frames of a clip."""

from dataclasses import dataclass, field

import cv2
import numpy as np

from . import film, furniture, lens, render, room
from .actor import Actor
from .poses import FRAMES
from .skeleton import about_y

DRAWN, SIDE = 192, 96  # pixels: a clip is drawn at twice its size
CHECKED = (2, 8, 13)  # frames in which the actor must be seen
LEAST_PIXELS, LEAST_CONTRAST, LEAST_SHARE = 300, 18, 0.45
LEAST_OF_PASSING = 0.3  # LEAST_SHARE of somebody who passes


@dataclass
class Thing:
    """Something that moves and is nobody: a ball, a robot, a curtain, a cat or a dog; of boxes."""

    start: np.ndarray
    step: np.ndarray
    size: tuple[float, float, float]
    colour: np.ndarray
    animal: bool = False

    def meshes(self, rng, frame: int) -> list[furniture.Mesh]:
        hop = abs(np.sin(frame * 1.3)) * 0.1 * self.size[1]
        at = self.start + frame * self.step + (0, hop, 0)
        turn = float(np.arctan2(self.step[0], self.step[2]))
        return [
            furniture.box(rng, at + np.array(place) @ about_y(turn).T, size, turn, self.colour)
            for place, size in (self._animal(frame) if self.animal else self._block())
        ]

    def _block(self):
        return [((0, self.size[1] / 2, 0), self.size)]

    def _animal(self, frame: int):
        """The trunk, the head and four legs that run: where, from the floor, and how large."""
        length, tall = self.size[2], max(self.size[1], 0.6 * self.size[2])
        wide, leg, thick = 0.35 * length, tall / 2, 0.07 * length
        swing = 0.12 * length * np.sin(frame * 2.2)
        made = [((0, leg + tall / 4, 0), (wide, tall / 2, length))]
        made.append(((0, 1.1 * tall, 0.6 * length), (0.7 * wide, 0.35 * tall, 0.35 * length)))
        for x, z in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
            at = (x * wide / 3, leg / 2, z * 0.4 * length + x * z * swing)
            made.append((at, (thick, leg, thick)))
        return made


@dataclass
class Scene:
    actors: list[Actor]
    points: np.ndarray  # what the camera frames, [N,3]
    held_out: bool
    things: list[Thing] = field(default_factory=list)
    passes: bool = False  # the actor may come into the picture late, and leave it


@dataclass
class View:
    """elevation: of the camera, degrees above the horizon; fills: how much of the picture's height
    the framed people take.
    """

    elevation: float = 0.0
    fills: float = 0.0


class Unseen(Exception):
    """The camera does not see the first actor well enough; another one may."""


def shoot(rng: np.random.Generator, scene: Scene, check: bool) -> tuple[np.ndarray, View]:
    """The clip's frames, uint8 [T,SIDE,SIDE,3]. Raises Unseen, if check."""
    camera = lens.aim(rng, scene.points, DRAWN, cut=scene.passes)
    packed = camera.packed()
    place, floor = room.draw(rng, camera, scene.points, DRAWN, scene.held_out)
    empty = place.depth.copy()
    for vertices, triangles, colours in _furniture(rng, scene):
        place.triangles(vertices, triangles, colours, packed)
    floor &= place.depth == empty
    light = drawn_light(rng)
    if check and scene.actors:
        frames, share = (CHECKED[1:2], LEAST_OF_PASSING) if scene.passes else (CHECKED, LEAST_SHARE)
        _check_seen(place, scene.actors[0], frames, share, packed, light)
    frames = _frames(rng, scene, place, floor, packed, light)
    return _taken(rng, frames), _view(camera, packed, scene)


def _view(camera: lens.Camera, packed: np.ndarray, scene: Scene) -> View:
    if not scene.actors:
        return View()
    up = -camera.axes[2, 1]
    rows = render.project(scene.actors[0].joints.reshape(-1, 3), packed)[:, 1].reshape(FRAMES, -1)
    return View(float(np.degrees(np.arcsin(up))), float(np.ptp(rows, 1).mean() / DRAWN))


def _furniture(rng, scene: Scene) -> list[furniture.Mesh]:
    made = []
    for actor in scene.actors[:1]:
        wants = actor.motion.furniture
        if wants.seat is not None and rng.random() < 0.8:
            pelvis, ahead = actor.joints[wants.seat, 0], actor.ahead(wants.seat)
            made += furniture.seat(rng, pelvis, ahead, actor.size)
        if wants.bed is not None and rng.random() < 0.97:
            made += furniture.bed(rng, actor.joints[wants.bed], wants.bed_height * actor.size)
    return made + furniture.beside(rng, scene.points) + furniture.scattered(rng, scene.points)


def drawn_light(rng) -> tuple[np.ndarray, float]:
    """Where the light comes from, of length 1, and how much of it comes from everywhere."""
    way = np.array([rng.uniform(-1, 1), rng.uniform(0.6, 1.5), rng.uniform(-1, 1)])
    return (way / np.linalg.norm(way)).astype(np.float32), float(rng.uniform(0.3, 0.75))


def _check_seen(place: render.Canvas, actor: Actor, frames, share, camera, light) -> None:
    """Enough of the actor is in the picture, not hidden, and of another colour than behind it."""
    seen_sum = whole_sum = 0
    for frame in frames:
        seen, alone = place.copy(), render.Canvas(np.zeros_like(place.picture))
        for canvas in (seen, alone):
            _draw_actor(canvas, actor, frame, camera, light)
        pixels = seen.depth < place.depth
        seen_sum, whole_sum = seen_sum + pixels.sum(), whole_sum + (alone.depth < render.FAR).sum()
        if pixels.sum() < LEAST_PIXELS:
            raise Unseen
        difference = np.abs(seen.picture[pixels].astype(int) - place.picture[pixels])
        if difference.mean() < LEAST_CONTRAST:
            raise Unseen
    if seen_sum < share * whole_sum:
        raise Unseen


def _draw_actor(canvas: render.Canvas, actor: Actor, frame: int, camera, light) -> None:
    way, ambient = light
    canvas.body(actor.vertices[frame], actor.triangles, actor.colours, camera, way, ambient)
    for part in actor.carries:
        canvas.triangles(part.vertices[frame], part.triangles, part.colours, camera)


def _frames(rng, scene: Scene, place, floor, camera, light) -> np.ndarray:
    darkness = rng.uniform(0.15, 0.65)
    shadows = rng.random() < 0.8 and floor.any()
    frames = np.empty((FRAMES, *place.picture.shape), np.uint8)
    grain = rng.integers(1 << 31)  # a thing has the same grain in every frame
    for frame in range(FRAMES):
        canvas = place.copy()
        if shadows:
            shade(canvas, scene.actors, frame, floor, camera, light[0], darkness)
        for actor in scene.actors:
            _draw_actor(canvas, actor, frame, camera, light)
        for thing in scene.things:
            for mesh in thing.meshes(np.random.default_rng(grain), frame):
                canvas.triangles(*mesh, camera)
        frames[frame] = canvas.picture
    return frames


def shade(canvas, actors, frame: int, floor, camera, way, darkness: float) -> None:
    mask = np.zeros(floor.shape, np.uint8)
    for actor in actors:
        render.shadow(mask, actor.vertices[frame], actor.triangles, camera, way)
    mask &= floor
    if mask.any():
        soft = cv2.blur(mask.astype(np.float32), (5, 5))[..., None]
        canvas.picture[:] = canvas.picture * (1 - darkness * soft)


def _taken(rng, frames: np.ndarray) -> np.ndarray:
    """Through lens, sensor and codec, at the model's size."""
    if rng.random() < 0.12:
        maps = lens.barrel(rng, DRAWN)
        frames = np.stack([lens.remap(f, maps) for f in frames])
    if rng.random() < 0.15:
        drift = rng.random() < 0.5
        frames = film.shaken(rng, frames, 1.2 if drift else 1.5, drift)
    if rng.random() < 0.3:  # the codec works on a larger picture than the model's
        frames = film.compressed(rng, frames)
        return film.developed(rng, _small(frames))
    return film.compressed(rng, film.developed(rng, _small(frames)))


def _small(frames: np.ndarray) -> np.ndarray:
    return np.stack([cv2.resize(f, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for f in frames])

"""Chairs, sofas, beds, tables, cupboards and what lies or stands around, out of boxes."""

from functools import lru_cache

import numpy as np

from .clothes import cloth
from .skeleton import about_y

Mesh = tuple[np.ndarray, np.ndarray, np.ndarray]  # vertices [V,3], triangles [N,3], colours [V,3]


def box(rng, centre, size, turn: float, colour) -> Mesh:
    """A box, its faces shaded by the way they look, with a little grain."""
    corners, triangles, shade = _unit_box()
    vertices = corners * (np.array(size) / 2) @ about_y(turn).T + centre
    grain = 1 + rng.normal(0, rng.uniform(0, 0.15), (len(corners), 1))
    colours = np.asarray(colour)[None] * shade[:, None] * grain
    return vertices.astype(np.float32), triangles, colours.clip(0, 255).astype(np.float32)


@lru_cache
def _unit_box(cells: int = 4) -> Mesh:
    vertices, triangles, shades = [], [], []
    grid, side = np.linspace(-1, 1, cells + 1), cells + 1
    corner = (np.arange(cells)[:, None] * side + np.arange(cells)[None]).ravel()
    for axis in range(3):
        for sign in (-1, 1):
            face = np.zeros((side * side, 3))
            face[:, axis] = sign
            others = [k for k in range(3) if k != axis]
            for k, values in zip(others, np.meshgrid(grid, grid), strict=True):
                face[:, k] = values.ravel()
            start = len(vertices) * side * side
            vertices.append(face)
            shades.append(
                np.full(
                    len(face),
                    (1.0 if sign > 0 else 0.5)
                    if axis == 1
                    else 0.62 + 0.2 * (axis == 0) + 0.08 * sign,
                )
            )
            for a, b, c in ((0, 1, side), (1, side + 1, side)):
                triangles.append(np.c_[corner + a, corner + b, corner + c] + start)
    return (
        np.concatenate(vertices),
        np.concatenate(triangles).astype(np.int32),
        np.concatenate(shades),
    )


def seat(rng, pelvis: np.ndarray, ahead: np.ndarray, size: float) -> list[Mesh]:
    """A chair, stool, armchair or sofa under someone whose pelvis is there and faces ahead."""
    u, top = rng.uniform, pelvis[1] - 0.1 * size
    if top < 0.12:
        return []
    turn, colour = np.arctan2(ahead[0], ahead[2]), cloth(rng)
    centre = pelvis - ahead * 0.08
    sofa = rng.random() < 0.35
    width, depth = (u(0.9, 2), u(0.6, 0.9)) if sofa else (u(0.38, 0.55), u(0.38, 0.6))
    thick = top if sofa or rng.random() < 0.4 else 0.06
    middle = np.array([centre[0], top - thick / 2, centre[2]])
    made = [box(rng, middle, (width, thick, depth), turn, colour)]
    if thick < top:
        made += _legs(rng, centre, (width, top - thick, depth), turn, colour * 0.7)
    if rng.random() < 0.6 or sofa:
        high, back = u(0.35, 0.6), centre - ahead * (depth / 2 + 0.02)
        at = np.array([back[0], top + high / 2 - 0.02, back[2]])
        made.append(box(rng, at, (width, high, 0.16 if sofa else 0.06), turn, colour * 0.9))
    if sofa:
        side = about_y(turn) @ np.array([width / 2 + 0.08, 0, 0])
        for sign in (-1, 1):
            at = np.array([centre[0], (top + 0.2) / 2, centre[2]]) + sign * side
            made.append(box(rng, at, (0.16, top + 0.2, depth), turn, colour * 0.95))
    return made


def _legs(rng, centre, size, turn: float, colour) -> list[Mesh]:
    width, height, depth = size
    made = []
    for x in (-1, 1):
        for z in (-1, 1):
            corner = about_y(turn) @ np.array([x * (width / 2 - 0.03), 0, z * (depth / 2 - 0.03)])
            at = np.array([centre[0], height / 2, centre[2]]) + corner
            made.append(box(rng, at, (0.05, height, 0.05), turn, colour))
    return made


def bed(rng, joints: np.ndarray, height: float) -> list[Mesh]:
    """A bed under someone who lies or sits there; joints [17,3]."""
    middle, along = joints[[0, 4, 13, 16]].mean(0), (joints[4] - joints[0]) * (1, 0, 1)
    if np.linalg.norm(along) < 0.2:
        along = np.array([0, 0, 1.0])
    return _bed(rng, middle, along / np.linalg.norm(along), height)


def _bed(rng, middle: np.ndarray, along: np.ndarray, height: float) -> list[Mesh]:
    u = rng.uniform
    turn, width, length = np.arctan2(along[0], along[2]), u(0.8, 1.7), u(1.9, 2.2)
    colour = (cloth(rng) + 60).clip(0, 255) if rng.random() < 0.6 else cloth(rng)
    at = np.array([middle[0], height / 2, middle[2]])
    made = [box(rng, at, (width, 0.98 * height, length), turn, colour)]
    head = middle + along * (length / 2 - 0.2)
    if rng.random() < 0.7:
        pillow = np.array([head[0], height + 0.01, head[2]])
        made.append(
            box(rng, pillow, (0.7 * width, 0.06, 0.35), turn, (cloth(rng) + 80).clip(0, 255))
        )
    if rng.random() < 0.5:
        board = middle + along * (length / 2 + 0.03)
        tall = height + u(0.2, 0.6)
        made.append(
            box(
                rng, np.array([board[0], tall / 2, board[2]]), (width, tall, 0.06), turn, cloth(rng)
            )
        )
    return made


def beside(rng, points: np.ndarray) -> list[Mesh]:
    """Up to three other things that stand around, sometimes in front; now and then an empty bed."""
    made, u = [], rng.uniform
    middle, reach = points.mean(0), np.ptp(points[:, [0, 2]], 0).max() / 2
    for _ in range(rng.choice([0, 1, 2, 3], p=[0.4, 0.3, 0.2, 0.1])):
        angle, away = u(0, 6.28), u(0.6, 2.5) + reach
        at = middle + away * np.array([np.cos(angle), 0, np.sin(angle)])
        if rng.random() < 0.12:
            along = np.array([np.sin(angle), 0, np.cos(angle)])
            made += _bed(rng, at, along, u(0.25, 0.6))
            continue
        height = u(0.3, 1.2) if rng.random() < 0.8 else u(1.2, 2.2)
        size, turn, colour = (u(0.3, 1.6), height, u(0.3, 1)), u(0, 6.28), cloth(rng)
        if rng.random() < 0.4:  # a table
            top = np.array([at[0], height - 0.03, at[2]])
            made.append(box(rng, top, (size[0], 0.06, size[2]), turn, colour))
            made += _legs(rng, at, size, turn, colour * 0.7)
        else:
            made.append(box(rng, np.array([at[0], height / 2, at[2]]), size, turn, colour))
    return made


def scattered(rng, points: np.ndarray) -> list[Mesh]:
    """In every second place: bundles on the floor, posts and barriers.

    A bundle is of the size of somebody who lies there, or smaller. Without them the network takes
    every such thing for somebody who lies on the floor.
    """
    if rng.random() < 0.5:
        return []
    made, u = [], rng.uniform
    middle, reach = points.mean(0) * (1, 0, 1), np.ptp(points[:, [0, 2]], 0).max() / 2
    for _ in range(rng.integers(1, 6)):
        angle, away = u(0, 6.28), u(0.5, 4) + reach
        at = middle + away * np.array([np.cos(angle), 0, np.sin(angle)])
        kind = rng.choice([_bundle, _post, _barrier], p=[0.6, 0.25, 0.15])
        made += kind(rng, at, u(0, 6.28))
    return made


def _bundle(rng, at: np.ndarray, turn: float) -> list[Mesh]:
    """A bag, a stone, a heap of clothes, a sleeping dog: one to three boxes in a row."""
    u, made = rng.uniform, []
    along = about_y(turn) @ np.array([0, 0, 1.0])
    for _ in range(rng.integers(1, 4)):
        size = np.array([u(0.12, 0.5), u(0.08, 0.4), u(0.12, 0.7)])
        at = at + along * size[2] / 2
        made.append(box(rng, _raised(at, size[1] / 2), size, turn + u(-0.3, 0.3), cloth(rng)))
        at = at + along * size[2] / 2
    return made


def _post(rng, at: np.ndarray, turn: float) -> list[Mesh]:
    """A post, a lamp, a traffic cone; half of them with a sign."""
    u = rng.uniform
    wide, tall = u(0.04, 0.14), u(0.4, 2.6)
    made = [box(rng, _raised(at, tall / 2), (wide, tall, wide), turn, cloth(rng))]
    if rng.random() < 0.5:
        size = (u(0.2, 0.7), u(0.2, 0.6), 0.03)
        made.append(
            box(rng, _raised(at, max(tall * u(0.5, 1), size[1] / 2)), size, turn, cloth(rng))
        )
    return made


def _barrier(rng, at: np.ndarray, turn: float) -> list[Mesh]:
    """A tape, a handrail, a fence of one or two bars."""
    u, colour = rng.uniform, cloth(rng)
    long, thick, height = u(1, 6), u(0.03, 0.15), u(0.4, 1.1)
    return [
        box(rng, _raised(at, height * share), (long, thick, 0.03), turn, colour)
        for share in (1, 0.5)[: rng.integers(1, 3)]
    ]


def _raised(at: np.ndarray, height: float) -> np.ndarray:
    return at + np.array([0, height, 0])

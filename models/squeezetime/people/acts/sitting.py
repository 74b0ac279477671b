"""Sitting down and standing up: on chairs and sofas, sometimes on the floor, gently and hard."""

import numpy as np

from ..poses import (
    AT,
    DEGREE,
    FALLING,
    FRAME_RATE,
    FRAMES,
    SMOOTH,
    Furniture,
    Motion,
    blended,
    keyed,
    pose,
)
from ..postures import busy_arms, sit, stand, steps


def sit_down(rng: np.random.Generator) -> Motion:
    """A sixth of the time people drop into the seat: fast, the body leaning back."""
    u, floor = rng.uniform, rng.random() < 0.12
    dropped = not floor and rng.random() < 0.2
    seated, standing = sit(rng, floor), stand(rng)
    if dropped:
        seated = pose(seated, tip=u(-35, -5), bend=u(-15, 10))
    takes = u(0.35, 0.6) if dropped else u(0.6, 1.7)
    begins, turn = u(-0.1, 0.9), _turn(rng)
    before = pose(standing, yaw=-turn)
    keys = [
        (-1, before),
        (begins - 0.45 * abs(turn) / 90 - 0.05, before),
        (begins, standing),
        (begins + takes / 2, _between(rng, seated)),
        (begins + takes, seated, FALLING if dropped else SMOOTH),
        (begins + takes + 1.5, pose(seated, bend=u(-15, 30), turn=u(-40, 40))),
    ]
    comes = rng.random() < 0.6 and begins > 0.3
    gait = steps(rng, stop=begins) if comes else None
    return keyed("", keys, gait=gait, furniture=_seat(floor, begins + takes))


def stand_up(rng: np.random.Generator) -> Motion:
    u, floor = rng.uniform, rng.random() < 0.12
    seated, standing = sit(rng, floor), stand(rng)
    takes, begins, turn = u(0.6, 1.7), u(-0.1, 0.8), _turn(rng)
    after = pose(standing, yaw=turn)
    keys = [
        (-1, pose(seated, bend=u(-15, 30))),
        (begins, seated),
        (begins + takes / 2, _between(rng, seated)),
        (begins + takes, standing),
        (begins + takes + 0.45 * abs(turn) / 90 + 0.05, after),
        (begins + 4, after),
    ]
    gait = steps(rng, start=begins + takes) if rng.random() < 0.6 else None
    return keyed("", keys, gait=gait, furniture=_seat(floor, begins))


def _turn(rng) -> float:
    """Degrees between the way someone comes or goes and the way the seat faces."""
    return rng.uniform(-180, 180) if rng.random() < 0.5 else rng.uniform(-20, 20)


def _between(rng, seated: np.ndarray) -> np.ndarray:
    """Half-way, bent ahead over the feet."""
    middle = blended(stand(rng), seated, 0.6)
    middle[AT["bend"]] += rng.uniform(10, 45) * DEGREE
    return busy_arms(rng, middle) if rng.random() < 0.4 else middle


def _seat(floor: bool, seconds: float) -> Furniture:
    if floor:
        return Furniture()
    return Furniture(seat=int(np.clip(round(seconds * FRAME_RATE), 0, FRAMES - 1)))

"""Lying still, lying down and getting up: on the floor, a bed or a sofa."""

import numpy as np

from ..poses import AT, DEGREE, FRAMES, RATE, SECONDS, Furniture, Motion, blended, keyed, pose
from ..postures import kneel, lying, on_all_fours, sit, stand, steps

MIDDLE = FRAMES // 2
ARMS_AND_KNEES = ("l_arm", "r_arm", "l_elbow", "r_elbow", "l_knee", "r_knee", "l_hip", "r_hip")


def lie(rng: np.random.Generator) -> Motion:
    u, bed = rng.uniform, rng.random() < 0.5
    height = u(0.25, 0.6) if bed else 0.0
    first = lying(rng, support=height)
    furniture = Furniture(bed=MIDDLE, bed_height=height) if bed else None
    if rng.random() < 0.4:  # does not move at all
        return keyed("", [(0, first), (2, first)], on_feet=False, furniture=furniture)
    moved = pose(first, turn=u(-60, 60), nod=u(-20, 30))
    if rng.random() < 0.5:
        for name in rng.choice(ARMS_AND_KNEES, 3):
            moved[AT[name]] = max(0, moved[AT[name]] + u(-30, 30) * DEGREE)
    if rng.random() < 0.12:  # rolls over
        moved = pose(moved, spin=u(-80, 80))
    keys = [(0, first), (u(0.3, 1), first), (2, moved)]
    return keyed("", keys, on_feet=False, furniture=furniture)


def _rolled(rng, posture: np.ndarray) -> np.ndarray:
    """Sometimes on a side, or from the back to the belly."""
    if rng.random() < 0.55:
        return posture
    return pose(posture, spin=rng.choice([-1, 1]) * rng.uniform(60, 120))


def _stages(rng, postures: list, on_feet_until: int, down: bool, height: float) -> Motion:
    """Through these postures, from upright to lying, or the other way; not always all are seen."""
    takes = rng.uniform(1, 3.2) if down else rng.uniform(1, 3.5)
    begins = rng.uniform(-0.4 * takes, max(0.1, SECONDS - 0.75 * takes))
    shares = np.cumsum([0, *rng.uniform(0.6, 1.4, len(postures) - 1)])
    times = begins + takes * shares / shares[-1]
    order = postures if down else postures[::-1]
    keys = [(-5, order[0]), *zip(times, order, strict=True), (12, order[-1])]
    seconds = np.arange(int(RATE * SECONDS) + 1) / RATE
    turn = times[on_feet_until] if down else times[len(times) - 1 - on_feet_until]
    on_feet = (seconds < turn) if down else (seconds > turn)
    gait = None
    if down and begins > 0.4 and rng.random() < 0.4:
        gait = steps(rng, stop=begins)
    if not down and times[-1] < 1.5 and rng.random() < 0.5:
        gait = steps(rng, start=times[-1])
    frame = FRAMES - 1 if down else 0
    furniture = Furniture(bed=frame, bed_height=height) if height else None
    return keyed("", keys, on_feet=on_feet.astype(float), gait=gait, furniture=furniture)


def _by_the_bed(rng) -> tuple[list, int, float]:
    """Standing, sitting on the edge, half down, lying."""
    u, psi, height = rng.uniform, 180 + rng.uniform(-15, 15), rng.uniform(0.3, 0.6)
    lies = pose(lying(rng, psi), support=height)
    seat = pose(sit(rng, False), psi=psi)
    half = pose(blended(seat, lies, 0.5), tip=u(35, 65), psi=psi, support=height * u(0.6, 1))
    return [pose(stand(rng), psi=psi), seat, half, lies], 1, height


def _by_sitting(rng) -> tuple[list, int, float]:
    """Standing, sitting on the floor, half down, lying."""
    u, psi = rng.uniform, 180 + rng.uniform(-25, 25)
    lies, seat = _rolled(rng, lying(rng, psi)), pose(sit(rng, True), psi=psi, tip=u(0, 30))
    half = pose(blended(seat, lies, 0.5), tip=u(35, 65), psi=psi)
    crouches = pose(seat, tip=u(0, 20), l_knee=u(90, 130), r_knee=u(90, 130), l_hip=100, r_hip=100)
    return [pose(stand(rng), psi=psi), pose(crouches, psi=psi), seat, half, lies], 1, 0.0


def _by_kneeling(rng) -> tuple[list, int, float]:
    """Standing, on one knee, on all fours, lying on the belly or a side."""
    u = rng.uniform
    psi = u(-25, 25)
    lies = _rolled(rng, lying(rng, psi))
    fours = pose(on_all_fours(rng), psi=psi)
    propped = pose(blended(fours, lies, 0.5), tip=u(72, 88), psi=psi)
    return [pose(stand(rng), psi=psi), pose(kneel(rng), psi=psi), fours, propped, lies], 1, 0.0


def lie_down_on_a_bed(rng: np.random.Generator) -> Motion:
    postures, until, height = _by_the_bed(rng)
    return _stages(rng, postures, until, True, height)


def lie_down_by_sitting(rng: np.random.Generator) -> Motion:
    postures, until, height = _by_sitting(rng)
    return _stages(rng, postures, until, True, height)


def lie_down_by_kneeling(rng: np.random.Generator) -> Motion:
    postures, until, height = _by_kneeling(rng)
    return _stages(rng, postures, until, True, height)


def get_up_from_a_bed(rng: np.random.Generator) -> Motion:
    postures, until, height = _by_the_bed(rng)
    return _stages(rng, postures, until, False, height)


def get_up_by_sitting(rng: np.random.Generator) -> Motion:
    postures, until, height = _by_sitting(rng)
    return _stages(rng, postures, until, False, height)


def get_up_by_kneeling(rng: np.random.Generator) -> Motion:
    postures, until, height = _by_kneeling(rng)
    return _stages(rng, postures, until, False, height)


def sit_up(rng: np.random.Generator) -> Motion:
    """No further than sitting: in bed, or on the floor."""
    postures, _, height = _by_the_bed(rng) if rng.random() < 0.5 else _by_sitting(rng)
    seat = pose(sit(rng, True), psi=180, support=height)
    return _stages(rng, [seat, *postures[-2:]], 0, False, height)


LIE_DOWN = {lie_down_on_a_bed: 3, lie_down_by_sitting: 2, lie_down_by_kneeling: 2}
GET_UP = {get_up_from_a_bed: 2, get_up_by_sitting: 2.5, get_up_by_kneeling: 2.5, sit_up: 1.2}

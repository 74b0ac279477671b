"""Ordinary life, which is no action of the model: `other`.

Among it stands what looks like one: push-ups, a stumble that is caught, stretching, reaching up.
"""

import numpy as np

from ..poses import AT, FRAMES, Furniture, Motion, keyed, pose
from ..postures import busy_arms, kneel, on_all_fours, sit, stand, steps, swinging


def _seat(seated: bool) -> Furniture | None:
    return Furniture(seat=FRAMES // 2) if seated else None


def stay(rng: np.random.Generator) -> Motion:
    """Stands or sits, and shifts a little, looks round, turns a page."""
    u, seated = rng.uniform, rng.random() < 0.5
    first = sit(rng) if seated else stand(rng)
    moved = first
    if rng.random() < 0.6:
        moved = pose(busy_arms(rng, first), turn=u(-50, 50), nod=u(-10, 35))
    share, begins = (u(0.1, 1) if rng.random() < 0.6 else 0.05), u(0, 1.5)
    moved = first * (1 - share) + moved * share
    keys = [(-1, first), (begins, first), (begins + u(0.4, 1.2), moved), (9, (first + moved) / 2)]
    return keyed("", keys, furniture=_seat(seated))


def stand_still(rng: np.random.Generator) -> Motion:
    """Waits, reads or looks at something, and hardly moves."""
    posture = stand(rng)
    return keyed("", [(0, posture), (2, pose(posture, turn=rng.uniform(-15, 15)))])


def set_off(rng: np.random.Generator) -> Motion:
    """Stands for most of the time, and takes the first steps at the end."""
    start = rng.uniform(1.2, 1.8)
    posture = stand(rng)
    turned = pose(posture, yaw=rng.uniform(-150, 150) if rng.random() < 0.6 else 0)
    keys = [(-1, posture), (start - 0.4, posture), (start + 0.5, turned), (9, turned)]
    return keyed("", keys, gait=steps(rng, start=start))


def come_to_rest(rng: np.random.Generator) -> Motion:
    """Takes the last steps at the beginning, and then stands."""
    posture = stand(rng)
    return keyed("", [(0, posture), (2, posture)], gait=steps(rng, stop=rng.uniform(0.3, 0.8)))


def gesture(rng: np.random.Generator) -> Motion:
    """Talks with the hands, points, takes a phone to the ear, scratches the head."""
    u, seated = rng.uniform, rng.random() < 0.4
    posture = sit(rng) if seated else stand(rng)
    keys, seconds = [(-0.5, posture)], u(0, 0.3)
    while seconds < 2.2:
        reached = busy_arms(rng, posture)
        for side in rng.choice(["l_", "r_"], rng.integers(1, 3)):
            values = {"arm": u(0, 130), "out": u(-20, 70), "elbow": u(20, 140)}
            reached = pose(reached, **{side + name: v for name, v in values.items()})
        reached = pose(reached, twist=u(-30, 30), turn=u(-60, 60), nod=u(-20, 30))
        takes = u(0.25, 0.9)
        keys.append((seconds + takes, reached))
        seconds += takes
        if rng.random() < 0.5:
            pause = u(0.2, 0.8)
            keys.append((seconds + pause, reached))
            seconds += pause
    return keyed("", keys, furniture=_seat(seated))


def work(rng: np.random.Generator) -> Motion:
    """The hands go to and fro on something: typing, cooking, wiping, sweeping, eating."""
    u, seated = rng.uniform, rng.random() < 0.5
    posture = sit(rng, False) if seated else stand(rng, bend=u(0, 35))
    posture = pose(
        posture, l_arm=u(20, 70), r_arm=u(20, 70), l_elbow=u(30, 110), r_elbow=u(30, 110)
    )
    swing = {"l_elbow": u(0, 25), "r_elbow": u(5, 35), "r_arm": u(0, 20), "l_roll": u(0, 20)}
    if not seated:
        swing |= {"twist": u(0, 15), "bend": u(0, 8)}
    return keyed(
        "",
        [(0, posture), (2, posture)],
        gait=swinging(rng, swing, u(0.5, 3)),
        furniture=_seat(seated),
    )


def turn_round(rng: np.random.Generator) -> Motion:
    u, posture = rng.uniform, stand(rng)
    begins = u(-0.3, 0.8)
    turned = pose(stand(rng), yaw=rng.choice([-1, 1]) * u(50, 200))
    return keyed(
        "", [(-1, posture), (begins, posture), (begins + u(0.6, 1.4), turned), (9, turned)]
    )


def reach_up(rng: np.random.Generator) -> Motion:
    """To a shelf, a switch, a curtain."""
    u, posture = rng.uniform, stand(rng)
    up = pose(posture, r_arm=u(90, 175), l_arm=u(0, 175), r_elbow=u(0, 40), twist=u(-30, 30))
    begins, takes = u(-0.3, 0.8), u(0.4, 1)
    keys = [(-1, posture), (begins, posture), (begins + takes, up)]
    keys += [(begins + takes + u(0.1, 0.8), up), (begins + 2 * takes + 0.8, posture), (9, posture)]
    return keyed("", keys)


def exercise(rng: np.random.Generator) -> Motion:
    """Leans to the sides, turns the trunk, lifts the arms in front."""
    u, posture = rng.uniform, stand(rng)
    swings = (
        {"side": u(15, 35)},
        {"twist": u(25, 55)},
        {"l_arm": u(30, 60), "r_arm": u(30, 60)},
        {"l_hip": u(15, 40), "r_hip": -u(15, 40)},
    )
    swing = swings[rng.integers(len(swings))]
    return keyed("", [(0, posture), (2, posture)], gait=swinging(rng, swing, u(0.3, 1)))


def push_ups(rng: np.random.Generator) -> Motion:
    u = rng.uniform
    plank = pose(
        tip=u(72, 80), psi=0, l_arm=82, r_arm=82, l_out=u(0, 25), r_out=u(0, 25), nod=u(-30, 10)
    )
    low = pose(plank, tip=u(84, 88), l_elbow=u(70, 100), r_elbow=u(70, 100), l_arm=30, r_arm=30)
    middle, half = (plank + low) / 2, (low - plank) / 2
    pace, phase = u(0.4, 1), u(0, 6.28)

    def gait(seconds):
        return np.sin(2 * np.pi * pace * seconds + phase)[:, None] * half

    return keyed("", [(0, middle), (2, middle)], on_feet=False, gait=gait)


def work_on_the_floor(rng: np.random.Generator) -> Motion:
    """Kneels or is on all fours, and wipes, plays or repairs: stays where it is."""
    u = rng.uniform
    posture = kneel(rng) if rng.random() < 0.6 else on_all_fours(rng)
    swing = {"r_arm": u(5, 25), "r_elbow": u(0, 30), "twist": u(0, 15), "turn": u(0, 20)}
    return keyed("", [(0, posture), (2, posture)], gait=swinging(rng, swing, u(0.4, 2)))


def stumble(rng: np.random.Generator) -> Motion:
    """Nearly falls, and is on the feet again within a second."""
    u, posture = rng.uniform, stand(rng)
    psi, begins = u(-180, 180), u(-0.1, 0.9)
    posture = pose(posture, psi=psi)
    arms = {"l_out": u(30, 100), "r_out": u(30, 100), "l_arm": u(-30, 90), "r_arm": u(-30, 90)}
    bent = pose(posture, tip=u(12, 28), l_knee=u(20, 70), r_hip=u(20, 60), bend=u(0, 35), **arms)
    keys = [(-1, posture), (begins, posture), (begins + u(0.25, 0.5), bent)]
    keys += [(begins + u(0.7, 1.2), posture), (9, posture)]
    return keyed("", keys, gait=steps(rng, run=rng.random() < 0.2))


def wheelchair(rng: np.random.Generator) -> Motion:
    """Rolls along seated: a chair that moves, or none that is drawn."""
    u, posture = rng.uniform, sit(rng, False)
    speed = u(0.2, 0.9)

    def gait(seconds):
        added = swinging(rng, {"l_arm": 25, "r_arm": 25, "l_elbow": 15}, 0.7)(seconds)
        added[:, AT["ahead"]] = speed * seconds
        return added

    return keyed("", [(0, posture), (2, posture)], on_feet=False, gait=gait)


WAYS = {
    stay: 5,
    stand_still: 2.5,
    set_off: 1.2,
    come_to_rest: 0.8,
    gesture: 4,
    work: 3,
    turn_round: 1.5,
    reach_up: 1.5,
    exercise: 1,
    push_ups: 0.8,
    work_on_the_floor: 1,
    stumble: 1,
    wheelchair: 0.4,
}

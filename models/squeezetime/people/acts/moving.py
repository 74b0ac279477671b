"""Walking, running, crawling and jumping."""

import numpy as np

from ..poses import AT, DEGREE, PARAMETERS, RATE, Motion, keyed, pose
from ..postures import busy_arms, lying, on_all_fours, stand, steps, swinging


def walk(rng: np.random.Generator) -> Motion:
    u = rng.uniform
    posture = stand(rng) if rng.random() < 0.6 else stand(rng, bend=u(0, 35), nod=u(-20, 20))
    posture = pose(posture, l_knee=u(2, 12), r_knee=u(2, 12))
    if rng.random() < 0.25:  # carries or reads something
        posture = busy_arms(rng, posture)
    turned = pose(posture, yaw=u(-120, 120) if rng.random() < 0.35 else 0)
    return keyed("", [(0, posture), (2, turned)], gait=steps(rng))


def arrive(rng: np.random.Generator) -> Motion:
    """Walks for most of the time, then stands."""
    posture, stop = stand(rng), rng.uniform(1.1, 1.8)
    turned = pose(posture, yaw=rng.uniform(-90, 90) if rng.random() < 0.4 else 0)
    keys = [(0, posture), (stop - 0.5, posture), (stop + 0.3, turned), (9, turned)]
    return keyed("", keys, gait=steps(rng, stop=stop))


def leave(rng: np.random.Generator) -> Motion:
    """Stands, then walks away for most of the time, often with a turn before."""
    posture, start = stand(rng), rng.uniform(0.2, 0.9)
    turned = pose(posture, yaw=rng.uniform(-180, 180) if rng.random() < 0.7 else 0)
    keys = [(-1, posture), (start - 0.3, posture), (start + 0.5, turned), (9, turned)]
    return keyed("", keys, gait=steps(rng, start=start))


WALK = {walk: 7, arrive: 1.5, leave: 1.5}


def run(rng: np.random.Generator) -> Motion:
    u = rng.uniform
    posture = stand(rng, bend=u(5, 22), l_elbow=u(50, 110), r_elbow=u(50, 110))
    turned = pose(posture, yaw=u(-120, 120) if rng.random() < 0.25 else 0)
    return keyed("", [(0, posture), (2, turned)], gait=steps(rng, run=True))


def on_hands_and_knees(rng: np.random.Generator) -> Motion:
    u, posture = rng.uniform, on_all_fours(rng)
    swing = u(10, 28)
    limbs = {"l_hip": swing, "r_hip": -swing, "l_arm": -swing, "r_arm": swing}
    return _creeping(rng, posture, limbs, u(0.2, 0.7))


def on_the_belly(rng: np.random.Generator) -> Motion:
    u = rng.uniform
    posture = pose(lying(rng, psi=u(-10, 10)), l_arm=u(110, 160), r_arm=u(110, 160), nod=u(-40, 0))
    swing = u(15, 40)
    limbs = {"l_hip": swing, "r_hip": -swing, "l_knee": swing, "r_knee": -swing}
    limbs |= {"l_arm": -swing, "r_arm": swing, "l_elbow": swing, "r_elbow": -swing}
    return _creeping(rng, posture, limbs, u(0.1, 0.4))


def _creeping(rng, posture, limbs, speed) -> Motion:
    swing = swinging(rng, limbs, rng.uniform(0.5, 1.2))

    def gait(seconds):
        added = swing(seconds)
        added[:, AT["ahead"]] = speed * seconds
        return added

    return keyed("", [(0, posture), (2, posture)], on_feet=False, gait=gait)


CRAWL = {on_hands_and_knees: 3, on_the_belly: 1}


def jump_on_and_on(rng: np.random.Generator) -> Motion:
    """In place, over a rope, or further each time."""
    return _jumps(rng, arms={"arm": rng.uniform(0, 60)}, legs=0, ahead=_sometimes(rng))


def jumping_jacks(rng: np.random.Generator) -> Motion:
    return _jumps(rng, arms={"out": rng.uniform(60, 165)}, legs=rng.uniform(15, 35), ahead=0)


def jump_for_joy(rng: np.random.Generator) -> Motion:
    return _jumps(rng, arms={"arm": rng.uniform(110, 175)}, legs=0, ahead=0)


def _sometimes(rng) -> float:
    return rng.uniform(0, 0.8) if rng.random() < 0.4 else 0


def _jumps(rng, arms: dict[str, float], legs: float, ahead: float) -> Motion:
    u, posture = rng.uniform, stand(rng)
    pace, phase, height, bent = u(0.6, 1.6), u(0, 1), u(0.08, 0.5), u(25, 80)

    def gait(seconds):
        added = np.zeros((len(seconds), len(PARAMETERS)))
        cycle = (seconds * pace + phase) % 1
        air = np.clip((cycle - 0.45) / 0.4, 0, 1)
        flight = 4 * air * (1 - air)
        squat = np.clip(1 - np.abs(cycle - 0.3) / 0.2, 0, 1)
        squat += 0.7 * np.clip(1 - np.abs(cycle - 0.92) / 0.1, 0, 1)
        added[:, AT["above"]] = height * flight
        for side in ("l_", "r_"):
            added[:, AT[side + "knee"]] += bent * squat * DEGREE
            added[:, AT[side + "hip"]] += 0.6 * bent * squat * DEGREE
            added[:, AT[side + "wide"]] += legs * flight * DEGREE
            for name, degrees in arms.items():
                added[:, AT[side + name]] += degrees * flight * DEGREE
        added[:, AT["bend"]] += 25 * squat * DEGREE
        added[:, AT["ahead"]] = ahead * np.cumsum(flight > 0) / RATE
        return added

    return keyed("", [(0, posture), (2, posture)], gait=gait)


def jump_once(rng: np.random.Generator) -> Motion:
    """Squats, leaps ahead or up, lands in a squat; now and then with a run before it."""
    u = rng.uniform
    start, flight, far, high = u(0.1, 1), u(0.25, 0.5), u(0, 1.4), u(0.15, 0.5)
    standing, bent = stand(rng), u(40, 95)
    squat = pose(
        standing, l_knee=bent, r_knee=bent, l_hip=0.8 * bent, r_hip=0.8 * bent, bend=u(10, 40)
    )
    squat = pose(squat, l_arm=u(-60, 20), r_arm=u(-60, 20))
    reach = pose(
        standing, l_arm=u(60, 170), r_arm=u(60, 170), bend=u(0, 15), ahead=far / 2, above=high
    )
    landing = pose(squat, ahead=far, l_arm=u(20, 90), r_arm=u(20, 90))
    keys = [
        (-3, standing),
        (start - 0.35, standing),
        (start, squat),
        (start + flight / 2, reach),
        (start + flight, landing, 1.0),
        (start + flight + u(0.3, 0.6), pose(standing, ahead=far)),
        (9, pose(standing, ahead=far)),
    ]
    gait = steps(rng, run=True, stop=start) if rng.random() < 0.3 else None
    return keyed("", keys, on_feet=False, gait=gait)


JUMP = {jump_on_and_on: 3, jumping_jacks: 2, jump_for_joy: 1.5, jump_once: 3}

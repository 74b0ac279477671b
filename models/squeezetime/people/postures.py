"""Postures with chance in them: how people stand, sit, kneel and lie."""

import numpy as np

from .poses import AT, DEGREE, PARAMETERS, RATE, Gait, pose


def stand(rng: np.random.Generator, **values: float) -> np.ndarray:
    u = rng.uniform
    made = pose(
        bend=u(-5, 15),
        side=u(-5, 5),
        twist=u(-10, 10),
        nod=u(-15, 30),
        turn=u(-40, 40),
        **_for_both(lambda: {"arm": u(-10, 25), "out": u(3, 18), "elbow": u(5, 40)}),
        **_for_both(
            lambda: {"wide": u(0, 12), "hip": u(-8, 12), "knee": u(0, 14), "toe": u(0, 20)}
        ),
    )
    if rng.random() < 0.25:
        made = busy_arms(rng, made)
    return pose(made, **values)


def _for_both(values) -> dict[str, float]:
    return {side + name: v for side in ("l_", "r_") for name, v in values().items()}


def busy_arms(rng: np.random.Generator, base: np.ndarray) -> np.ndarray:
    """Arms that hold, carry or work on something."""
    u, made = rng.uniform, base
    for side in ("l_", "r_"):
        if rng.random() < 0.7:
            values = {"arm": u(0, 80), "out": u(-10, 40), "roll": u(-60, 60), "elbow": u(20, 130)}
            made = pose(made, **{side + name: v for name, v in values.items()})
    return made


def sit(rng: np.random.Generator, floor: bool | None = None) -> np.ndarray:
    u = rng.uniform
    floor = rng.random() < 0.2 if floor is None else floor
    made = pose(stand(rng), psi=0, tip=u(-25, 10))
    if floor:
        legs = _for_both(lambda: {"hip": u(70, 110), "knee": u(0, 120), "wide": u(0, 45)})
        made = pose(made, bend=u(-10, 40), **legs)
    else:
        height = u(75, 105)
        legs = _for_both(lambda: {"hip": height + u(-10, 10), "knee": u(60, 110), "wide": u(0, 22)})
        made = pose(made, bend=u(-10, 35), **legs)
    arms = _for_both(lambda: {"arm": u(0, 60), "elbow": u(10, 100), "out": u(0, 25)})
    made = pose(made, **arms)
    return busy_arms(rng, made) if rng.random() < 0.3 else made


def kneel(rng: np.random.Generator, both: bool | None = None) -> np.ndarray:
    """On one knee or on both, upright or bent over something on the floor."""
    u = rng.uniform
    both = rng.random() < 0.4 if both is None else both
    made = pose(stand(rng), bend=u(0, 55), tip=u(0, 15), psi=0, nod=u(0, 35))
    down = u(95, 140)
    legs = {"l_hip": u(-10, 15), "l_knee": down, "l_ankle": -45}
    if both:
        legs |= {"r_hip": legs["l_hip"] + u(-5, 5), "r_knee": down + u(-5, 5), "r_ankle": -45}
    else:
        legs |= {"r_hip": u(75, 105), "r_knee": u(80, 110)}
    made = pose(made, **legs)
    reach = _for_both(lambda: {"arm": u(20, 80), "elbow": u(10, 80), "out": u(-5, 20)})
    return pose(made, **reach)


def crouch(rng: np.random.Generator) -> np.ndarray:
    u = rng.uniform
    knee = u(80, 130)
    made = pose(stand(rng), bend=u(15, 60), tip=u(0, 20), psi=0)
    legs = _for_both(
        lambda: {"knee": knee + u(-8, 8), "hip": knee * u(0.75, 0.95), "wide": u(0, 30)}
    )
    reach = _for_both(lambda: {"arm": u(20, 100), "elbow": u(0, 60), "out": u(-5, 20)})
    return pose(made, l_ankle=u(10, 30), r_ankle=u(10, 30), **legs, **reach)


def on_all_fours(rng: np.random.Generator) -> np.ndarray:
    u = rng.uniform
    limbs = _for_both(
        lambda: {"arm": u(72, 90), "hip": u(78, 95), "knee": u(82, 98), "elbow": u(0, 30)}
    )
    return pose(tip=u(72, 90), psi=0, nod=u(-50, 20), l_ankle=-40, r_ankle=-40, **limbs)


def limp(
    rng: np.random.Generator, base: np.ndarray, arms: float = 1, legs: float = 1
) -> np.ndarray:
    """Limbs and spine that nothing holds; arms and legs: 0 straight to 1 anyhow."""
    u = rng.uniform
    made = base
    for side in ("l_", "r_"):
        values = {
            "arm": u(-40, 170) * arms,
            "out": u(0, 90) * arms,
            "elbow": u(0, 110),
            "roll": u(-60, 60),
            "hip": u(-10, 80) * legs,
            "knee": u(0, 110) * legs,
            "wide": u(0, 35) * legs,
            "ankle": u(-40, 10),
        }
        made = pose(made, **{side + name: v for name, v in values.items()})
    trunk = {"bend": u(-15, 40), "side": u(-20, 20), "twist": u(-30, 30), "nod": u(-30, 30)}
    return pose(made, turn=u(-60, 60), **trunk)


def lying(rng: np.random.Generator, psi: float | None = None, **values: float) -> np.ndarray:
    """psi: which side is down, 180 for the back, 0 for the face, degrees."""
    u = rng.uniform
    if psi is None:
        psi = rng.choice([180, 180, 0, 90, -90]) + u(-25, 25)
    straight = rng.random() < 0.6
    made = limp(rng, pose(), arms=u(0.2, 1), legs=u(0, 0.4) if straight else 1)
    for side in ("l_", "r_"):  # no leg is held up in the air: the feet rest on the floor
        hip = u(-5, 12) if straight else u(0, 50)
        made = pose(made, **{side + "hip": hip, side + "knee": max(0, 2 * hip + u(-10, 25))})
    return pose(made, tip=90 + u(-8, 8), psi=psi, spin=0, **values)


def steps(rng: np.random.Generator, run: bool = False, start: float = -1, stop: float = 9) -> Gait:
    """Legs and arms of someone who walks, or runs, from start to stop seconds."""
    u = rng.uniform
    pace = u(1.15, 1.6) if run else u(0.55, 1.1)
    swing, lift = (u(28, 48), u(60, 110)) if run else (u(12, 30), u(25, 60))
    arms, bounce = (u(25, 60), u(0.02, 0.07)) if run else (u(0, 32), 0.0)
    phase, limp_share, glide = u(0, 6.28), u(0.75, 1), u(0.6, 2)

    def gait(seconds: np.ndarray) -> np.ndarray:
        added = np.zeros((len(seconds), len(PARAMETERS)))
        share = np.clip((seconds - start) / 0.3, 0, 1) * np.clip((stop - seconds) / 0.3, 0, 1)
        angle = 2 * np.pi * pace * seconds + phase
        sin, cos, unit = np.sin(angle), np.cos(angle), share * DEGREE
        added[:, AT["l_hip"]] = unit * swing * (sin + 0.2)
        added[:, AT["r_hip"]] = unit * swing * (0.2 - sin * limp_share)
        added[:, AT["l_knee"]] = unit * lift * np.clip(cos, 0, 1) ** 1.3
        added[:, AT["r_knee"]] = unit * lift * limp_share * np.clip(-cos, 0, 1) ** 1.3
        added[:, AT["l_arm"]] = -unit * arms * sin
        added[:, AT["r_arm"]] = unit * arms * sin
        added[:, AT["twist"]] = unit * 6 * sin
        added[:, AT["above"]] = share * bounce * np.abs(sin)
        if run:
            added[:, AT["ahead"]] = np.cumsum(share) / RATE * glide
        return added

    return gait


def swinging(rng: np.random.Generator, amounts: dict[str, float], pace: float) -> Gait:
    """These parameters (degrees) go to and fro, `pace` times a second."""
    phase = rng.uniform(0, 6.28)

    def gait(seconds: np.ndarray) -> np.ndarray:
        added = np.zeros((len(seconds), len(PARAMETERS)))
        for name, degrees in amounts.items():
            added[:, AT[name]] = degrees * DEGREE * np.sin(2 * np.pi * pace * seconds + phase)
        return added

    return gait

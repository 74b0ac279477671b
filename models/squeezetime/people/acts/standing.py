"""What people do on their feet: bending, waving, fighting."""

import numpy as np

from ..poses import FRAMES, Furniture, Motion, keyed, pose
from ..postures import busy_arms, crouch, kneel, sit, stand, steps, swinging


def bend_down(rng: np.random.Generator) -> Motion:
    """To the floor or to a table, with straight or bent knees: picks something up, and rises."""
    u, standing = rng.uniform, stand(rng)
    knee = u(0, 110) if rng.random() < 0.7 else 15
    down = pose(
        standing,
        bend=u(30, 90),
        tip=u(0, 35),
        psi=0,
        nod=u(-30, 30),
        l_knee=knee,
        r_knee=knee + u(-15, 25),
        l_hip=0.7 * knee + u(10, 50),
        r_hip=0.7 * knee + u(10, 50),
        l_arm=u(30, 110),
        r_arm=u(30, 110),
        l_elbow=u(0, 50),
        r_elbow=u(0, 50),
    )
    return _down_and_up(rng, standing, down, u(0.35, 0.9), u(0, 0.9))


def crouch_down(rng: np.random.Generator) -> Motion:
    return _down_and_up(rng, stand(rng), crouch(rng), rng.uniform(0.4, 1), rng.uniform(0.2, 2))


def kneel_down(rng: np.random.Generator) -> Motion:
    return _down_and_up(rng, stand(rng), kneel(rng), rng.uniform(0.6, 1.3), rng.uniform(0.2, 2))


def tie_shoes(rng: np.random.Generator) -> Motion:
    """Crouches or kneels on one knee, the hands busy at a foot."""
    u = rng.uniform
    down = crouch(rng) if rng.random() < 0.4 else kneel(rng, both=False)
    down = pose(down, bend=u(45, 85), nod=u(10, 35), l_arm=u(30, 80), r_arm=u(30, 80))
    fingers = {"l_elbow": u(5, 15), "r_elbow": -u(5, 15), "l_arm": u(2, 8)}
    motion = swinging(rng, fingers, u(1, 2.5))
    if rng.random() < 0.5:  # is down there all the time
        return keyed("", [(0, down), (2, pose(down, bend=u(45, 85)))], gait=motion)
    begins = u(-0.5, 0.6)
    keys = [(-2, stand(rng)), (begins, stand(rng)), (begins + u(0.5, 1), down), (9, down)]
    return keyed("", keys, gait=motion)


def _down_and_up(rng, standing, down, takes: float, stays: float) -> Motion:
    u, begins = rng.uniform, rng.uniform(-0.6 * takes - 0.5 * stays, 0.7)
    later = pose(down, l_arm=u(20, 110), r_arm=u(20, 110), twist=u(-25, 25))
    up = begins + takes + stays
    after = stand(rng)
    keys = [(-4, standing), (begins, standing), (begins + takes, down), (up, later)]
    keys += [(up + takes, after), (9, after)]
    gait = None
    if rng.random() < 0.25:
        gait = steps(rng, stop=begins) if rng.random() < 0.5 else steps(rng, start=up + takes)
    return keyed("", keys, gait=gait)


BEND = {bend_down: 4, crouch_down: 1.5, kneel_down: 1.5, tie_shoes: 1.5}


def wave_an_arm(rng: np.random.Generator) -> Motion:
    """The upper arm raised, the forearm or the whole arm going to and fro."""
    u = rng.uniform
    arm = str(rng.choice(["l_", "r_"]))
    seated = rng.random() < 0.25
    base = sit(rng, False) if seated else stand(rng)
    raised = pose(
        base, **{arm + "arm": u(0, 40), arm + "out": u(60, 160), arm + "elbow": u(10, 110)}
    )
    swing = {arm + str(rng.choice(["elbow", "out", "roll"])): u(15, 45), arm + "out": u(4, 14)}
    return _waving(rng, base, raised, swing, seated=seated)


def wave_for_help(rng: np.random.Generator) -> Motion:
    """Both arms up, going together or crossing."""
    u, base = rng.uniform, stand(rng)
    raised = base
    for arm in ("l_", "r_"):
        raised = pose(
            raised, **{arm + "out": u(100, 165), arm + "arm": u(0, 30), arm + "elbow": u(0, 50)}
        )
    sign = rng.choice([-1, 1])
    swing = {"l_out": u(20, 45), "r_out": sign * u(20, 45), "side": u(0, 6)}
    return _waving(rng, base, raised, swing)


def wave_ahead(rng: np.random.Generator) -> Motion:
    """The arm stretched ahead, the hand going sideways: hello, come here, stop."""
    u, base = rng.uniform, stand(rng)
    arm = str(rng.choice(["l_", "r_"]))
    raised = pose(base, **{arm + "arm": u(70, 150), arm + "out": u(0, 40), arm + "elbow": u(0, 70)})
    swing = {arm + "out": u(15, 40), arm + "elbow": u(0, 30)}
    return _waving(rng, base, raised, swing)


def _waving(rng, base, raised, swing: dict[str, float], seated: bool = False) -> Motion:
    u = rng.uniform
    keys = [(0, raised), (2, raised)]
    if rng.random() < 0.4:
        keys = [(-1, base), (u(-0.2, 0.2), base), (u(0.4, 0.8), raised), (9, raised)]
    to_and_fro = swinging(rng, swing, u(0.8, 2.4))
    walking = steps(rng) if not seated and rng.random() < 0.2 else None

    def gait(seconds):
        added = to_and_fro(seconds)
        return added if walking is None else added + walking(seconds)

    furniture = Furniture(seat=FRAMES // 2) if seated else None
    return keyed("", keys, gait=gait, furniture=furniture)


WAVE = {wave_an_arm: 4, wave_for_help: 3, wave_ahead: 1.5}


def fight(rng: np.random.Generator) -> Motion:
    u = rng.uniform
    guard = pose(
        stand(rng),
        l_arm=u(10, 60),
        l_elbow=u(60, 125),
        r_arm=u(10, 60),
        r_elbow=u(60, 125),
        l_hip=u(0, 30),
        l_knee=u(5, 35),
        r_knee=u(5, 35),
        r_hip=u(-15, 10),
        twist=u(-30, 30),
        bend=u(0, 25),
    )
    keys, seconds = [(-0.3, guard)], u(-0.2, 0.3)
    blows = {"punch": _punch, "kick": _kick, "push": _push, "grab": _grab}
    style = rng.choice([*blows, "mixed"], p=[0.35, 0.17, 0.13, 0.15, 0.2])
    while seconds < 2.1:
        blow = blows[style if style != "mixed" else rng.choice(list(blows))]
        hit, takes = blow(rng, guard)
        keys += [(seconds, guard), (seconds + takes, hit), (seconds + 2 * takes, guard)]
        seconds += 2 * takes + u(0, 0.4)
    keys.append((9, guard))
    return keyed("", keys, gait=steps(rng) if rng.random() < 0.25 else None)


def wrestle(rng: np.random.Generator) -> Motion:
    """Holds on to someone: bent ahead, the arms about the other, pulling and turning to and fro."""
    u = rng.uniform
    base = pose(
        stand(rng),
        bend=u(15, 60),
        l_arm=u(40, 100),
        r_arm=u(40, 100),
        l_elbow=u(20, 110),
        r_elbow=u(20, 110),
        l_hip=u(10, 50),
        r_hip=u(-20, 40),
        l_knee=u(10, 60),
        r_knee=u(10, 60),
    )
    keys, seconds = [(-0.3, base)], u(-0.2, 0.2)
    while seconds < 2.1:
        seconds += u(0.15, 0.5)
        pulled = pose(base, bend=u(0, 75), side=u(-25, 25), twist=u(-45, 45), yaw=u(-70, 70))
        pulled = pose(pulled, ahead=u(-0.4, 0.4), left=u(-0.4, 0.4), tip=u(-10, 20))
        keys.append((seconds, pose(pulled, l_arm=u(20, 120), r_arm=u(20, 120))))
    return keyed("", keys, on_feet=rng.random() < 0.5)


FIGHT = {fight: 3, wrestle: 1.2}


def _arm(rng) -> tuple[str, int]:
    return ("l_", -1) if rng.random() < 0.5 else ("r_", 1)


def _punch(rng, guard):
    u, (arm, sign) = rng.uniform, _arm(rng)
    straight = {arm + "arm": u(60, 110), arm + "elbow": u(0, 40), arm + "out": u(-10, 50)}
    return pose(guard, twist=sign * u(10, 50), bend=u(0, 30), ahead=u(0, 0.3), **straight), u(
        0.12, 0.28
    )


def _kick(rng, guard):
    u, (leg, _) = rng.uniform, _arm(rng)
    up = {leg + "hip": u(50, 115), leg + "knee": u(0, 40), leg + "wide": u(0, 40)}
    return pose(guard, bend=u(-25, 10), tip=u(-25, 5), **up), u(0.17, 0.4)


def _push(rng, guard):
    u = rng.uniform
    arms = {"l_arm": u(60, 100), "r_arm": u(60, 100), "l_elbow": u(0, 40), "r_elbow": u(0, 40)}
    return pose(guard, bend=u(5, 40), ahead=u(0, 0.4), **arms), u(0.15, 0.36)


def _grab(rng, guard):
    u = rng.uniform
    held = pose(busy_arms(rng, guard), l_arm=u(40, 110), r_arm=u(40, 110), bend=u(0, 60))
    return pose(held, twist=u(-50, 50), yaw=u(-50, 50), ahead=u(-0.3, 0.4)), u(0.18, 0.42)

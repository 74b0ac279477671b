"""Falls, in every direction: toppling, collapsing, slipping, tripping, off a chair, off a bed.

A clip shows at least half of the fall. What comes before and after it fills the rest: standing,
walking, sitting or lying.
"""

import numpy as np

from ..poses import FALLING, RATE, SECONDS, Furniture, Motion, keyed, pose
from ..postures import kneel, limp, lying, sit, stand, steps


def _ways_down(rng) -> float:
    return rng.uniform(-180, 180)


def _begin(rng, takes: float) -> float:
    """Seconds into the clip: sometimes before it, sometimes so late that its end is not seen."""
    return rng.uniform(-0.35 * takes, SECONDS - 0.75 * takes)


def _after(rng, down: np.ndarray, at: float) -> list:
    """Lies still, or moves a little."""
    u = rng.uniform
    later = pose(down, turn=u(-60, 60), nod=u(-30, 30))
    if rng.random() < 0.5:
        later = pose(later, bend=u(-15, 40), l_arm=u(-20, 120), r_elbow=u(0, 110))
    return [(at + u(0.3, 1), later), (9, later)]


def _fallen(keys, rng, ends: float, walks_until: float | None = None, **more) -> Motion:
    seconds = np.arange(int(RATE * SECONDS) + 1) / RATE
    on_feet = np.clip((ends - 0.15 - seconds) / 0.1, 0, 1)
    gait = None
    if walks_until is not None:
        gait = steps(rng, run=rng.random() < 0.2, stop=walks_until)
    return keyed("", keys, on_feet=on_feet, gait=gait, **more)


def _moving(rng, begins: float) -> float | None:
    return begins + 0.2 if rng.random() < 0.5 else None


def topple(rng: np.random.Generator) -> Motion:
    """Stiff or loose, over the feet, towards any side."""
    u, psi, takes = rng.uniform, _ways_down(rng), rng.uniform(0.45, 1.2)
    begins, standing = _begin(rng, takes), stand(rng)
    loose = limp(rng, standing, arms=u(0.3, 1), legs=u(0, 0.6))
    down = lying(rng, psi)
    keys = [
        (-4, pose(standing, psi=psi)),
        (begins, pose(standing, psi=psi)),
        (begins + 0.6 * takes, pose(loose, tip=u(15, 42), psi=psi), FALLING),
        (begins + takes, down, FALLING),
        *_after(rng, down, begins + takes),
    ]
    return _fallen(keys, rng, begins + takes, _moving(rng, begins))


def collapse(rng: np.random.Generator) -> Motion:
    """The knees give way first, then the body sinks to a side: fainting, also slowly."""
    u, psi, takes = rng.uniform, _ways_down(rng), rng.uniform(0.7, 1.6)
    begins, standing = _begin(rng, takes), stand(rng)
    knees = {"l_knee": u(80, 135), "r_knee": u(80, 135), "l_hip": u(20, 100), "r_hip": u(20, 100)}
    sunk = pose(limp(rng, standing, arms=0.4), tip=u(0, 20), psi=psi, **knees)
    down = lying(rng, psi)
    keys = [
        (-4, pose(standing, psi=psi)),
        (begins, pose(standing, psi=psi)),
        (begins + 0.5 * takes, sunk, FALLING),
        (begins + takes, down, FALLING),
        *_after(rng, down, begins + takes),
    ]
    return _fallen(keys, rng, begins + takes, _moving(rng, begins))


def slip(rng: np.random.Generator) -> Motion:
    """The feet go ahead, the body falls on its seat and then on the back."""
    u, takes = rng.uniform, rng.uniform(0.5, 1.0)
    psi = 180 + u(-35, 35)
    begins, standing = _begin(rng, takes), stand(rng)
    legs = {"l_hip": u(40, 95), "r_hip": u(20, 95), "l_knee": u(0, 60), "r_knee": u(0, 60)}
    arms = {"l_out": u(40, 110), "r_out": u(40, 110), "l_arm": u(-60, 60), "r_arm": u(-60, 60)}
    seat = pose(standing, tip=u(25, 55), psi=psi, bend=u(0, 30), **legs, **arms)
    down = lying(rng, psi) if rng.random() < 0.75 else pose(seat, tip=u(30, 60))
    keys = [
        (-4, pose(standing, psi=psi)),
        (begins, pose(standing, psi=psi)),
        (begins + 0.65 * takes, seat, FALLING),
        (begins + takes, down, FALLING),
        *_after(rng, down, begins + takes),
    ]
    return _fallen(keys, rng, begins + takes, begins + 0.1)


def trip(rng: np.random.Generator) -> Motion:
    """Ahead, out of a walk or a run, on to the hands and the belly; some roll over."""
    u, takes = rng.uniform, rng.uniform(0.5, 1.0)
    psi = u(-30, 30)
    begins, standing = _begin(rng, takes), stand(rng)
    arms = {"l_arm": u(70, 130), "r_arm": u(70, 130), "l_elbow": u(0, 60), "r_elbow": u(0, 60)}
    ahead = pose(standing, tip=u(30, 55), psi=psi, l_hip=u(-20, 50), r_hip=u(-20, 50), **arms)
    down = pose(lying(rng, psi), l_arm=u(60, 150), r_arm=u(60, 150))
    far = u(0.2, 0.9)
    keys = [
        (-4, pose(standing, psi=psi)),
        (begins, pose(standing, psi=psi)),
        (begins + 0.6 * takes, pose(ahead, ahead=0.6 * far, r_knee=u(0, 90)), FALLING),
        (begins + takes, pose(down, ahead=far), FALLING),
        *_after(rng, pose(down, ahead=far), begins + takes),
    ]
    return _fallen(keys, rng, begins + takes, begins + 0.15)


def off_a_chair(rng: np.random.Generator) -> Motion:
    """Sideways, ahead, or slides down from the seat."""
    u, takes = rng.uniform, rng.uniform(0.5, 1.3)
    psi = rng.choice([90, -90, 0]) + u(-35, 35)
    begins, seated = _begin(rng, takes), sit(rng, False)
    leans = pose(limp(rng, seated, arms=0.6, legs=0.8), tip=u(20, 45), psi=psi)
    leans = pose(leans, l_hip=u(50, 100), r_hip=u(50, 100), l_knee=u(50, 110), r_knee=u(50, 110))
    down = lying(rng, psi)
    way = {"ahead": u(0.1, 0.5)} if abs(psi) < 45 else {"left": np.sign(psi) * u(0.2, 0.6)}
    down = pose(down, **way)
    keys = [
        (-4, pose(seated, psi=psi)),
        (begins, pose(seated, psi=psi)),
        (begins + 0.55 * takes, leans, FALLING),
        (begins + takes, down, FALLING),
        *_after(rng, down, begins + takes),
    ]
    return _fallen(keys, rng, begins + 0.5 * takes, furniture=Furniture(seat=0))


def off_a_bed(rng: np.random.Generator) -> Motion:
    """Rolls over the edge and drops to the floor."""
    u, takes = rng.uniform, rng.uniform(0.6, 1.4)
    height, side = u(0.3, 0.6), rng.choice([-1, 1])
    begins, psi = _begin(rng, takes), 180 + u(-20, 20)
    lies = pose(lying(rng, psi), support=height)
    edge = pose(lies, spin=side * u(60, 110), left=side * 0.55)
    down = pose(lying(rng, psi), spin=side * u(120, 200), left=side * u(0.8, 1.1), support=0)
    keys = [
        (-4, lies),
        (begins, lies),
        (begins + 0.6 * takes, edge),
        (begins + takes, down, FALLING),
        *_after(rng, down, begins + takes),
    ]
    bed = Furniture(bed=0, bed_height=height)
    return keyed("", keys, on_feet=False, furniture=bed)


def on_to_a_bed(rng: np.random.Generator) -> Motion:
    """Backwards on to a bed or sofa, without a hand to slow it."""
    u, takes, height = rng.uniform, rng.uniform(0.5, 0.9), rng.uniform(0.3, 0.55)
    psi = 180 + u(-30, 30)
    begins, standing = _begin(rng, takes), pose(stand(rng), psi=psi)
    down = pose(lying(rng, psi), support=height)
    falls = pose(standing, tip=u(25, 45), psi=psi, support=height * 0.4)
    keys = [
        (-4, standing),
        (begins, standing),
        (begins + 0.65 * takes, falls, FALLING),
        (begins + takes, down, FALLING),
        *_after(rng, down, begins + takes),
    ]
    return _fallen(keys, rng, begins + takes, furniture=Furniture(bed=15, bed_height=height))


def on_to_the_knees(rng: np.random.Generator) -> Motion:
    """Caught by the knees and hands, or half-way down, before the rest follows."""
    u, takes = rng.uniform, rng.uniform(0.9, 1.6)
    psi = u(-60, 60)
    begins, standing = _begin(rng, takes), stand(rng)
    knees = pose(kneel(rng, both=True), psi=psi, tip=u(5, 35))
    down = lying(rng, psi)
    keys = [
        (-4, pose(standing, psi=psi)),
        (begins, pose(standing, psi=psi)),
        (begins + 0.4 * takes, knees, FALLING),
        (begins + 0.65 * takes, pose(knees, tip=u(20, 50))),
        (begins + takes, down, FALLING),
        *_after(rng, down, begins + takes),
    ]
    return _fallen(keys, rng, begins + takes, _moving(rng, begins))


WAYS = {
    topple: 4,
    collapse: 3,
    slip: 2.5,
    trip: 2,
    off_a_chair: 2,
    off_a_bed: 0.7,
    on_to_a_bed: 0.8,
    on_to_the_knees: 1.2,
}

"""How each action is made out of key poses: for every label several ways, each with chance in it.

A way is a function of a random generator that returns a Motion. WAYS says how often each is drawn.
"""

from collections.abc import Callable

import numpy as np

from ..poses import Motion
from . import daily, falling, lying, moving, sitting, standing

Way = Callable[[np.random.Generator], Motion]

WAYS: dict[str, dict[Way, float]] = {
    "other": daily.WAYS,
    "walk": moving.WALK,
    "run": {moving.run: 1},
    "sit_down": {sitting.sit_down: 1},
    "stand_up": {sitting.stand_up: 1},
    "fall": falling.WAYS,
    "lying": {lying.lie: 1},
    "get_up": lying.GET_UP,
    "lie_down": lying.LIE_DOWN,
    "bend": standing.BEND,
    "wave": standing.WAVE,
    "jump": moving.JUMP,
    "fight": standing.FIGHT,
    "crawl": moving.CRAWL,
}


def make(rng: np.random.Generator, label: str) -> Motion:
    ways, shares = zip(*WAYS[label].items(), strict=True)
    way = ways[rng.choice(len(ways), p=np.array(shares) / sum(shares))]
    motion = way(rng)
    motion.name = f"made:{label}:{way.__name__}"
    return motion

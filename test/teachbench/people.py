"""The hard case: each event shows another person, in another place, from another camera."""

from collections.abc import Iterator

import numpy as np
from squeezetime.people.clip import draw_pair
from squeezetime.people.motions import Library

from teachbench.days import Event

ACTIONS = ("sit_down", "stand_up", "fall", "get_up", "lie_down", "bend", "wave", "jump", "run", "crawl")
OTHERS = ("other", "walk", "lying", "fight")
FRAMES, SIDE = 16, 96


def events(rng, each: int, day: int) -> Iterator[Event]:
    """So many of each action, and twice as many of everything else, by held-out people. A day has each motion twice."""
    library = Library(True)
    labels = [label for label in ACTIONS for _ in range(each // 2)] + [label for label in OTHERS for _ in range(each)]
    for label in rng.permutation(labels):
        for clip in draw_pair(library, (19, day, int(rng.integers(1 << 31))), True, str(label)):
            frames = clip.pixels.reshape(SIDE, SIDE, FRAMES, 3).transpose(2, 0, 1, 3)
            yield Event(str(label), np.ascontiguousarray(frames))

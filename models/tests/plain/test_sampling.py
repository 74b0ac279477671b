import json

import pytest

from paths import SAMPLER
from squeezetime.sampling import Sampler, on_grid, on_ticks


@pytest.mark.parametrize("case", json.loads(SAMPLER.read_text()), ids=lambda case: case["name"])
def test_the_frames_that_edged_takes(case):
    sampler = Sampler(case["rate"])
    ticks = [sampler.take(time) for time in case["times"]]
    assert [-1 if tick is None else tick for tick in ticks] == case["ticks"]


def shown(*times):
    """What is shown at 10 ticks a second; the items are their own times, in 1/10 s."""
    return list(on_grid(((round(t * 1e8), t) for t in times), 10))


def test_one_missing_frame_is_held_and_more_begin_anew():
    assert shown(0, 1, 2, 3) == [0, 1, 2, 3]
    assert shown(0, 1, 3, 4) == [0, 1, 1, 3, 4]
    assert shown(0, 1, 4, 5) == [0, 1, None, 4, 5]
    assert shown(0, 1, 36000, 36001) == [0, 1, None, 36000, 36001]
    assert shown(5, 6, 0, 1) == [5, 6, None, 0, 1]
    assert shown(5, 5, 6) == [5, 6]


def test_ticks_go_on_over_gaps_and_steps_back():
    def ticks(*times):
        timed = ((round(t * 1e8), t) for t in times)
        return [tick for tick, item in on_ticks(timed, 10) if item is not None]

    assert ticks(0, 1, 3, 4) == [0, 1, 2, 3, 4]
    assert ticks(0, 1, 40, 41) == [0, 1, 40, 41]
    assert ticks(5, 6, 0, 1, 40) == [0, 1, 2, 3, 42]

"""Which frames of a video the model is shown: edged's own rule, capture/sampler.go and
infer/schedule.go in Python. capture/testdata/sampler.json holds the two together.
"""

from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
MAX_HOLD = 2  # ticks from one frame to the next: more is a stretch of time that nobody has seen


class Sampler:
    """Picks the frames on a grid of `rate` ticks a second that begins with the first one.

    A frame is taken when, by the measured interval between frames, no later one will be nearer to
    the next tick. Times are whole nanoseconds, and divided as Go does.
    """

    def __init__(self, rate: float):
        self.rate, self.period = rate, int(1e9 / rate)
        self.origin: int | None = None

    def take(self, time: int) -> int | None:
        """The tick that the frame stands for, None where it is not wanted.

        Tick 0 is always a new grid: the first frame, or time that went backwards.
        """
        if self.origin is None or time < self.last:
            self.origin = self.last = time
            self.interval, self.next = 0, 1
            return 0
        if time == self.last:
            return None
        self._measure(time - self.last)
        self.last = time
        if self._position(time + self.interval // 2) < self.next:
            return None
        tick = self._nearest(time)
        self.next = tick + 1
        return tick

    def _measure(self, interval: int) -> None:
        if not self.interval:
            self.interval = interval
            return
        change = min(interval, 2 * self.interval) - self.interval
        self.interval += change // 8 if change >= 0 else -(-change // 8)

    def _position(self, time: int) -> float:
        """In ticks from the origin."""
        seconds, rest = divmod(time - self.origin, 1_000_000_000)
        return (seconds + rest / 1e9) * self.rate

    def _nearest(self, time: int) -> int:
        position = self._position(time)
        if position < self.next + 1 and self.interval < self.period * 5 // 4:
            return self.next  # about the grid's own rate: jitter must not take and skip at random
        return max(self.next, int(position + 0.5))


def on_grid(timed: Iterable[tuple[int, Item]], rate: float) -> Iterator[Item | None]:
    """The items of on_ticks."""
    return (item for _, item in on_ticks(timed, rate))


def on_ticks(timed: Iterable[tuple[int, Item]], rate: float) -> Iterator[tuple[int, Item | None]]:
    """One of the items (each after its time in nanoseconds) for every tick, and the tick: the first
    is 0, and where time goes back the ticks go on.

    A tick without one holds the item before it. None says that more than that is missing: what
    follows belongs to other windows than what came before.
    """
    sampler, last, held, begun = Sampler(rate), None, None, 0
    for time, item in timed:
        tick = sampler.take(time)
        if tick is None:
            continue
        if last is not None:
            missing = tick - last - 1
            if missing < 0:
                begun += last + 1
            if 0 <= missing < MAX_HOLD:
                yield from ((begun + last + 1 + k, held) for k in range(missing))
            else:
                yield begun + tick, None
        yield begun + tick, item
        last, held = tick, item

"""The takes of the CMU Graphics Lab Motion Capture Database that show an action of ours.

`python -m squeezetime.people.cmu FOLDER OUTPUT` writes the packaged motions anew, with those takes
whose files, NN_TT.amc or NN_TT.bvh, lie in FOLDER.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from . import captured, folder
from .captured import RATE, Capture

# Subject: trials. "sit" stands for takes in which somebody sits down, and stands up again.
TAKES: dict[str, dict[int, tuple[int, ...]]] = {
    "walk": {
        3: (1, 2, 3, 4),
        6: (1,),
        7: tuple(range(1, 13)),
        8: tuple(range(1, 12)),
        16: (*range(11, 17), *range(21, 27), 31, 32, 47, 58),
        17: (3,),
        29: (1,),
    },
    "run": {
        9: tuple(range(1, 12)),
        16: (*range(35, 47), *range(48, 57)),
        127: (3, *range(6, 13)),
    },
    "fight": {14: (2,), 17: (10,), 135: (*range(2, 8), *range(9, 12))},
    "jump": {16: (*range(1, 8), 9, 10)},
    "other": {
        14: (4, 5, 10, 11, 12, 13, 15, 17, 18, 19, 37),
        29: (2, 3, 4, 5, 7, 8, 9, 11),
    },
    "sit": {14: (27, 28, 29, 30, 31, 32, 36)},
}
BEFORE_JUMP, AFTER_JUMP = round(0.8 * RATE), 2 * RATE  # frames around the highest place
AFTER_SIT = round(2.2 * RATE)
LOWERED = 0.35  # leg lengths within a second: somebody sat down
LONGEST = {"walk": 8 * RATE, "run": 8 * RATE}
LONGEST_OTHER = 25 * RATE


def parts(capture: Capture) -> Iterator[Capture]:
    """What is used of a take, named NN_TT: nothing, all of it, or up to two parts."""
    subject, trial = (int(number) for number in capture.name.split("_"))
    for kind, takes in TAKES.items():
        if trial in takes.get(subject, ()):
            yield from _parts(replace(capture, name=f"cmu:{capture.name}"), kind)


def _parts(take: Capture, kind: str) -> Iterator[Capture]:
    height = take.root[:, 1]
    if kind == "sit":
        even = np.convolve(np.pad(height, 2, "edge"), np.ones(5) / 5, "valid")
        rises = even[RATE:] - even[:-RATE]
        for part, label, moment, there in (
            ("a", "sit_down", rises.argmin(), rises.min() < -LOWERED),
            ("b", "stand_up", rises.argmax(), rises.max() > LOWERED),
        ):
            if there:
                named = replace(take, name=take.name + part)
                yield _cut(named, label, int(moment) - 2, int(moment) + AFTER_SIT)
    elif kind == "jump":
        top = int(height.argmax())
        yield _cut(take, kind, top - BEFORE_JUMP, top + AFTER_JUMP)
    else:
        begin = RATE // 2 if kind in LONGEST and len(height) > 3 * RATE else 0
        yield _cut(take, kind, begin, begin + LONGEST.get(kind, LONGEST_OTHER))


def _cut(take: Capture, label: str, begin: int, end: int) -> Capture:
    """The first frame of CMU's files may be a posture of rest: it is left out."""
    begin = max(1, begin)
    return Capture(f"{take.name}:{label}", label, take.world[begin:end], take.root[begin:end])


def main() -> None:
    source, output = map(Path, sys.argv[1:])
    packaged = {capture.name: capture for capture in captured.stored()}
    for take in folder.read(source):
        packaged |= {p.name: p for p in parts(replace(take, name=take.name.split(":")[-1]))}
    captured.write(output, list(packaged.values()))


if __name__ == "__main__":
    main()

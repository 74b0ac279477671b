"""Draws and cuts the days that `make bench-teach` tries teaching on: python -m teachbench DIR.

What is there already stays. Beside each NAME.mkv it writes NAME.tsv (what happens when), NAME.stills.f32 and
NAME.differences.f32: one float32 that says how many numbers a window has, then for each window its time in seconds and
its numbers.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from teachbench import days, differences, footage, people, scenes, stills

DARK = {1: 0.2, 2: 0.6}
# events of each action and of ordinary life on the first and on the second day
FULL = {"scene": ((24, 160), (60, 360)), "footage": (60, 240), "people": (16, 40)}
SMALL = {"scene": ((5, 16), (6, 24)), "footage": (20, 20), "people": (3, 3)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--vtest", type=Path, required=True, help="vtest.avi of opencv-doc")
    parser.add_argument("--labels", type=Path, required=True, help="follow/testdata")
    parser.add_argument("--checkpoint", type=Path, required=True, help="EfficientNet-lite0's weights, a .pth file")
    parser.add_argument("--small", action="store_true", help="a few events of each kind, to test the comparison itself")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    network = arguments.checkpoint.with_name("efficientnet-lite0.tflite")
    if not network.exists():
        stills.convert(arguments.checkpoint, network)
    for name, rate, events in listed(arguments, SMALL if arguments.small else FULL):
        path = arguments.folder / f"{name}.mkv"
        if not days.list_of(path).exists():
            print(f"{path}: {days.write(path, events(), rate)} events", flush=True)
        describe(path, stills.Network(network).windows, "stills")
        describe(path, differences.windows, "differences")


def listed(arguments, size):
    """Of each day its name, its frames a second, and what yields its events."""
    for index, (name, scene) in enumerate(scenes.SCENES.items()):
        for day, (actions, ordinary) in enumerate(size["scene"], 1):
            if name == "other_chair" and day == 2:
                continue  # nothing is tried there: its examples are for the first chair

            def drawn(day=day, scene=scene, index=index, actions=actions, ordinary=ordinary):
                rng = np.random.default_rng((index, day))
                return scene(index).events(rng, scenes.Day(day == 2, DARK[day]), actions, ordinary)

            yield f"{name}-{day}", scenes.FRAME_RATE, drawn
    for day, ordinary in enumerate(size["footage"], 1):
        rng = np.random.default_rng((7, day))
        yield (
            f"vtest-{day}",
            footage.RATE,
            lambda day=day, ordinary=ordinary, rng=rng: footage.events(
                arguments.vtest, arguments.labels, day, ordinary, rng
            ),
        )
    for day, each in enumerate(size["people"], 1):
        rng = np.random.default_rng((8, day))
        yield f"people-{day}", scenes.FRAME_RATE, lambda day=day, each=each, rng=rng: people.events(rng, each, day)


def describe(path: Path, windows, method: str) -> None:
    """Writes the numbers of all windows of the day beside it."""
    made = path.with_suffix(f".{method}.f32")
    if made.exists():
        return
    rows = np.concatenate([windows(times, frames) for times, frames in days.read(path)])
    beside = made.with_suffix(".part")
    np.concatenate([np.float32([rows.shape[1] - 1]), rows.ravel()]).tofile(beside)
    beside.replace(made)
    print(f"{made}: {len(rows)} windows", flush=True)


if __name__ == "__main__":
    main()

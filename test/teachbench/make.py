"""Draws and cuts the days that `make bench-teach` tries teaching on: python -m teachbench DIR.

What is there already stays. Beside each NAME.mkv it writes NAME.tsv (what happens when), NAME.stills.f32 and
NAME.differences.f32: one float32 that says how many numbers a window has, then for each window its time in seconds and
its numbers.
"""

import argparse
import multiprocessing
from pathlib import Path

import cv2
import numpy as np

from teachbench import days, differences, footage, people, scenes, stills

DARK = {1: 0.2, 2: 0.6}
# events of each action and of ordinary life on the first and on the second day
FULL = {"scene": ((16, 100), (40, 240)), "footage": (60, 100), "people": (14, 20)}
SMALL = {"scene": ((3, 8), (3, 10)), "footage": (6, 6), "people": (4, 4)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--vtest", type=Path, required=True, help="vtest.avi of opencv-doc")
    parser.add_argument("--labels", type=Path, required=True, help="follow/testdata")
    parser.add_argument("--checkpoint", type=Path, required=True, help="EfficientNet-lite0's weights, a .pth file")
    parser.add_argument("--small", action="store_true", help="a few events of each kind, to test the comparison itself")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    network = arguments.checkpoint.with_name("efficientnet-lite0.tflite")
    if not network.exists():
        stills.convert(arguments.checkpoint, network)
    jobs = [(arguments, name) for name, *_ in listed(arguments)]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        for line in pool.imap_unordered(make, jobs):
            print(line, flush=True)


def make(job) -> str:
    """Draws the day of that name and describes its windows; returns what to tell the user."""
    arguments, wanted = job
    cv2.setNumThreads(1)
    rate, events = next((rate, events) for name, rate, events in listed(arguments) if name == wanted)
    path = arguments.folder / f"{wanted}.mkv"
    if not days.list_of(path).exists():
        days.write(path, events(), rate)
    network = stills.Network(arguments.checkpoint.with_name("efficientnet-lite0.tflite"))
    if wanted.startswith("other_"):  # edged alone learns from it
        return f"{path}: drawn"
    described = describe(path, differences.windows, "differences"), describe(path, network.windows, "stills")
    return f"{path}: {described[0]} windows, {described[1]} of stills"


def listed(arguments):
    """Of each day its name, its frames a second, and what yields its events."""
    size = SMALL if arguments.small else FULL
    for index, (name, scene) in enumerate(scenes.SCENES.items()):
        for day, (actions, ordinary) in enumerate(size["scene"], 1):
            if name == "other_chair" and day == 2:
                continue  # nothing is tried there: its examples are for the first chair
            if name == "other_chair":
                ordinary = 0

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


def describe(path: Path, windows, method: str) -> int:
    """Writes the numbers of all windows of the day beside it, and returns how many windows there are."""
    made = path.with_suffix(f".{method}.f32")
    if not made.exists():
        rows = np.concatenate([windows(times, frames) for times, frames in days.read(path)])
        beside = made.with_suffix(".part")
        np.concatenate([np.float32([rows.shape[1] - 1]), rows.ravel()]).tofile(beside)
        beside.replace(made)
    stored = np.fromfile(made, np.float32)
    return (len(stored) - 1) // (int(stored[0]) + 1)

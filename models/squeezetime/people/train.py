"""`squeezetime train-people`: a training in pieces; a kill loses at most a few minutes."""

import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from ..packaging import write_whole
from ..starter.loop import carry_over, to_input
from . import network, shards
from .feed import Feed
from .grow import block_of
from .scaled import scaled
from .training import Losses, Recipe, Training

SAVE_EVERY = 300  # seconds


def train(
    data: Path, output: Path, recipe: Recipe, init: Path | None, drawn, compiled: bool = False
) -> None:
    """Trains for what is left of the recipe's minutes; writes the averaged weights to `output`.

    data/train holds the shards and data/held those that are tested. OUTPUT.state.pt, beside it,
    lets a training go on after a kill. compiled: torch compiles the network first, which takes one
    to three minutes for each size; a step is then 1.6 times as fast.
    """
    state_path = output.with_name(output.name.removesuffix(".npz") + ".state.pt")
    training = _begin(recipe, state_path, init, compiled)
    while training.half or training.seconds < 60 * recipe.minutes:
        end = recipe.half_minutes if training.half else recipe.minutes
        _run(training, data, output, state_path, 60 * end, drawn)
        if not training.half:
            break
        training = _whole(training)
        write_whole(state_path, training.content())
    write_whole(state_path, training.content())
    with training.averaged() as model:
        network.save(model, output)


def as_input(model, clips: np.ndarray) -> torch.Tensor:
    """Clips of any size as this network takes them."""
    return to_input(scaled(clips, model.input_shape[1]))


def _begin(recipe: Recipe, state_path: Path, init: Path | None, compiled: bool = False) -> Training:
    if state_path.exists():
        try:
            state = torch.load(state_path, weights_only=True)
        except Exception as error:  # of many kinds: what is damaged is read as something else
            raise ValueError(f"{state_path}: damaged; remove it to start anew") from error
        if {**state["recipe"], "minutes": 0} != {**asdict(recipe), "minutes": 0}:
            raise ValueError(
                f"{state_path}: of another training ({state['recipe']}); remove it to start anew"
            )
        training = Training(recipe, state["half"], compiled)
        training.restore(state)
        print(f"goes on after {training.seconds / 60:.1f} min, {training.steps} steps", flush=True)
        return training
    torch.manual_seed(recipe.seed)
    whole = Training(recipe, half=False, compiled=compiled)
    if init is not None:
        left = network.load_or_grow(whole.model, init)
        new = dict.fromkeys(block_of(name) for name in left)
        print(f"begins with {init}; new: {', '.join(new) or 'nothing'}", flush=True)
        whole.restart_average()
    if not recipe.half_minutes:
        return whole
    half = Training(recipe, half=True, compiled=compiled)
    carry_over(whole.model, half.model)
    half.restart_average()
    return half


def _whole(half: Training) -> Training:
    """The same network for pictures of the whole size, with the averaged weights."""
    training = Training(half.recipe, half=False, compiled=half.compiled)
    with half.averaged() as model:
        carry_over(model, training.model)
    training.restart_average()
    training.seconds, training.uses = half.seconds, half.uses
    return training


def _run(training, data: Path, output: Path, state_path: Path, end: float, drawn) -> None:
    recipe, before = training.recipe, training.seconds
    seed = 1_000_003 * recipe.seed + 2 * training.steps + training.half
    feed = Feed(data / "train", recipe.pairs, training.preset.size, seed, drawn, uses=training.uses)
    losses, begun = Losses(), None
    try:
        while training.seconds < end:
            training.step(feed.next(), training.seconds / (60 * recipe.minutes), losses)
            if begun is None:  # the first step also compiles the network, which is not counted
                begun = saved = time.monotonic()
            training.seconds = before + time.monotonic() - begun
            if time.monotonic() - saved >= SAVE_EVERY:
                _keep(training, data, output, state_path, losses)
                losses, saved = Losses(), time.monotonic()
    finally:
        feed.close()


def _keep(training: Training, data: Path, output: Path, state_path: Path, losses: Losses) -> None:
    write_whole(state_path, training.content())
    right = float("nan")
    if not training.half:
        with training.averaged() as model:
            network.save(model, output)
            right = held_out_accuracy(model, data / "held")
    done = f"{training.seconds / 60:.1f} min, step {training.steps}"
    print(f"{done}, {losses.line()}, held-out {right:.3f}", flush=True)


def held_out_accuracy(model, folder: Path, most: int = 512) -> float:
    """Over the first clips of the held-out shards; nan where there are none."""
    right = count = 0
    for path in shards.whole(folder):
        shard = shards.read(path)
        for start in range(0, len(shard.labels), 64):
            labels = shard.labels[start : start + 64]
            with torch.no_grad():
                logits = model(as_input(model, shard.clips[start : start + 64]), training=False)[0]
            right += int(((logits.argmax(1).numpy() == labels) & (labels >= 0)).sum())
            count += int((labels >= 0).sum())
            if count >= most:
                return right / count
    return right / count if count else float("nan")

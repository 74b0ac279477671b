"""Training on the torch backend, in pieces: a kill loses at most a few minutes."""

import io
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import keras
import numpy as np
import torch
from torch.nn import functional

from ..packaging import write_whole
from ..presets import PRESETS
from ..starter.loop import carry_over, rate_at, to_input
from . import network, refit, shards
from .feed import Batch, Feed
from .labels import LABELS

SMOOTHING, WEIGHT_DECAY, GRADIENT_NORM = 0.05, 0.01, 5.0
DRAWN_WEIGHT, POSE_WEIGHT, CONTRAST_WEIGHT = 0.5, 0.3, 0.3
TEMPERATURE = 0.1
POSE_SCALE = 0.4  # legs' lengths: about the deviation of a joint's place
AVERAGED = 0.998  # of the averaged weights stays at each step
SAVE_EVERY = 300  # seconds
MOST_SHARDS = 64  # that the classifier is fitted to in the end


@dataclass
class Recipe:
    """What a training is made of; another recipe cannot go on from its state."""

    preset: str
    minutes: float  # of work in all, pauses not counted
    half_minutes: float  # of these, first, on pictures of half the size
    peak_rate: float
    pairs: int  # a batch
    seed: int


@dataclass
class Losses:
    """Means since the last line that was printed."""

    total: float = 0.0
    right: int = 0
    labelled: int = 0
    steps: int = 0

    def line(self) -> str:
        share = self.right / max(self.labelled, 1)
        return f"loss {self.total / max(self.steps, 1):.3f}, right {share:.3f}"


class Training:
    """One network, its averaged weights and its optimizer, at one size of the pictures."""

    def __init__(self, recipe: Recipe, half: bool):
        preset = PRESETS[recipe.preset]
        self.recipe, self.half = recipe, half
        self.preset = replace(preset, size=preset.size // 2) if half else preset
        self.model = network.build(self.preset)
        self.parameters = [v.value for v in self.model.trainable_variables]
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=recipe.peak_rate, weight_decay=WEIGHT_DECAY
        )
        self.restart_average()
        self.steps, self.seconds = 0, 0.0

    def restart_average(self) -> None:
        self.average = [v.value.detach().clone() for v in self.model.weights]

    def step(self, batch: Batch, progress: float, losses: Losses) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = rate_at(self.recipe.peak_rate, progress)
        outputs = self.model(to_input(batch.clips), training=True)
        loss = loss_of(outputs, batch, 2 * self.recipe.pairs)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, GRADIENT_NORM)
        self.optimizer.step()
        self.steps += 1
        self._average()
        labels = torch.from_numpy(batch.labels)
        losses.total += loss.item()
        losses.right += int(((outputs[0].argmax(1) == labels) & (labels >= 0)).sum())
        losses.labelled += int((labels >= 0).sum())
        losses.steps += 1

    def _average(self) -> None:
        keep = min(AVERAGED, (1 + self.steps) / (10 + self.steps))
        for mean, variable in zip(self.average, self.model.weights, strict=True):
            mean.lerp_(variable.value.detach(), 1 - keep)

    def averaged(self) -> "Averaged":
        return Averaged(self)

    def content(self) -> bytes:
        content = io.BytesIO()
        state = {
            "recipe": asdict(self.recipe),
            "half": self.half,
            "weights": [v.value.detach() for v in self.model.weights],
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "steps": self.steps,
            "seconds": self.seconds,
        }
        torch.save(state, content)
        return content.getvalue()

    def restore(self, state: dict) -> None:
        for variable, value in zip(self.model.weights, state["weights"], strict=True):
            variable.assign(value)
        self.average = state["average"]
        self.optimizer.load_state_dict(state["optimizer"])
        self.steps, self.seconds = state["steps"], state["seconds"]


class Averaged:
    """Within it the model has the averaged weights."""

    def __init__(self, training: Training):
        self.training = training

    def __enter__(self):
        variables = self.training.model.weights
        self.kept = [v.value.detach().clone() for v in variables]
        for variable, mean in zip(variables, self.training.average, strict=True):
            variable.assign(mean)
        return self.training.model

    def __exit__(self, *_):
        for variable, value in zip(self.training.model.weights, self.kept, strict=True):
            variable.assign(value)


def loss_of(outputs, batch: Batch, people: int) -> torch.Tensor:
    """The first `people` clips of the batch are pairs of views; the others are drawn motions."""
    logits, drawn, pose, contrast = outputs
    loss = _cross_entropy(logits, batch.labels)
    loss = loss + DRAWN_WEIGHT * _cross_entropy(drawn, batch.drawn)
    truth = torch.from_numpy(batch.poses[:people].astype(np.float32)) / POSE_SCALE
    somebody = (truth.abs().sum(1) > 0).float()
    error = (pose[:people] - truth).square().clamp(max=9).mean(1)
    loss = loss + POSE_WEIGHT * (error * somebody).sum() / (somebody.sum() + 1)
    return loss + CONTRAST_WEIGHT * _between_views(contrast[:people])


def _cross_entropy(logits, labels: np.ndarray) -> torch.Tensor:
    if (labels < 0).all():
        return logits.sum() * 0
    truth = torch.from_numpy(labels)
    return functional.cross_entropy(logits, truth, ignore_index=-1, label_smoothing=SMOOTHING)


def _between_views(contrast) -> torch.Tensor:
    """Each clip shall find the other view of its motion among all clips of the batch."""
    unit = functional.normalize(contrast)
    alike = unit @ unit.T / TEMPERATURE
    alike = alike - torch.eye(len(unit)) * 1e9
    return functional.cross_entropy(alike, torch.arange(len(unit)) ^ 1)


def train(data: Path, output: Path, recipe: Recipe, init: Path | None, drawn) -> None:
    """Trains for what is left of the recipe's minutes; writes the averaged weights to `output`.

    data/train holds the shards and data/held those that are tested. OUTPUT.state.pt, beside it,
    lets a training go on after a kill.
    """
    state_path = output.with_suffix(".state.pt")
    training = _begin(recipe, state_path, init)
    while training.half or training.seconds < 60 * recipe.minutes:
        end = recipe.half_minutes if training.half else recipe.minutes
        _run(training, data, output, state_path, 60 * end, drawn)
        if not training.half:
            break
        training = _whole(training)
    write_whole(state_path, training.content())
    with training.averaged() as model:
        finish(model, data)
        network.save(model, output)


def finish(model, data: Path) -> None:
    """Fits the classifier to the clips of the training, and says what that does to the others."""
    before = held_out_accuracy(model, data / "held")
    features, labels = _features(model, data / "train")
    model.get_layer("classifier").set_weights(refit.classifier(features, labels, len(LABELS)))
    after = held_out_accuracy(model, data / "held")
    print(f"classifier fitted anew to {len(labels)} clips: held-out {before:.3f} -> {after:.3f}")


def _features(model, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """What the classifier reads of the labelled clips, [N,D], and their labels."""
    pool = keras.Model(model.input, model.get_layer("pool").output)
    features, labels = [], []
    for path in shards.whole(folder)[-MOST_SHARDS:]:
        shard = shards.read(path)
        with torch.no_grad():
            for start in range(0, len(shard.labels), 64):
                clips = to_input(shard.clips[start : start + 64])
                features.append(pool(clips, training=False).numpy())
        labels.append(shard.labels)
    known = np.concatenate(labels) >= 0
    return np.concatenate(features)[known], np.concatenate(labels)[known].astype(int)


def _begin(recipe: Recipe, state_path: Path, init: Path | None) -> Training:
    if state_path.exists():
        try:
            state = torch.load(state_path, weights_only=True)
        except Exception as error:  # of many kinds: what is damaged is read as something else
            raise ValueError(f"{state_path}: damaged; remove it to start anew") from error
        if {**state["recipe"], "minutes": 0} != {**asdict(recipe), "minutes": 0}:
            raise ValueError(
                f"{state_path}: of another training ({state['recipe']}); remove it to start anew"
            )
        training = Training(recipe, state["half"])
        training.restore(state)
        print(f"goes on after {training.seconds / 60:.1f} min, {training.steps} steps", flush=True)
        return training
    torch.manual_seed(recipe.seed)
    whole = Training(recipe, half=False)
    if init is not None:
        left = network.load(whole.model, init)
        print(f"begins with {init}; new: {', '.join(left) or 'nothing'}", flush=True)
        whole.restart_average()
    if not recipe.half_minutes:
        return whole
    half = Training(recipe, half=True)
    carry_over(whole.model, half.model)
    half.restart_average()
    return half


def _whole(half: Training) -> Training:
    """The same network for pictures of the whole size, with the averaged weights."""
    training = Training(half.recipe, half=False)
    with half.averaged() as model:
        carry_over(model, training.model)
    training.restart_average()
    training.seconds = half.seconds
    return training


def _run(training, data: Path, output: Path, state_path: Path, end: float, drawn) -> None:
    recipe, begun, before = training.recipe, time.monotonic(), training.seconds
    feed = Feed(
        data / "train", recipe.pairs, training.half, 1_000_003 * recipe.seed + training.steps, drawn
    )
    losses, saved = Losses(), time.monotonic()
    try:
        while training.seconds < end:
            training.step(feed.next(), training.seconds / (60 * recipe.minutes), losses)
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
                logits = model(to_input(shard.clips[start : start + 64]), training=False)[0]
            right += int(((logits.argmax(1).numpy() == labels) & (labels >= 0)).sum())
            count += int((labels >= 0).sum())
            if count >= most:
                return right / count
    return right / count if count else float("nan")


def labels_counted(folder: Path) -> dict[str, int]:
    """How many clips of each label the folder's shards hold."""
    every = np.concatenate([shards.read(p).labels for p in shards.whole(folder)] or [np.array([])])
    return {label: int((every == i).sum()) for i, label in enumerate(LABELS)}

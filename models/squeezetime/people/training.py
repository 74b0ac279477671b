"""One network while it is trained on the torch backend: its steps, its losses and its state."""

import io
from collections import Counter
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch
from torch.nn import functional

from ..presets import PRESETS
from ..starter.loop import rate_at
from . import network
from .feed import Batch

SMOOTHING, WEIGHT_DECAY, GRADIENT_NORM = 0.05, 0.01, 5.0
DRAWN_WEIGHT, POSE_WEIGHT, CONTRAST_WEIGHT = 0.5, 0.3, 0.3
TEMPERATURE = 0.1
POSE_SCALE = 0.4  # legs' lengths: about the deviation of a joint's place
AVERAGED = 0.998  # of the averaged weights stays at each step


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

    def __init__(self, recipe: Recipe, half: bool, compiled: bool = False):
        preset = PRESETS[recipe.preset]
        self.recipe, self.half = recipe, half
        self.preset = replace(preset, size=preset.size // 2) if half else preset
        self.model = network.build(self.preset)
        self.compiled = compiled
        self.outputs = torch.compile(self._outputs, dynamic=False) if compiled else self._outputs
        self.parameters = [v.value for v in self.model.trainable_variables]
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=recipe.peak_rate, weight_decay=WEIGHT_DECAY, fused=True
        )
        self.restart_average()
        self.steps, self.seconds = 0, 0.0
        self.uses: Counter = Counter()  # of each shard, by its name

    def restart_average(self) -> None:
        self.average = [v.value.detach().clone() for v in self.model.weights]

    def _shown(self, clips: torch.Tensor, light: torch.Tensor) -> list[torch.Tensor]:
        try:
            return self.outputs(clips, light)
        except (
            Exception
        ) as error:  # of many kinds: no compiler, no Python.h, no space for its files
            if not self.compiled or self.steps:
                raise
            raise ValueError(
                "torch cannot compile the network: train with --eager, or see what it misses: "
                f"{str(error).strip().splitlines()[0][:200]}"
            ) from error

    def _outputs(self, clips: torch.Tensor, light: torch.Tensor) -> list[torch.Tensor]:
        """Clips uint8 [N,S,S,48] in that light [2,N,48] -> what network.build lists."""
        gain, added = light[:, :, None, None]
        shown = (clips * gain + added).clamp(0, 255)
        return self.model((shown - 128) / 128, training=True)

    def step(self, batch: Batch, progress: float, losses: Losses) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = rate_at(self.recipe.peak_rate, progress)
        outputs = self._shown(torch.from_numpy(batch.clips), torch.from_numpy(batch.light))
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
        torch._foreach_lerp_(self.average, [v.value.detach() for v in self.model.weights], 1 - keep)

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
            "uses": dict(self.uses),
        }
        torch.save(state, content)
        return content.getvalue()

    def restore(self, state: dict) -> None:
        for variable, value in zip(self.model.weights, state["weights"], strict=True):
            variable.assign(value)
        self.average = state["average"]
        self.optimizer.load_state_dict(state["optimizer"])
        self.steps, self.seconds = state["steps"], state["seconds"]
        self.uses = Counter(state.get("uses", {}))  # an older state has none


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

"""Training on the torch backend: about twice as fast on a CPU as Keras on TensorFlow."""

import math
import time
from pathlib import Path

import keras
import numpy as np
import torch
from torch import distributed
from torch.nn import functional

from ..network import PositionMap
from ..resize import bilinear
from ..weights import save
from .augment import augmented_batch

BATCH = 32
WARM_UP = 0.05  # share of the training
WEIGHT_DECAY = 0.02
LABEL_SMOOTHING = 0.05
GRADIENT_NORM = 5.0


def to_input(clips: np.ndarray) -> torch.Tensor:
    """uint8 clips -> the network's input, (u8-128)/128."""
    return torch.from_numpy(np.array(clips)).float().sub_(128).div_(128)


def carry_over(small: keras.Model, large: keras.Model) -> None:
    """Copies the weights of a network for small pictures into the same for large ones.

    All that depends on the size are the position maps: bilinear, as the paper does.
    """
    for layer in small.layers:
        weights = layer.get_weights()
        target = large.get_layer(layer.name)
        if isinstance(layer, PositionMap):
            weights = [bilinear(weights[0], *target.map.shape[1:3])]
        target.set_weights(weights)


def rate_at(peak: float, progress: float) -> float:
    """Learning rate at progress 0..1: linear warm-up, then half a cosine down to 0."""
    if progress < WARM_UP:
        return peak * (0.05 + 0.95 * progress / WARM_UP)
    return peak * 0.5 * (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP)))


def accuracy(model: keras.Model, clips: np.ndarray, labels: np.ndarray) -> float:
    with torch.no_grad():
        best = [
            model(to_input(clips[i : i + BATCH]), training=False).argmax(1)
            for i in range(0, len(clips), BATCH)
        ]
    return float((torch.cat(best).numpy() == labels).mean())


def _average_gradients(parameters: list[torch.Tensor]) -> None:
    """Gives every worker the mean of all workers' gradients."""
    flat = torch.cat([p.grad.flatten() for p in parameters])
    distributed.all_reduce(flat)
    flat /= distributed.get_world_size()
    for p, gradient in zip(parameters, flat.split([p.numel() for p in parameters]), strict=True):
        p.grad.copy_(gradient.view_as(p))


def _agreed(progress: float) -> float:
    """The furthest progress of any worker: all stop at the same step."""
    furthest = torch.tensor(progress)
    distributed.all_reduce(furthest, distributed.ReduceOp.MAX)
    return furthest.item()


def _step(model, parameters, optimizer, batch: np.ndarray, classes: np.ndarray):
    """One step on a uint8 batch; returns the loss and how many clips were right."""
    x = to_input(batch)
    gain = torch.empty(len(x), 1, 1, 1).uniform_(0.7, 1.2)
    lift = torch.empty(len(x), 1, 1, 1).uniform_(-0.2, 0.2)
    logits = model((x * gain + lift).clamp_(-1, 127 / 128), training=True)
    truth = torch.from_numpy(classes)
    loss = functional.cross_entropy(logits, truth, label_smoothing=LABEL_SMOOTHING)
    optimizer.zero_grad()
    loss.backward()
    _average_gradients(parameters)
    torch.nn.utils.clip_grad_norm_(parameters, GRADIENT_NORM)
    optimizer.step()
    return loss.item(), int((logits.argmax(1) == truth).sum())


def fit(
    model: keras.Model,
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    weights: Path,
    frames: int,
    epochs: int,
    peak_rate: float,
    minutes: float,
    seed: int,
    best: float = -1.0,
) -> float:
    """Trains model together with the other workers of the process group.

    The first worker keeps the weights of the best epoch in the file `weights`. The learning
    rate falls to 0 at the end of `epochs` or of `minutes`, whichever comes first, so that a
    slow machine ends with a finished, if shorter, schedule. `best` is the validation accuracy of
    what the file holds already. Returns the new one (of the first worker).
    """
    rank, workers = distributed.get_rank(), distributed.get_world_size()
    clips, labels = train
    shuffle, variants = np.random.default_rng(seed), np.random.default_rng((seed, rank))
    torch.manual_seed(seed * workers + rank)
    steps = len(clips) // (BATCH * workers)
    parameters = [variable.value for variable in model.trainable_variables]
    optimizer = torch.optim.AdamW(parameters, lr=peak_rate, weight_decay=WEIGHT_DECAY)
    started, progress = time.monotonic(), 0.0

    for epoch in range(epochs):
        losses, right = [], 0
        mine = shuffle.permutation(len(clips))[rank::workers]
        for step in range(steps):
            elapsed = (time.monotonic() - started) / 60
            done = (epoch * steps + step) / (epochs * steps)
            progress = _agreed(min(1.0, max(done, elapsed / minutes)))
            for group in optimizer.param_groups:
                group["lr"] = rate_at(peak_rate, progress)
            at = np.sort(mine[step * BATCH : (step + 1) * BATCH])
            batch, classes = augmented_batch(variants, clips[at], labels[at], frames)
            loss, hits = _step(model, parameters, optimizer, batch, classes)
            losses.append(loss)
            right += hits
            if progress >= 1:
                break
        if rank == 0:
            score = accuracy(model, *validation)
            print(
                f"epoch {epoch + 1}/{epochs}: loss {np.mean(losses):.3f}, "
                f"train {right / (len(losses) * BATCH):.3f}, validation {score:.4f}, "
                f"{(time.monotonic() - started) / 60:.1f} min",
                flush=True,
            )
            if score >= best:
                best = score
                save(model, weights)
        if progress >= 1:
            break
    distributed.barrier()  # the best weights are on the disk
    return best

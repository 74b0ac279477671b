"""The loop that trains a model of one's own, on the torch backend."""

import time

import numpy as np
import torch

from ..starter.loop import GRADIENT_NORM, LABEL_SMOOTHING, WEIGHT_DECAY, rate_at
from .dataset import File
from .form import Form
from .progress import Progress
from .run import Run
from .windows import BATCH, Draw, guesses, steps_of


def logits_of(model, kind: Form):
    """windows uint8 [n,H,W,T*3] -> logits [n,classes]"""

    def logits(windows: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return model(torch.from_numpy(kind.normalized(windows)), training=False).numpy()

    return logits


def freeze(model) -> None:
    """Leaves the classifier alone to be trained: nothing goes back through the backbone."""
    for layer in model.layers:
        layer.trainable = layer.name == "classifier"


def fit(
    model,
    kind: Form,
    training: list[File],
    held: list[File],
    flips: tuple[list[int | None], list[int | None]],
    run: Run,
    epochs: int,
    peak_rate: float,
    frozen: bool,
    seed: int,
    told: Progress,
) -> None:
    """Trains on from what `run` holds to the last epoch; the best epoch's weights are run.best.

    flips: what each label becomes mirrored, and played backwards.
    """
    frames = kind.preset.frames
    if frozen:
        freeze(model)
    parameters = [v.value for v in model.trainable_variables]
    optimizer = torch.optim.AdamW(parameters, lr=peak_rate, weight_decay=WEIGHT_DECAY)
    run.restore(model, optimizer)
    if run.done:
        told.say(f"going on after epoch {run.done} of {epochs}")
    steps = steps_of(training, frames)
    truth = np.array([f.label for f in held])
    first, started = run.done, time.monotonic()

    for epoch in range(run.done, epochs):
        torch.manual_seed(seed + epoch)  # dropout's: each epoch is the same after a kill
        draw, losses = Draw(training, frames, *flips, seed + epoch), []
        for step in range(steps):
            done = epoch * steps + step
            for group in optimizer.param_groups:
                group["lr"] = rate_at(peak_rate, done / (epochs * steps))
            losses.append(_step(model, kind, parameters, optimizer, draw, frozen))
            spent = (time.monotonic() - started) / (done + 1 - first * steps)
            left = _span(spent * (epochs * steps - done - 1))
            told.show(f"epoch {epoch + 1}/{epochs}: {step + 1}/{steps}, {left}")
        found = guesses(held, frames, BATCH, logits_of(model, kind))
        score = float((found == truth).mean())
        loss = np.mean(losses)
        told.say(f"epoch {epoch + 1}/{epochs}: loss {loss:.3f}, validation {score:.3f}")
        run.save(model, optimizer, score)


def _step(model, kind: Form, parameters, optimizer, draw: Draw, frozen: bool) -> float:
    batch, classes = draw.batch(BATCH)
    # With a frozen backbone its BatchNorms keep what they know.
    loss = torch.nn.functional.cross_entropy(
        model(torch.from_numpy(kind.normalized(batch)), training=not frozen),
        torch.from_numpy(classes),
        label_smoothing=LABEL_SMOOTHING,
    )
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, GRADIENT_NORM)
    optimizer.step()
    return loss.item()


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s left" if seconds < 100 else f"{seconds / 60:.0f} min left"

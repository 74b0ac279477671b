"""A model of one's own: a folder of clips for each label, on a CPU, from a few clips a label up."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import semantics, video
from .augment import at_night
from .labels import check
from .packaging import write_whole
from .presets import PRESETS, Preset

VALIDATION = 0.25  # share of each label's files
BATCH = 16
SEED = 1
BACKGROUNDS = ("background", "nothing", "still", "other", "none")
STARTER_WEIGHTS = Path(__file__).parent.parent / "starter.weights.npz"


@dataclass(frozen=True)
class Form:
    """What network is trained, and what its input is: ours, or the official checkpoints'."""

    preset: Preset
    official: bool = False
    frame_rate: float = 8
    mean: tuple[float, float, float] = (128, 128, 128)
    std: tuple[float, float, float] = (128, 128, 128)

    def normalized(self, clips: np.ndarray) -> np.ndarray:
        """uint8 clips [N,H,W,T*3] -> the network's float32 input."""
        mean, std = (np.tile(np.float32(v), self.preset.frames) for v in (self.mean, self.std))
        return (clips - mean) / std


def form(preset: str, official: bool) -> Form:
    if not official:
        return Form(PRESETS[preset])
    from . import checkpoint

    if preset != "full":
        raise ValueError("an official checkpoint is of the preset full: add --preset full")
    return Form(checkpoint.PRESET, True, checkpoint.FRAME_RATE, checkpoint.MEAN, checkpoint.STD)


@dataclass
class Clips:
    """The sampled frames of one label's files: each uint8 [N,H,W,3] with N at least T."""

    label: int
    frames: list[np.ndarray]


def collect(data: Path, kind: Form, report) -> tuple[list[str], list[Clips]]:
    """Labels and their files' frames. What cannot be read is named and left out."""
    folders = sorted(p for p in data.iterdir() if p.is_dir() and not p.name.startswith("."))
    if len(folders) < 2:
        raise ValueError(f"{data}: a folder of clips for each of at least 2 labels is expected")
    labels, clips, skipped = [p.name for p in folders], [], 0
    check(labels, str(data))
    for index, folder in enumerate(folders):
        read = []
        for file in video.videos_in(folder):
            try:
                runs = video.runs_of(file, kind.frame_rate, (kind.preset.size, kind.preset.size))
            except video.Unreadable as error:
                skipped += 1
                report(f"skipped: {error}")
                continue
            pictures = max(runs, key=len)
            if len(runs) > 1:
                used = f"{len(pictures)} of {sum(map(len, runs))} frames"
                report(f"{file}: its time jumps: its longest stretch is used, {used}")
            short = max(0, kind.preset.frames - len(pictures))
            read.append(np.pad(pictures, ((0, short), (0, 0), (0, 0), (0, 0)), "edge"))
        if not read:
            raise ValueError(f"{folder}: no video in it that could be read")
        clips.append(Clips(index, read))
        report(f"{folder.name}: {len(read)} clips, {sum(map(len, read)) / kind.frame_rate:.0f} s")
    if skipped:
        report(f"{skipped} files skipped")
    return labels, clips


def split(clips: list[Clips]) -> tuple[list[Clips], list[Clips]]:
    """By file, so that no window of a validation file is trained on."""
    rng = np.random.default_rng(SEED)
    train, validation = [], []
    for c in clips:
        order = rng.permutation(len(c.frames))
        held = max(1, round(VALIDATION * len(order))) if len(order) > 1 else 0
        validation.append(Clips(c.label, [c.frames[i] for i in order[:held]]))
        train.append(Clips(c.label, [c.frames[i] for i in order[held:]]))
    if any(not c.frames for c in validation):
        raise ValueError("a label with a single clip cannot be both trained and tested: add clips")
    return train, validation


def packed(frames: np.ndarray) -> np.ndarray:
    """[T,H,W,3] -> [H,W,T*3]."""
    return frames.transpose(1, 2, 0, 3).reshape(*frames.shape[1:3], -1)


class Draw:
    """Training windows: any start and tempo, shifted, grey, dark; flipped where allowed."""

    def __init__(self, labels: list[str], clips: list[Clips], frames: int, seed: int):
        self.files = [(f, c.label) for c in clips for f in c.frames]
        by_label = np.array([label for _, label in self.files])
        counts = np.bincount(by_label, minlength=len(labels))
        self.weights = 1 / counts[by_label] / len(labels)  # every label as often as every other
        self.frames, self.rng = frames, np.random.default_rng(seed)
        self.mirror, self.backwards = semantics.mirrored(labels), semantics.reversed_(labels)

    def batch(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = self.rng.choice(len(self.files), count, p=self.weights)
        windows, labels = zip(*(self._window(*self.files[i]) for i in chosen), strict=True)
        return np.stack(windows), np.array(labels)

    def _window(self, frames: np.ndarray, label: int) -> tuple[np.ndarray, int]:
        rng = self.rng
        tempo = rng.uniform(0.8, 1.2)
        span = (self.frames - 1) * tempo
        start = rng.uniform(0, max(0.0, len(frames) - 1 - span))
        at = np.clip(np.rint(start + tempo * np.arange(self.frames)), 0, len(frames) - 1).astype(
            int
        )
        window = frames[at]
        if self.mirror[label] is not None and rng.random() < 0.5:
            window, label = window[:, :, ::-1], self.mirror[label]
        if self.backwards[label] is not None and rng.random() < 0.5:
            window, label = window[::-1], self.backwards[label]
        margin = window.shape[1] // 12
        dy, dx = rng.integers(0, 2 * margin + 1, 2)
        padded = np.pad(window, ((0, 0), (margin, margin), (margin, margin), (0, 0)), "edge")
        window = padded[:, dy : dy + window.shape[1], dx : dx + window.shape[2]]
        if rng.random() < 0.3:
            window = np.broadcast_to(window[..., 1:2], window.shape)  # infrared at night
        return packed(at_night(rng, window)), label


def windows_of(clips: list[Clips], frames: int) -> tuple[list[np.ndarray], np.ndarray]:
    """For each file its windows [n,H,W,T*3], half overlapping; and the files' labels."""
    out, labels = [], []
    for c in clips:
        for f in c.frames:
            starts = range(0, max(1, len(f) - frames + 1), frames // 2)
            out.append(np.stack([packed(f[s : s + frames]) for s in starts]))
            labels.append(c.label)
    return out, np.array(labels)


def train(data: Path, preset: str, output: Path, epochs: int, init: str, freeze: bool) -> None:
    """Trains, resuming what a killed run left, exports, and writes a report beside `output`."""
    import keras
    import torch

    from . import confusion, network
    from .train import GRADIENT_NORM, LABEL_SMOOTHING, WEIGHT_DECAY, _rate

    kind = form(preset, official=init.endswith(".pth"))
    size = kind.preset
    labels, clips = collect(data, kind, lambda line: print(line, flush=True))
    training, validation = split(clips)
    work = output.with_suffix(".training")
    work.mkdir(parents=True, exist_ok=True)
    state_file, newest, best = (
        work / n for n in ("state.json", "newest.weights.h5", "best.weights.h5")
    )

    keras.utils.set_random_seed(SEED)
    model = network.build(size, len(labels), official=kind.official)
    state = {
        "labels": labels,
        "clips": [len(c.frames) for c in clips],
        "preset": preset,
        "official": kind.official,
        "init": init,
        "freeze": freeze,
        "epochs": epochs,
        "done": 0,
        "best": -1.0,
    }
    if (
        state_file.exists()
        and {**(old := json.loads(state_file.read_text())), "done": 0, "best": -1.0} == state
    ):
        state = old
        model.load_weights(newest)
        print(f"going on after epoch {state['done']} of {epochs}")
    elif init == "starter":
        if preset != "nano":
            raise ValueError("the starter's weights are of the preset nano")
        start_from_starter(model)
    elif kind.official:
        start_from_official(model, Path(init))
    elif init:
        model.load_weights(init, skip_mismatch=True)

    trainable = [
        v.value for v in model.trainable_variables if not freeze or v.path.startswith("classifier")
    ]
    steps = max(8, sum(len(f) for c in training for f in c.frames) // BATCH)
    files, truth = windows_of(validation, size.frames)

    def logits(clips_: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return model(torch.from_numpy(kind.normalized(clips_)), training=False).numpy()

    for epoch in range(state["done"], epochs):
        draw = Draw(labels, training, size.frames, SEED + epoch)
        optimizer = torch.optim.AdamW(trainable, lr=1e-3, weight_decay=WEIGHT_DECAY)
        loss_sum = 0.0
        for step in range(steps):
            for group in optimizer.param_groups:
                group["lr"] = _rate(2e-3, (epoch * steps + step) / (epochs * steps))
            batch, classes = draw.batch(BATCH)
            # With a frozen backbone its BatchNorms keep what they know.
            loss = torch.nn.functional.cross_entropy(
                model(torch.from_numpy(kind.normalized(batch)), training=not freeze),
                torch.from_numpy(classes),
                label_smoothing=LABEL_SMOOTHING,
            )
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trainable, GRADIENT_NORM)
            optimizer.step()
            loss_sum += loss.item()
            print(f"\repoch {epoch + 1}/{epochs}: {step + 1}/{steps}", end="", flush=True)
        guesses = np.array([logits(w).mean(0).argmax() for w in files])
        score = float((guesses == truth).mean())
        line = f"\repoch {epoch + 1}/{epochs}: loss {loss_sum / steps:.3f}, validation {score:.3f}"
        print(line, flush=True)
        _save(model, newest)
        if score >= state["best"]:
            state["best"] = score
            _save(model, best)
        state["done"] = epoch + 1
        write_whole(state_file, json.dumps(state).encode())

    model.load_weights(best)
    lines = confusion.report(
        labels, files, truth, logits, size.frames, output.with_suffix(".confusion.png")
    )
    output.with_suffix(".report.txt").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))
    calibration = np.concatenate([w[:4] for w in windows_of(training, size.frames)[0]])[:200]
    np.save(work / "calibration.npy", calibration)
    # Another process: Keras reads its backend once, and TensorFlow is what exports.
    command = [sys.executable, "-m", "squeezetime", "export-own", str(work), "-o", str(output)]
    if subprocess.run(command).returncode:
        raise ValueError(
            f"trained, but not exported; `squeezetime export-own {work} -o {output}` tries again"
        )


def _save(model, path: Path) -> None:
    """Beside, then renamed: who is killed goes on from whole weights."""
    beside = path.with_name("part-" + path.name)
    model.save_weights(beside)
    os.replace(beside, path)


def start_from_starter(model) -> None:
    """The starter's weights, but for the classifier."""
    if not STARTER_WEIGHTS.exists():
        raise ValueError(
            f"{STARTER_WEIGHTS} is missing: it is in the repository, not in the package"
        )
    with np.load(STARTER_WEIGHTS) as stored:
        for layer in model.layers:
            if layer.weights and layer.name != "classifier":
                count = len(layer.weights)
                layer.set_weights(
                    [stored[f"{layer.name}/{i}"].astype(np.float32) for i in range(count)]
                )


def start_from_official(model, path: Path) -> None:
    """An official checkpoint's weights, but for the classifier."""
    from . import checkpoint

    imported, _ = checkpoint.load(path, checkpoint.PRESET)
    for layer in model.layers:
        if layer.weights and layer.name != "classifier":
            layer.set_weights(imported.get_layer(layer.name).get_weights())


def keep_starter(model, path: Path) -> None:
    """Writes the starter's weights, in 16 bits, for start_from_starter."""
    np.savez_compressed(
        path,
        **{
            f"{layer.name}/{i}": w.astype(np.float16)
            for layer in model.layers
            for i, w in enumerate(layer.get_weights())
            if layer.name != "classifier"
        },
    )


def export(work: Path, output: Path, kind: str = "int8") -> int:
    """Writes the trained weights in `work` as int8, float16 or float32; returns the bytes."""
    from . import starter
    from .export import calibration, load_trained, to_tflite
    from .folding import fold
    from .packaging import pack

    state = json.loads((work / "state.json").read_text())
    labels, of = tuple(state["labels"]), form(state["preset"], state["official"])
    preset = of.preset
    model = load_trained(work / "best.weights.h5", preset, len(labels), of.official)
    clips = None
    if kind == "int8":
        clips = calibration(np.load(work / "calibration.npy"), of.mean, of.std)
    flatbuffer = to_tflite(fold(model, preset, len(labels)), clips, half=kind == "float16")
    background = next((label for label in labels if label.lower() in BACKGROUNDS), "")
    manifest = starter.manifest({"validation_by_file": round(state["best"], 4)})
    manifest |= {
        "name": output.stem,
        "version": "1",
        "input_type": "int8" if kind == "int8" else "float32",
        "frame_rate": of.frame_rate,
        "height": preset.size,
        "width": preset.size,
        "mean": list(of.mean),
        "std": list(of.std),
        "background": background,
        "license": "",
        "training_data": "clips of its owner",
    }
    content = pack(flatbuffer, labels, manifest)
    write_whole(output, content)
    return len(content)

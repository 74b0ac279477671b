"""Trains a user's own model on a CPU, from a folder of clips for each label."""

import ctypes
import gc
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import manifest
from ..packaging import pack, write_whole
from . import dataset, semantics
from .form import Form, form
from .progress import Progress
from .run import Run
from .windows import BATCH, guesses, keep, spread

SEED = 1
# Peak learning rates: from nothing, and from weights that know. Of the latter 3e-4, 1e-3 and 3e-3
# were tried, two seeds each, on six motions new to the starter, drawn, 8 clips of each: of 360
# other clips 342 and 351, 351 and 352, 333 and 340 were right.
RATE, TUNING_RATE = 2e-3, 1e-3
CALIBRATION_WINDOWS, CALIBRATION_BYTES = 200, 160 << 20  # at most
BACKGROUNDS = ("background", "nothing", "still", "other", "none")


@dataclass(frozen=True)
class Options:
    """What `squeezetime train` is asked for.

    init: see begin.begin; "" begins with the starter for nano, with nothing for the others.
    mirror, backwards: whether clips may be mirrored and played backwards.
    mirror_pairs: "A=B" for labels that a mirror swaps, where their words do not say so.
    pooling: the WCM's, of an official .pth; None for avg.
    background: see background_of.
    """

    data: Path
    output: Path
    preset: str = "nano"
    epochs: int = 20
    init: str = ""
    freeze: bool = False
    mirror: bool = True
    mirror_pairs: tuple[str, ...] = ()
    backwards: bool = True
    pooling: str | None = None
    background: str | None = None

    @property
    def begins_with(self) -> str:
        return self.init or ("starter" if self.preset == "nano" else "none")


def train(options: Options) -> Path:
    """Trains, or goes on with a training that was stopped, and writes a report beside the output.

    Returns the folder of the training, which export reads.
    """
    import keras

    from .. import network
    from .begin import begin
    from .loop import fit

    kind = _form_of(options)
    _check_places(options)
    run, told = Run(_beside(options.output, ".training")), Progress()
    labels = dataset.labels_in(options.data)
    background = background_of(labels, options.background)
    flips = _flips(options, labels)
    files = dataset.files_in(options.data, labels, told)
    keras.utils.set_random_seed(SEED)
    model = network.build(kind.preset, len(labels))
    begin(model, options.preset, options.begins_with)

    _tell(told, labels, flips, background)
    why = run.open(_made_of(options, kind, labels, files))
    if why:
        told.say(f"{run.folder}: starts anew: {why}")
    files = dataset.read(files, options.data, labels, kind, run.frames, told)
    seen = _seen_by(options.begins_with)
    training, held = dataset.split(files, seen or set())
    run.note(seen=sorted((seen or set()) | {(f.name, f.size) for f in training}))
    rate = RATE if options.begins_with == "none" else TUNING_RATE
    fit(model, kind, training, held, flips, run, options.epochs, rate, options.freeze, SEED, told)

    model.load_weights(run.best)
    told.say("\n".join(_report(options, kind, labels, model, run, seen, held)))
    frames = kind.preset.frames
    most = CALIBRATION_BYTES // (kind.preset.size**2 * frames * 3)
    keep(run.calibration, spread(training, frames, min(CALIBRATION_WINDOWS, most)))
    run.note(accuracy=round(run.best_score, 4), background=background)
    shutil.rmtree(run.frames)
    return run.folder


def _check_places(options: Options) -> None:
    """Raises ValueError where the training would overwrite what it reads, or could not be told."""
    data, output, init = options.data, options.output, options.begins_with
    if options.freeze and init == "none":
        raise ValueError("--freeze trains only the classifier: name weights with --init")
    if output.suffix == ".training":
        raise ValueError(
            f"{output}: folders of trainings end in .training; name the model my.tflite, say"
        )
    manifest.check_name_of(output)
    if output.resolve().is_relative_to(data.resolve()):
        raise ValueError(f"{output}: lies among the clips of {data}; write it elsewhere")
    if Path(init).resolve().is_relative_to(_beside(output, ".training").resolve()):
        raise ValueError(f"--init {init}: this training will overwrite the file; copy it first")


def _flips(options: Options, labels: list[str]) -> tuple[list[int | None], list[int | None]]:
    """What each label becomes mirrored, and played backwards."""
    nowhere: list[int | None] = [None] * len(labels)
    pairs = semantics.pairs_of(labels, options.mirror_pairs)
    return (
        semantics.mirrored(labels, pairs) if options.mirror else nowhere,
        semantics.reversed_(labels) if options.backwards else nowhere,
    )


def _tell(told: Progress, labels: list[str], flips, background: str) -> None:
    told.say(semantics.told("mirrored", labels, flips[0]))
    told.say(semantics.told("played backwards", labels, flips[1]))
    if background:
        told.say(f"{background} is the background: it never fires")
    else:
        told.say(f"no label is called {', '.join(BACKGROUNDS)}: it will always name an action")


def _made_of(options: Options, kind: Form, labels: list[str], files: list[dataset.File]) -> dict:
    """All that decides what a training becomes: another value of any of these is another one."""
    return {
        "labels": labels,
        "preset": options.preset,
        "official": kind.official,
        "pooling": kind.preset.wcm_pool,
        "init": [options.begins_with, *_changed(options.begins_with)],
        "freeze": options.freeze,
        "mirror": list(options.mirror_pairs) or options.mirror,
        "backwards": options.backwards,
        "epochs": options.epochs,
        "files": [f.identity for f in files],
    }


def _report(options: Options, kind: Form, labels, model, run: Run, seen, held) -> list[str]:
    """Writes the report and the links to the held-out clips; returns the report's lines."""
    from . import report
    from .loop import logits_of

    frames = kind.preset.frames
    lines = report.report(
        labels,
        held,
        lambda change: guesses(held, frames, BATCH, logits_of(model, kind), change),
        frames,
        _beside(options.output, ".confusion.png"),
    )
    lines += _spoiled(options.begins_with, seen, held)
    links = run.link_held_out(options.data, [f.name for f in held])
    command = ["squeezetime", "verify", str(options.output), "--clips", str(links)]
    lines.append(
        f"to measure the exported file on them: {shlex.join(command)}"
        if links
        else f"(no links to them for squeezetime verify: the disk of {run.folder} has no links)"
    )
    text = "".join(f"{line}\n" for line in lines)
    write_whole(_beside(options.output, ".report.txt"), text.encode(errors="backslashreplace"))
    return lines


def export_apart(folder: Path, output: Path) -> None:
    """Does export in another process: Keras reads its backend once, and TensorFlow exports."""
    gc.collect()
    if sys.platform == "linux":  # with what cli sets glibc keeps the training's memory
        ctypes.CDLL(None).malloc_trim(0)
    command = ["squeezetime", "export", str(folder), "-o", str(output)]
    # A session of its own: an interrupt is told of once, by the process that was typed.
    if subprocess.run([sys.executable, "-m", *command], start_new_session=True).returncode:
        raise ValueError(
            f"the training is complete, but its export failed; `{shlex.join(command)}` tries again"
        )


def _beside(output: Path, what: str) -> Path:
    """my.tflite -> my.training, but my.v2 -> my.v2.training."""
    return output.with_name(output.name.removesuffix(".tflite") + what)


def _changed(init: str) -> list[int]:
    """Size and time of the file."""
    if init in ("none", "starter"):
        return []
    of = Path(init).stat()
    return [of.st_size, of.st_mtime_ns]


def _seen_by(init: str) -> set[tuple[str, int]] | None:
    """Names and sizes of the clips that the weights were trained on; None where that is unknown."""
    if not init.endswith(".h5"):
        return set()  # not on the user's
    seen = Run(Path(init).parent).state().get("seen")
    return None if seen is None else {(name, size) for name, size in seen}


def _spoiled(init: str, seen: set[tuple[str, int]] | None, held: list[dataset.File]) -> list[str]:
    """Says which part of the accuracy proves nothing."""
    if seen is None:
        return [
            f"beware: {init} may have been trained on held-out files: no state.json beside it tells"
        ]
    known = sum((f.name, f.size) in seen for f in held)
    return [f"beware: {init} was trained on {known} of the held-out files"] if known else []


def _form_of(options: Options) -> Form:
    """The form of the network that the weights belong to with which the training begins."""
    preset, init = options.preset, options.begins_with
    if init.endswith(".pth"):
        return form(preset, True, options.pooling or "avg")
    if options.pooling:
        raise ValueError("--pooling is only for --init FILE.pth; other weights say it themselves")
    of = Run(Path(init).parent).state().get("made_of", {}) if init.endswith(".h5") else {}
    return form(preset, of.get("official", False), of.get("pooling", "avg"))


def background_of(labels: list[str], chosen: str | None = None) -> str:
    """The label that stands for nothing of interest and never fires; "" for none.

    The chosen one, else the one that is called so. Raises ValueError where there is no such label,
    or more than one.
    """
    if chosen:
        if chosen not in labels:
            raise ValueError(f"--background {chosen}: no such label; there are {', '.join(labels)}")
        return chosen
    found = [label for label in labels if label.lower() in BACKGROUNDS] if chosen is None else []
    if len(found) > 1:
        raise ValueError(
            f"{' and '.join(found)}: each could be the background, which never fires; "
            f"choose one with --background {found[0]}"
        )
    return "".join(found)


def export(folder: Path, output: Path, precision: str = "int8") -> int:
    """Writes what a training left as int8, float16 or float32; returns the bytes."""
    from ..embedding import size_of
    from ..export import Calibration, load_trained, with_embedding
    from ..folding import fold
    from ..litert import Model

    run = Run(folder)
    state = run.state()
    if not {"accuracy", "background"} <= state.keys():
        raise ValueError(f"{folder}: holds no finished training")
    labels, made_of = state["made_of"]["labels"], state["made_of"]
    of = form(made_of["preset"], made_of["official"], made_of["pooling"])
    model = load_trained(run.best, of.preset, len(labels))
    clips = None
    if precision == "int8":
        clips = Calibration(np.load(run.calibration, mmap_mode="r"), of.mean, of.std)
    folded = fold(model, of.preset, len(labels))
    flatbuffer = with_embedding(folded, clips, half=precision == "float16")
    about = manifest.build(
        output.stem,
        "1",
        of.preset,
        of.frame_rate,
        mean=of.mean,
        std=of.std,
        kind=precision,
        background=state["background"],
        training_data="clips of its owner",
        accuracy={"validation_by_file": state["accuracy"]},
        embedding=size_of(Model(flatbuffer)),
    )
    content = pack(flatbuffer, labels, about)
    write_whole(output, content)
    return len(content)

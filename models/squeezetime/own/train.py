"""A model of one's own: a folder of clips for each label, on a CPU, from a few clips a label up."""

import ctypes
import gc
import shlex
import shutil
import subprocess
import sys
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


def train(
    data: Path,
    preset: str,
    output: Path,
    epochs: int,
    init: str | None = None,
    freeze: bool = False,
    mirror: bool = True,
    backwards: bool = True,
    pooling: str | None = None,
    background: str | None = None,
) -> Path:
    """Trains, resuming what a killed run left, and writes a report beside `output`.

    Returns the folder that export needs.

    init: begin.begin's; by default the starter for nano, else none. pooling: the WCM's, of an
    official .pth. background: background_of's.
    """
    import keras

    from .. import network
    from . import report
    from .begin import begin
    from .loop import fit, logits_of

    init = init or ("starter" if preset == "nano" else "none")
    if freeze and init == "none":
        raise ValueError("--freeze trains the classifier alone: it needs a backbone, see --init")
    kind = _form_of(preset, init, pooling)
    if output.suffix == ".training":
        raise ValueError(f"{output}: what a training keeps is called so; write my.tflite, say")
    run, told = Run(_beside(output, ".training")), Progress()
    if output.resolve().is_relative_to(data.resolve()):
        raise ValueError(f"{output}: is among the clips of {data}; write it elsewhere")
    if Path(init).resolve().is_relative_to(run.folder.resolve()):
        raise ValueError(f"--init {init}: will be overwritten by this very training; copy it first")
    frames = kind.preset.frames
    labels = dataset.labels_in(data)
    background = background_of(labels, background)
    files = dataset.files_in(data, labels, told)
    keras.utils.set_random_seed(SEED)
    model = network.build(kind.preset, len(labels))
    begin(model, preset, init)

    nowhere: list[int | None] = [None] * len(labels)
    flips = (
        semantics.mirrored(labels) if mirror else nowhere,
        semantics.reversed_(labels) if backwards else nowhere,
    )
    told.say(semantics.told("mirrored", labels, flips[0]))
    told.say(semantics.told("played backwards", labels, flips[1]))
    if background:
        told.say(f"{background} is the background: it never fires")
    else:
        told.say(f"no label is one of {', '.join(BACKGROUNDS)}: it will always see an action")

    why = run.open(
        {
            "labels": labels,
            "preset": preset,
            "official": kind.official,
            "pooling": kind.preset.wcm_pool,
            "init": [init, *_changed(init)],
            "freeze": freeze,
            "mirror": mirror,
            "backwards": backwards,
            "epochs": epochs,
            "files": [f.identity for f in files],
        }
    )
    if why:
        told.say(f"{run.folder}: starts anew: {why}")
    files = dataset.read(files, data, labels, kind, run.frames, told)
    seen = _seen_by(init)
    training, held = dataset.split(files, seen or set())
    run.note(seen=sorted((seen or set()) | {(f.name, f.size) for f in training}))
    rate = RATE if init == "none" else TUNING_RATE
    fit(model, kind, training, held, flips, run, epochs, rate, freeze, SEED, told)

    model.load_weights(run.best)
    lines = report.report(
        labels,
        held,
        lambda change: guesses(held, frames, BATCH, logits_of(model, kind), change),
        frames,
        _beside(output, ".confusion.png"),
    )
    lines += _spoiled(init, seen, held)
    links = run.link_held_out(data, [f.name for f in held])
    command = ["squeezetime", "verify", str(output), "--clips", str(links)]
    lines.append(
        f"what the exported file makes of them: {shlex.join(command)}"
        if links
        else f"(no links to them for squeezetime verify: {run.folder} is on a disk that has none)"
    )
    text = "".join(f"{line}\n" for line in lines)
    write_whole(_beside(output, ".report.txt"), text.encode(errors="backslashreplace"))
    told.say("\n".join(lines))
    most = CALIBRATION_BYTES // (kind.preset.size**2 * frames * 3)
    keep(run.calibration, spread(training, frames, min(CALIBRATION_WINDOWS, most)))
    run.note(accuracy=round(run.best_score, 4), background=background)
    shutil.rmtree(run.frames)
    return run.folder


def export_apart(folder: Path, output: Path) -> None:
    """Does export in another process: Keras reads its backend once, and TensorFlow exports."""
    gc.collect()
    if sys.platform == "linux":  # with what cli sets glibc keeps the training's memory
        ctypes.CDLL(None).malloc_trim(0)
    command = ["squeezetime", "export", str(folder), "-o", str(output)]
    # A session of its own: an interrupt is told of once, by the process that was typed.
    if subprocess.run([sys.executable, "-m", *command], start_new_session=True).returncode:
        raise ValueError(f"trained, but not exported; `{shlex.join(command)}` tries again")


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
        return [f"beware: {init} may know held-out files: no state.json beside it says"]
    known = sum((f.name, f.size) in seen for f in held)
    return [f"beware: {init} was trained on {known} of the held-out files"] if known else []


def _form_of(preset: str, init: str, pooling: str | None) -> Form:
    """What the weights that the training begins with are for."""
    if init.endswith(".pth"):
        return form(preset, True, pooling or "avg")
    if pooling:
        raise ValueError("--pooling is of an official .pth: other weights are known")
    of = Run(Path(init).parent).state().get("made_of", {}) if init.endswith(".h5") else {}
    return form(preset, of.get("official", False), of.get("pooling", "avg"))


def background_of(labels: list[str], chosen: str | None = None) -> str:
    """The label that stands for nothing of interest and never fires; "" for none.

    The chosen one, else the one that is called so. Raises ValueError where there is no such label,
    or more than one.
    """
    if chosen:
        if chosen not in labels:
            raise ValueError(f"--background {chosen}: not one of {', '.join(labels)}")
        return chosen
    found = [label for label in labels if label.lower() in BACKGROUNDS] if chosen is None else []
    if len(found) > 1:
        raise ValueError(
            f"{' and '.join(found)}: each could be the background, which never fires: "
            f"say --background {found[0]}"
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
        raise ValueError(f"{folder}: no training that has come to its end")
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

"""The starter model's recipe: its data sets, seeds and training."""

import os
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import numpy as np

from .. import manifest
from ..labels import BACKGROUND, LABELS
from ..presets import PRESETS

PRESET = PRESETS["nano"]
NAME = "edged-starter"
VERSION = "0.2.0"
WORKERS = 2  # processes that train; the batches of all make a step, so it is a part of the recipe
FRAME_RATE = 8  # frames a second: the 16 frames are 2 s

TRAIN_SEED, VALIDATION_SEED, TEST_SEED = 1, 2, 3
TRAIN_CLIPS, VALIDATION_CLIPS, TEST_CLIPS = 20000, 960, 2400
CALIBRATION_CLIPS = 200
EVERY = tuple(range(len(LABELS)))
HARD = ("appear", "disappear")  # learnt last, and mostly each other: three times the clips
MIX = EVERY + 2 * tuple(LABELS.index(label) for label in HARD)

# Most of the training is on pictures of half the size, where a step costs a quarter.
DRAFT_EPOCHS, DRAFT_RATE = 14, 2e-3
EPOCHS, RATE = 7, 1.5e-3
POLISH_EPOCHS, POLISH_RATE = 3, 6e-4  # appear and disappear are told apart last
DRAFT_SHARE = 0.4  # of the minutes, where they are limited
# Added to the logit of still: training shows it in one clip of 16, a camera most of the time.
STILL_BIAS = 1.0


def cache_folder() -> Path:
    """In the Makefile's EDGED_CACHE, as it finds that."""
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("EDGED_CACHE") or Path(caches) / "edged") / "squeezetime"


def clip_set(work: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The set "train", "validation" or "test", made where work has none yet."""
    from .synthetic import clips, sets

    seed, count = {
        "train": (TRAIN_SEED, TRAIN_CLIPS),
        "validation": (VALIDATION_SEED, VALIDATION_CLIPS),
        "test": (TEST_SEED, TEST_CLIPS),
    }[name]
    mix = MIX if name == "train" else EVERY
    path = work / f"{name}-{seed}-{count}-{crc32(bytes(mix), clips.VERSION):08x}.npy"
    held_out = name == "test"
    shots = clips.plain_shot if held_out else clips.varied_shot
    return sets.make_set(path, seed, count, PRESET.frames, PRESET.size, mix, held_out, shots)


def half_set(work: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The set at half the size: a file as well, which all workers read, and none has to itself."""
    from ..resize import halved
    from .synthetic.sets import new_array

    clips, labels = clip_set(work, name)
    path = Path(clips.filename).with_suffix(".half.npy")
    if not path.exists():
        beside = path.with_suffix(".part")
        count, height, width, channels = clips.shape
        small = new_array(beside, (count, height // 2, width // 2, channels))
        for start in range(0, count, 500):
            small[start : start + 500] = halved(clips[start : start + 500])
        small.flush()
        beside.rename(path)
    return np.load(path, mmap_mode="r"), labels


def train(work: Path, weights: Path, minutes: float, workers: int) -> None:
    """Makes the clips, trains, leaves the best weights in the file `weights`.

    Each worker is a process with one thread: on a busy machine threads that share every operation
    spend most of their time waiting. The same seeds and number of workers give the same weights,
    on the same kind of processor and unless `minutes` cut the training short.
    """
    import torch

    for name in ("train", "validation"):
        half_set(work, name)
    weights = weights.resolve()  # a file:// address needs the whole path
    weights.with_suffix(".rendezvous").unlink(missing_ok=True)  # of a run that was killed
    torch.multiprocessing.spawn(_work, (workers, work, weights, minutes), nprocs=workers)


def _work(rank, workers, work, weights, minutes) -> None:
    import keras
    import torch

    from .. import network
    from .loop import carry_over, fit

    torch.set_num_threads(1)
    rendezvous = f"file://{weights.with_suffix('.rendezvous')}"
    torch.distributed.init_process_group("gloo", rendezvous, rank=rank, world_size=workers)
    keras.utils.set_random_seed(TRAIN_SEED)
    sets = clip_set(work, "train"), clip_set(work, "validation")

    small = network.build(replace(PRESET, size=PRESET.size // 2), len(LABELS))
    small_sets = half_set(work, "train"), half_set(work, "validation")
    best_draft = weights.with_name("draft-" + weights.name)
    fit(
        small,
        *small_sets,
        best_draft,
        PRESET.frames,
        DRAFT_EPOCHS,
        DRAFT_RATE,
        minutes * DRAFT_SHARE,
        TRAIN_SEED,
    )
    small.load_weights(best_draft)

    model = network.build(PRESET, len(LABELS))
    carry_over(small, model)
    share = minutes * (1 - DRAFT_SHARE) / (EPOCHS + POLISH_EPOCHS)
    best = fit(model, *sets, weights, PRESET.frames, EPOCHS, RATE, share * EPOCHS, TRAIN_SEED + 1)
    polish(model, *sets, weights, share * POLISH_EPOCHS, best)
    torch.distributed.destroy_process_group()


def polish(model, train, validation, weights: Path, minutes: float, best: float) -> None:
    """Goes on from the best weights at a lower rate; keeps them where nothing better comes."""
    from .loop import fit

    model.load_weights(weights)
    fit(
        model,
        train,
        validation,
        weights,
        PRESET.frames,
        POLISH_EPOCHS,
        POLISH_RATE,
        minutes,
        TRAIN_SEED + 2,
        best,
    )


def export(work: Path, weights: Path, output: Path) -> int:
    """Folds, quantizes, measures and writes the model file; returns its size in bytes.

    Beside it, OUTPUT.weights.npz: what `train --init starter` begins with.
    """
    from ..embedding import size_of
    from ..export import Calibration, load_trained, to_tflite, with_embedding
    from ..folding import fold
    from ..litert import Model
    from ..own.begin import keep_starter
    from ..packaging import pack, write_whole

    model = load_trained(weights, PRESET, len(LABELS))
    kernel, bias = model.get_layer("classifier").get_weights()
    bias[LABELS.index(BACKGROUND)] += STILL_BIAS
    model.get_layer("classifier").set_weights([kernel, bias])
    folded = fold(model, PRESET, len(LABELS))
    clips, _ = clip_set(work, "train")
    int8 = with_embedding(folded, Calibration(clips[:: len(clips) // CALIBRATION_CLIPS]))
    float32 = to_tflite(folded)

    test_clips, truth = clip_set(work, "test")
    accuracy = {"clips": len(truth)}
    for name, flatbuffer in (("int8", int8), ("float32", float32)):
        accuracy[name] = round(float((Model(flatbuffer).best(test_clips) == truth).mean()), 4)
    about = manifest.build(
        NAME,
        VERSION,
        PRESET,
        FRAME_RATE,
        background=BACKGROUND,
        license="Apache-2.0",
        training_data="procedural clips, no real footage: models/CARD.md",
        accuracy=accuracy,
        embedding=size_of(Model(int8)),
    )
    content = pack(int8, LABELS, about)
    keep_starter(model, output.with_suffix(".weights.npz"))
    write_whole(output, content)
    return len(content)

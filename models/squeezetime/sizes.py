"""Every preset's cost, float32 beside int8, and what quantization changes."""

import sys
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np

from . import graph, latency, network
from .export import to_tflite
from .folding import fold
from .labels import LABELS
from .litert import Model
from .own import begin
from .presets import PRESETS, Preset
from .starter import recipe

STARTER = Path(__file__).parent.parent / "starter.tflite"
CLASSES = {"full": 400, "half": 400, "nano": len(LABELS)}


def random_pair(preset: Preset, classes: int) -> tuple[bytes, bytes]:
    """float32 and int8, with random weights."""
    keras.utils.set_random_seed(0)
    model = network.build(preset, classes, folded=True)
    rng = np.random.default_rng(0)
    inputs = [rng.uniform(-1, 1, model.inputs[0].shape).astype(np.float32) for _ in range(2)]
    return to_tflite(model), to_tflite(model, inputs)


def starter_pair() -> tuple[bytes, bytes]:
    """The committed int8 model, and float32 from the committed weights.

    Those are in 16 bits and without the classifier, which is read out of the int8 model.
    """
    preset = PRESETS["nano"]
    model = network.build(preset, len(LABELS))
    begin.start_from_starter(model)
    model.get_layer("classifier").set_weights(_classifier(STARTER))
    return to_tflite(fold(model, preset, len(LABELS))), STARTER.read_bytes()


def _classifier(path: Path) -> list[np.ndarray]:
    """Kernel [channels,classes] and bias of a model's last layer, as real numbers."""
    interpreter = Model(path, plain=True).interpreter
    (layer,) = (n for n in interpreter._get_ops_details() if n["op_name"] == "FULLY_CONNECTED")
    details = {d["index"]: d for d in interpreter.get_tensor_details()}
    real = []
    for index in layer["inputs"][1:]:
        scales = details[index]["quantization_parameters"]["scales"]
        tensor = interpreter.get_tensor(index).astype(np.float32)
        real.append(tensor * (scales[:, None] if tensor.ndim == 2 else scales))
    return [real[0].T, real[1]]


def report(work: Path) -> Iterator[str]:
    """Markdown: a table of every preset, and the starter's agreement on its held-out clips.

    Those are drawn for the last line, where `work` has none yet: 1 GB, in minutes.
    """
    files, counts = {}, {}
    for name, preset in PRESETS.items():
        print(f"exporting {name}", file=sys.stderr, flush=True)
        pair = starter_pair() if name == "nano" else random_pair(preset, CLASSES[name])
        files |= {
            f"{name} {kind}": data for kind, data in zip(("float32", "int8"), pair, strict=True)
        }
        model = network.build(preset, CLASSES[name], folded=True)
        counts[name] = [
            count / 1e6
            for count in (
                model.count_params(),
                network.backbone_params(model),
                network.multiply_adds(model),
            )
        ]
    print("measuring", file=sys.stderr, flush=True)
    ms = latency.interleaved(files)
    yield from (
        "| preset | M params | without maps and head | M multiply-adds | ops, float32 / int8 "
        "| all in one XNNPACK partition | MB, float32 / int8 "
        "| ms float32, 1 / 2 threads | ms int8, 1 / 2 threads |",
        "|---|--:|--:|--:|--:|---|--:|--:|--:|",
    )
    for name, (params, backbone, multiply_adds) in counts.items():
        pair = [files[f"{name} {kind}"] for kind in ("float32", "int8")]
        graphs = [graph.read(data) for data in pair]
        yield (
            f"| {name} | {params:.2f} | {backbone:.2f} | {multiply_adds:,.0f} "
            f"| {' / '.join(str(g.nodes) for g in graphs)} "
            f"| {' / '.join('yes' if g.whole else 'no' for g in graphs)} "
            f"| {' / '.join(f'{len(data) / 1e6:.1f}' for data in pair)} "
            + "".join(
                f"| {ms[f'{name} {kind}', 1]:.2f} / {ms[f'{name} {kind}', 2]:.2f} "
                for kind in ("float32", "int8")
            )
            + "|"
        )
    operators = graph.read(files["full int8"]).ops
    yield ""
    yield "Operators of full, int8: " + ", ".join(f"{n} {op}" for op, n in operators.most_common())
    yield "full and half: random weights. nano: the starter."
    yield agreement(Model(files["nano float32"]), Model(files["nano int8"]), work)


def agreement(float32: Model, int8: Model, work: Path) -> str:
    clips, truth = recipe.clip_set(work, "test")
    whole, short = float32.best(clips), int8.best(clips)
    return (
        f"nano, {len(truth)} held-out clips: right are float32 {np.mean(whole == truth):.2%}, "
        f"int8 {np.mean(short == truth):.2%}; both say the same of {np.mean(whole == short):.2%}"
    )

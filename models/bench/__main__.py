"""SqueezeTime beside its peers, on this machine: VENV/bin/python models/bench, from the repository.

Each network with random weights, as float32 and as full int8, under ai-edge-litert (XNNPACK), all
of them in turn. Prints docs/peers.md's table. Latency does not depend on the weights; accuracy is
the papers'.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # "python models/bench"

import keras
import numpy as np

from bench.blocks import Blocks
from bench.networks import CLASSES, PEERS, Peer
from squeezetime import graph, latency, network
from squeezetime.export import to_tflite
from squeezetime.presets import PRESETS

PAPER_CPU_MS, PAPER_TOP1 = 123, 71.6  # SqueezeTime's own, in its paper


def counted(peer: Peer) -> tuple[keras.Model, float, float]:
    """The peer's network with its million parameters and thousand million multiply-adds."""
    blocks = Blocks()
    model = peer.build(blocks, peer.frames, peer.size)
    return model, blocks.params / 1e6, blocks.multiply_adds / 1e9


def squeezetime() -> tuple[keras.Model, float, float]:
    model = network.build(PRESETS["full"], CLASSES, folded=True)
    return model, model.count_params() / 1e6, network.multiply_adds(model) / 1e9


def exported(model: keras.Model) -> tuple[bytes, bytes]:
    """float32 and int8."""
    rng = np.random.default_rng(0)
    inputs = [rng.uniform(-1, 1, model.inputs[0].shape).astype(np.float32) for _ in range(2)]
    return to_tflite(model), to_tflite(model, inputs)


def main() -> None:
    keras.utils.set_random_seed(0)
    preset = PRESETS["full"]
    networks = {"SqueezeTime": (*squeezetime(), f"{preset.frames}x{preset.size}²", None)}
    for peer in PEERS:
        networks[peer.name] = (*counted(peer), f"{peer.frames}x{peer.size}²", peer)
    files = {}
    for name, (model, *_) in networks.items():
        print(f"exporting {name}", file=sys.stderr, flush=True)
        for kind, data in zip(("float32", "int8"), exported(model), strict=True):
            files[f"{name} {kind}"] = data
        keras.backend.clear_session()
    print("measuring", file=sys.stderr, flush=True)
    ms = latency.interleaved(files)

    print(
        "| network | input | M params (published) | G multiply-adds (published) "
        "| float32 ms, 1 / 2 threads | int8 ms, 1 / 2 threads | times SqueezeTime, int8 "
        "| XNNPACK | paper: CPU ms | top-1 |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|"
    )
    for name, (_, params, giga, clip, peer) in networks.items():
        published = peer.published if peer else (28.7, 5.5)
        paper = (peer.paper_cpu_ms, peer.paper_top1) if peer else (PAPER_CPU_MS, PAPER_TOP1)
        ratios = [ms[f"{name} int8", n] / ms["SqueezeTime int8", n] for n in (1, 2)]
        inside = {graph.read(files[f"{name} {kind}"]).where() for kind in ("float32", "int8")}
        print(
            f"| {name} | {clip} | {params:.2f} ({published[0]:g}) | {giga:.2f} ({published[1]:g}) "
            + "".join(
                f"| {ms[f'{name} {kind}', 1]:.1f} / {ms[f'{name} {kind}', 2]:.1f} "
                for kind in ("float32", "int8")
            )
            + f"| {ratios[0]:.2f} / {ratios[1]:.2f} | {', '.join(sorted(inside))} "
            + "".join(f"| {value if value is not None else '—'} " for value in paper)
            + "|"
        )


if __name__ == "__main__":
    main()

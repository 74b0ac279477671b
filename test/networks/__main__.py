"""Measures SqueezeTime beside the networks of its paper on this machine: make bench-networks.

Each network has random weights and runs as float32 and as full int8 under ai-edge-litert (XNNPACK).
They take turns. Prints the table of docs/peers.md. Latency does not depend on the weights; the
accuracies are those of the papers.
"""

import argparse
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import sys

import keras
import numpy as np
from squeezetime import graph, latency, network
from squeezetime.export import to_tflite
from squeezetime.presets import PRESETS

from networks.blocks import Blocks
from networks.peers import CLASSES, PEERS, Peer

SQUEEZETIME = Peer("SqueezeTime", 16, 224, None, (28.7, 5.5), "its paper, without head", 123, 71.6)


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


def export_all(peers: list[Peer]) -> tuple[dict, dict[str, bytes]]:
    """By network: million parameters, thousand million multiply-adds, Peer; and the model files."""
    keras.utils.set_random_seed(0)
    networks, files = {}, {}
    for name, peer in {"SqueezeTime": None, **{peer.name: peer for peer in peers}}.items():
        print(f"exporting {name}", file=sys.stderr, flush=True)
        model, params, giga = counted(peer) if peer else squeezetime()
        networks[name] = params, giga, peer or SQUEEZETIME
        for kind, data in zip(("float32", "int8"), exported(model), strict=True):
            files[f"{name} {kind}"] = data
    return networks, files


def table(networks: dict, files: dict[str, bytes], ms: dict[tuple[str, int], float]) -> list[str]:
    """Markdown."""
    lines = [
        "| network | input | M parameters | G multiply-adds | float32 ms | int8 ms "
        "| times SqueezeTime, float32 | int8 | XNNPACK parts | paper: CPU ms | paper: top-1 |",
        "|---|---|---|---|---|---|---|---|---|--:|--:|",
    ]
    for name, (params, giga, peer) in networks.items():
        cells = [
            name,
            f"{peer.frames} x {peer.size}²",
            f"{params:.2f} ({peer.published[0]:g})",
            f"{giga:.2f} ({peer.published[1]:g})",
        ]
        for kind in ("float32", "int8"):
            cells.append(" / ".join(f"{ms[f'{name} {kind}', n]:.1f}" for n in (1, 2)))
        for kind in ("float32", "int8"):
            own = [ms[f"{name} {kind}", n] / ms[f"SqueezeTime {kind}", n] for n in (1, 2)]
            cells.append(" / ".join(f"{ratio:.2f}" for ratio in own))
        parts = [graph.read(files[f"{name} {kind}"]) for kind in ("float32", "int8")]
        cells.append(" / ".join("1, all" if g.whole else str(g.partitions) for g in parts))
        cells += ["" if v is None else f"{v:g}" for v in (peer.paper_cpu_ms, peer.paper_top1)]
        lines.append(f"| {' | '.join(cells)} |")
    sources = (f"{name}, {peer.source}" for name, (_, _, peer) in networks.items())
    return [*lines, "", "In brackets: " + "; ".join(sources) + "."]


def main() -> None:
    names = [peer.name for peer in PEERS]
    parser = argparse.ArgumentParser(prog="networks", description=__doc__)
    parser.add_argument("peers", nargs="*", metavar="PEER", help=f"of {', '.join(names)}; else all")
    parser.add_argument("--rounds", type=int, default=20, help="turns of each network")
    arguments = parser.parse_args()
    if unknown := set(arguments.peers) - set(names):
        parser.error(f"{', '.join(sorted(unknown))}: not one of {', '.join(names)}")
    peers = [peer for peer in PEERS if not arguments.peers or peer.name in arguments.peers]
    networks, files = export_all(peers)
    print("measuring", file=sys.stderr, flush=True)
    times = latency.interleaved(files, rounds=arguments.rounds)
    print("\n".join(table(networks, files, times)))


if __name__ == "__main__":
    main()

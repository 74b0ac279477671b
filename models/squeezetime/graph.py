"""What a .tflite is made of, and what of it XNNPACK runs, read from the loaded graph."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from .litert import Model

CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")


@dataclass
class Graph:
    """ops: the file's nodes by operator; partitions: XNNPACK's; whole: one holds every node;
    per_channel: there are convolutions, and each has a scale for every filter.
    """

    ops: Counter[str]
    partitions: int
    whole: bool
    per_channel: bool

    @property
    def nodes(self) -> int:
        return self.ops.total()

    def where(self) -> str:
        return "whole" if self.whole else f"{self.partitions} parts"


def read(model: Path | bytes) -> Graph:
    """Loads the model as Model does.

    The interpreter lists the file's nodes and, behind them, one DELEGATE for each partition, but
    not which node is in which. What a node outside makes would be read by a partition, or by
    another node outside, which in the end is read itself, is an output, or is of no use to anyone.
    So all nodes are in the only partition where it reads nothing that a node makes, makes every
    output, and no node is of no use.
    """
    interpreter = Model(model).interpreter
    listed = interpreter._get_ops_details()
    delegates = [n for n in listed if n["op_name"] == "DELEGATE"]
    nodes = [n for n in listed if n["op_name"] != "DELEGATE"]
    outputs = {d["index"] for d in interpreter.get_output_details()}
    made = _tensors(nodes, "outputs")
    whole = (
        len(delegates) == 1
        and not made & _tensors(delegates, "inputs")
        and outputs <= _tensors(delegates, "outputs")
        and made <= outputs | _tensors(nodes, "inputs")
    )
    ops = Counter(n["op_name"] for n in nodes)
    return Graph(ops, len(delegates), whole, _per_channel(interpreter, nodes))


def _tensors(nodes: list[dict], side: str) -> set[int]:
    return {int(index) for node in nodes for index in node[side]}


def _per_channel(interpreter, nodes: list[dict]) -> bool:
    tensors = {d["index"]: d for d in interpreter.get_tensor_details()}
    kernels = [tensors[n["inputs"][1]] for n in nodes if n["op_name"] in CONVOLUTIONS]
    return bool(kernels) and all(map(_scale_per_filter, kernels))


def _scale_per_filter(kernel: dict) -> bool:
    quantization = kernel["quantization_parameters"]
    return len(quantization["scales"]) == kernel["shape"][quantization["quantized_dimension"]]

"""What a .tflite is made of, and what of it XNNPACK runs, read from the loaded graph."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from .evaluate import Model


@dataclass
class Graph:
    """ops: the file's nodes by operator; partitions: XNNPACK's; whole: one holds them all."""

    ops: Counter[str]
    partitions: int
    whole: bool

    @property
    def nodes(self) -> int:
        return self.ops.total()

    def where(self) -> str:
        return "whole" if self.whole else f"{self.partitions} parts"


def read(model: Path | bytes) -> Graph:
    """Loads the model as Model does.

    The interpreter lists the file's nodes and, behind them, one DELEGATE for each partition. With a
    single one that reads the clip and writes the logits, nothing can be left outside it: what
    lies between the two is on the way, and the file's other nodes would be of no use.
    """
    interpreter = Model(model).interpreter
    nodes = interpreter._get_ops_details()
    delegates = [n for n in nodes if n["op_name"] == "DELEGATE"]
    reads = {i for n in delegates for i in n["inputs"]}
    writes = {i for n in delegates for i in n["outputs"]}
    whole = (
        len(delegates) == 1
        and interpreter.get_input_details()[0]["index"] in reads
        and interpreter.get_output_details()[0]["index"] in writes
    )
    return Graph(
        Counter(n["op_name"] for n in nodes if n["op_name"] != "DELEGATE"), len(delegates), whole
    )

"""The embedding: a second output of a model file, added after the conversion to TFLite.

The embedding of a window is the mean of each of the last three stages' maps, side by side: 576
numbers for the preset nano. edged fits small classifiers on it. The logits stay as they are, to
the byte, because no existing node of the graph changes.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from . import packaging
from .litert import Model

STAGES = 3  # the last ones: their means were clearly better for few examples than the last alone
_STAGE_OUTPUT = re.compile(r"stage(\d+)_block(\d+)_out")


def add(flatbuffer: bytes, inputs: Iterable[np.ndarray] | None = None) -> bytes:
    """Returns the model with the embedding [1,D] as output 1, in the type of the logits.

    An int8 model needs `inputs`, representative windows [1,H,W,T*3] in float: they set the scale
    of the embedding. Raises ValueError where the graph is none of ours.
    """
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(flatbuffer, 0)
    graph = model.subgraphs[0]
    if len(graph.outputs) != 1:
        raise ValueError(f"the model has {len(graph.outputs)} outputs; expected the logits alone")
    maps = _stage_maps(graph)
    scale = None
    if graph.tensors[graph.outputs[0]].type == schema.TensorType.INT8:
        scale = _scale(_packed(model, maps), inputs)
    _Surgery(schema, model).append(maps, scale)
    return _packed(model, [])


def size_of(model: Model) -> int:
    """D, or 0 where the model has no embedding."""
    outputs = model.interpreter.get_output_details()
    return int(outputs[1]["shape"][-1]) if len(outputs) > 1 else 0


def _stage_maps(graph) -> list[int]:
    """The tensors [1,H,W,C] that the last stages end in, first stage first."""
    last: dict[int, tuple[int, int]] = {}
    for operator in graph.operators:
        index = operator.outputs[0]
        named = _STAGE_OUTPUT.search(graph.tensors[index].name.decode())
        if named:
            stage, block = map(int, named.groups())
            last[stage] = max(last.get(stage, (0, 0)), (block, int(index)))
    if len(last) < STAGES:
        raise ValueError(f"the graph names {len(last)} stages; an embedding needs {STAGES}")
    return [index for _, (_, index) in sorted(last.items())[-STAGES:]]


def _packed(model, more_outputs: list[int]) -> bytes:
    import flatbuffers

    graph = model.subgraphs[0]
    outputs, graph.outputs = graph.outputs, [*graph.outputs, *more_outputs]
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), b"TFL3")
    graph.outputs = outputs
    return bytes(builder.Output())


def _scale(flatbuffer: bytes, inputs: Iterable[np.ndarray] | None) -> float:
    """One step of an int8 embedding: its largest value is 255 steps above zero."""
    if inputs is None:
        raise ValueError("an int8 model needs windows to find the range of its embedding")
    model = Model(flatbuffer)
    details = model.interpreter.get_output_details()[1:]
    largest = None
    for window in inputs:
        model.run(quantized(window, model.input))
        for detail in details:
            largest = max(largest or 0, float(real(model, detail).mean((0, 1, 2)).max()))
    if largest is None:
        raise ValueError(
            "no window to find the range of the embedding with: no video that is long enough"
        )
    return max(largest, 1e-6) / 255


def quantized(window: np.ndarray, detail) -> np.ndarray:
    """A window of real numbers in the type of the input tensor."""
    if detail["dtype"] == np.float32:
        return window.astype(np.float32)
    scale, zero_point = detail["quantization"]
    ends = np.iinfo(detail["dtype"])
    return np.clip(np.rint(window / scale) + zero_point, ends.min, ends.max).astype(detail["dtype"])


def real(model: Model, detail) -> np.ndarray:
    """An output tensor as real numbers."""
    raw = model.interpreter.get_tensor(detail["index"])
    if raw.dtype == np.float32:
        return raw
    scale, zero_point = detail["quantization"]
    return (raw.astype(np.float32) - zero_point) * np.float32(scale)


class _Surgery:
    """Appends nodes to a model that TensorFlow's object form of the schema holds."""

    def __init__(self, schema, model):
        self.schema, self.model, self.graph = schema, model, model.subgraphs[0]

    def append(self, maps: list[int], scale: float | None) -> None:
        """MEAN of each map, then CONCATENATION, whose result becomes the last output.

        All have the same scale: XNNPACK asks for it, and teaching standardises the numbers anyway.
        """
        axes = self._constant("embedding/axes", np.array([1, 2], np.int32))
        widths = [int(self.graph.tensors[index].shape[-1]) for index in maps]
        means = [
            self._tensor(f"embedding/mean{n}", [1, width], scale) for n, width in enumerate(widths)
        ]
        operators = self.schema.BuiltinOperator
        mean = self._code(operators.MEAN, 2)
        for index, made in zip(maps, means, strict=True):
            options = self.schema.ReducerOptionsT()
            options.keepDims = False
            self._operator(mean, [index, axes], made, "ReducerOptions", options)
        options = self.schema.ConcatenationOptionsT()
        options.axis = 1
        joined = self._tensor("embedding", [1, sum(widths)], scale)
        code = self._code(operators.CONCATENATION, 2)
        self._operator(code, means, joined, "ConcatenationOptions", options)
        self.graph.outputs = [*self.graph.outputs, joined]

    def _code(self, builtin: int, version: int) -> int:
        for index, code in enumerate(self.model.operatorCodes):
            if code.builtinCode == builtin and code.version >= version:
                return index
        code = self.schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = builtin
        code.version = version
        self.model.operatorCodes.append(code)
        return len(self.model.operatorCodes) - 1

    def _operator(self, code, inputs, output, kind, options) -> None:
        operator = self.schema.OperatorT()
        operator.opcodeIndex, operator.inputs, operator.outputs = code, inputs, [output]
        operator.builtinOptionsType = getattr(self.schema.BuiltinOptions, kind)
        operator.builtinOptions = options
        self.graph.operators.append(operator)

    def _tensor(self, name: str, shape: list[int], scale: float | None) -> int:
        types = self.schema.TensorType
        tensor = self.schema.TensorT()
        tensor.name, tensor.shape, tensor.hasRank = name, shape, True
        tensor.type = types.FLOAT32
        if scale is not None:
            tensor.type = types.INT8
            tensor.quantization = self.schema.QuantizationParametersT()
            tensor.quantization.scale, tensor.quantization.zeroPoint = [scale], [-128]
        tensor.buffer = self._buffer(None)
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def _constant(self, name: str, values: np.ndarray) -> int:
        index = self._tensor(name, list(values.shape), None)
        tensor = self.graph.tensors[index]
        tensor.type = self.schema.TensorType.INT32
        tensor.buffer = self._buffer(np.frombuffer(values.tobytes(), np.uint8))
        return index

    def _buffer(self, data) -> int:
        buffer = self.schema.BufferT()
        buffer.data = data
        self.model.buffers.append(buffer)
        return len(self.model.buffers) - 1


def upgrade(path: Path, output: Path, windows: Iterable[np.ndarray]) -> int:
    """Adds the embedding to a model file of format 1; returns its size in bytes.

    `windows` are uint8 [H,W,T*3], like those that the camera will give.
    """
    labels, about = packaging.unpack(path)
    if "embedding" in about:
        raise ValueError(f"{path}: has an embedding already")
    mean, std = (np.tile(np.float32(about[key]), about["frames"]) for key in ("mean", "std"))
    flatbuffer = add(path.read_bytes(), (((window - mean) / std)[None] for window in windows))
    about |= {"format": 2, "embedding": {"size": size_of(Model(flatbuffer))}}
    content = packaging.pack(flatbuffer, tuple(labels), about)
    packaging.write_whole(output, content)
    return len(content)

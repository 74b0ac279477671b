"""What a .tflite says, under ai-edge-litert; infer/engine/parity_test.go compares edged with it."""

from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType


class Model:
    """A .tflite on XNNPACK, or on TFLite's own kernels if plain; one thread unless told."""

    def __init__(self, model: Path | bytes, threads: int = 1, plain: bool = False):
        source = (
            {"model_content": model} if isinstance(model, bytes) else {"model_path": str(model)}
        )
        kernels = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES if plain else OpResolverType.AUTO
        self.interpreter = Interpreter(
            **source, num_threads=threads, experimental_op_resolver_type=kernels
        )
        self.interpreter.allocate_tensors()
        self.input = self.interpreter.get_input_details()[0]
        self.output = self.interpreter.get_output_details()[0]

    def as_input(self, clip: np.ndarray, mean=128.0, std=128.0) -> np.ndarray:
        """uint8 clip [H,W,T*3] -> the input tensor; mean and std: one for all, or [T*3]."""
        if self._takes_pixels(mean, std):
            return (clip ^ 0x80).view(np.int8)[None]
        x = (clip.astype(np.float64) - mean) / std
        if self.input["dtype"] == np.float32:
            return x.astype(np.float32)[None]
        scale, zero_point = self.input["quantization"]
        ends = np.iinfo(self.input["dtype"])
        x = np.clip(np.rint(x / scale) + zero_point, ends.min, ends.max)
        return x.astype(self.input["dtype"])[None]

    def _takes_pixels(self, mean, std) -> bool:
        """Whether an input byte is the pixel's own, less 128: then nothing has to be computed."""
        own = self.input["dtype"] == np.int8 and self.input["quantization"] == (1 / 128, 0)
        return own and np.ndim(mean) == np.ndim(std) == 0 and mean == std == 128

    def run(self, x: np.ndarray) -> np.ndarray:
        """What the input tensor makes of the output tensor."""
        self.interpreter.set_tensor(self.input["index"], x)
        self.interpreter.invoke()
        return self.interpreter.get_tensor(self.output["index"])[0]

    def logits(self, clip: np.ndarray, mean=128.0, std=128.0) -> np.ndarray:
        """uint8 clip [H,W,T*3] -> float logits [classes]; mean and std as of as_input."""
        raw = self.run(self.as_input(clip, mean, std))
        if raw.dtype == np.float32:
            return raw
        scale, zero_point = self.output["quantization"]
        return (raw.astype(np.float32) - zero_point) * np.float32(scale)

    def best(self, clips: np.ndarray) -> np.ndarray:
        """Index of the best label of each clip."""
        return np.array([self.logits(clip).argmax() for clip in clips])

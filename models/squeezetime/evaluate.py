"""What a .tflite says, under the runtime that edged's results are compared with."""

import statistics
import time
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter


class Model:
    """A .tflite under ai-edge-litert (XNNPACK), one thread unless told otherwise."""

    def __init__(self, model: Path | bytes, threads: int = 1):
        source = (
            {"model_content": model} if isinstance(model, bytes) else {"model_path": str(model)}
        )
        self.interpreter = Interpreter(**source, num_threads=threads)
        self.interpreter.allocate_tensors()
        self.input = self.interpreter.get_input_details()[0]
        self.output = self.interpreter.get_output_details()[0]

    def logits(self, clip: np.ndarray, mean=128.0, std=128.0) -> np.ndarray:
        """uint8 clip [H,W,T*3] -> float logits [classes]; mean and std: one for all, or [T*3]."""
        x = ((clip - mean) / std).astype(np.float32)
        if self.input["dtype"] == np.int8:
            scale, zero_point = self.input["quantization"]
            x = np.clip(np.rint(x / scale) + zero_point, -128, 127).astype(np.int8)
        self.interpreter.set_tensor(self.input["index"], x[None])
        self.interpreter.invoke()
        raw = self.interpreter.get_tensor(self.output["index"])[0]
        if self.output["dtype"] != np.int8:
            return raw
        scale, zero_point = self.output["quantization"]
        return (raw.astype(np.float32) - zero_point) * np.float32(scale)

    def probabilities(self, clip: np.ndarray) -> np.ndarray:
        logits = self.logits(clip)
        exponentials = np.exp(logits - logits.max())
        return exponentials / exponentials.sum()

    def best(self, clips: np.ndarray) -> np.ndarray:
        """Index of the best label of each clip."""
        return np.array([self.logits(clip).argmax() for clip in clips])

    def invoke_ms(self, runs: int = 200) -> float:
        """Median milliseconds of the bare Invoke."""
        times = []
        for _ in range(runs):
            started = time.perf_counter()
            self.interpreter.invoke()
            times.append((time.perf_counter() - started) * 1e3)
        return statistics.median(times)


def recalls(best: np.ndarray, truth: np.ndarray, classes: int) -> list[float]:
    return [float((best[truth == label] == label).mean()) for label in range(classes)]


def one_frame_repeated(clips: np.ndarray, frames: int) -> np.ndarray:
    """The clips with their middle frame in the place of every frame: looks without motion."""
    middle = clips.reshape(*clips.shape[:3], frames, 3)[:, :, :, frames // 2]
    return np.tile(middle, (1, 1, 1, frames))


def played_backwards(clips: np.ndarray, frames: int) -> np.ndarray:
    in_time = clips.reshape(*clips.shape[:3], frames, 3)
    return np.ascontiguousarray(in_time[:, :, :, ::-1]).reshape(clips.shape)

"""How long Invoke takes, of several models in turn: a busy moment of the machine hits them all."""

import statistics
import time
from pathlib import Path

from .litert import Model

WARM_UP, TIMED = 1, 2  # invocations a turn: the first after another model's finds cold caches


def interleaved(
    models: dict[str, bytes | Path], threads: tuple[int, ...] = (1, 2), rounds: int = 20
) -> dict[tuple[str, int], float]:
    """Median milliseconds of the bare Invoke, for each model (a .tflite) and number of threads."""
    loaded = {(name, n): Model(data, n) for name, data in models.items() for n in threads}
    times: dict[tuple[str, int], list[float]] = {key: [] for key in loaded}
    for _ in range(rounds):
        for key, model in loaded.items():
            for turn in range(WARM_UP + TIMED):
                started = time.perf_counter()
                model.interpreter.invoke()
                if turn >= WARM_UP:
                    times[key].append((time.perf_counter() - started) * 1e3)
    return {key: statistics.median(values) for key, values in times.items()}

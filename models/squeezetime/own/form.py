"""What network is trained, and what its input is: ours, or the official checkpoints'."""

from dataclasses import dataclass, replace

import numpy as np

from ..presets import PRESETS, Preset


@dataclass(frozen=True)
class Form:
    preset: Preset
    official: bool = False
    frame_rate: float = 8
    mean: tuple[float, float, float] = (128, 128, 128)
    std: tuple[float, float, float] = (128, 128, 128)

    def normalized(self, clips: np.ndarray) -> np.ndarray:
        """uint8 clips [N,H,W,T*3] -> the network's float32 input."""
        mean, std = (np.tile(np.float32(v), self.preset.frames) for v in (self.mean, self.std))
        return (clips - mean) / std


def form(preset: str, official: bool, pooling: str = "avg") -> Form:
    """pooling: the WCM's, of an official checkpoint's form."""
    if not official:
        return Form(PRESETS[preset])
    from ..official import checkpoint

    if preset != "full":
        raise ValueError("an official checkpoint fits only the preset full: add --preset full")
    of = replace(checkpoint.PRESET, wcm_pool=pooling)
    return Form(of, True, checkpoint.FRAME_RATE, checkpoint.MEAN, checkpoint.STD)

"""`squeezetime blend-people`: weights between those of a training's beginning and of its end.

What a training gains on drawn clips, it may lose on real footage; in between there is often a
network that has both (arXiv 2109.01903).
"""

from pathlib import Path

import numpy as np

from ..presets import PRESETS
from . import network


def blend(begin: Path, end: Path, share: float, preset_name: str, output: Path) -> None:
    """Writes (1 - share) * begin + share * end; begin may be weights of a smaller preset."""
    model = network.build(PRESETS[preset_name])
    new = set(network.load_or_grow(model, begin))
    first = {layer.name: layer.get_weights() for layer in model.layers}
    left = network.load(model, end)
    if left:
        raise ValueError(f"{end}: has no {', '.join(left[:3])}")
    for layer in model.layers:
        last = layer.get_weights()
        if layer.name not in new:
            pairs = zip(first[layer.name], last, strict=True)
            layer.set_weights([(1 - share) * a + share * b for a, b in pairs])
        elif layer.name.endswith("_restore_bn"):  # a new block began by adding nothing
            scale, shift, *others = last
            layer.set_weights([np.float32(share) * scale, np.float32(share) * shift, *others])
    network.save(model, output)

"""A larger network that begins with what a smaller one knows.

Net2Net (arXiv 1511.05641): every channel of the larger network is a copy of one of the smaller's.
The layers that read the copies share out the smaller's weight among them, unequally, so that the
copies learn different things. Blocks that only the larger network has begin as identities.
"""

import keras
import numpy as np

from ..network import PositionMap
from ..resize import bilinear


def grow(model: keras.Model, stored: dict[str, np.ndarray], seed: int = 0) -> list[str]:
    """Gives the model the weights of a smaller one, `stored` as network.content_of names them.

    Returns the layers that keep the weights they had: the new blocks, and heads of other shapes.
    """
    rng = np.random.default_rng(seed)
    left = []
    known = {block_of(name) for name in stored}
    for layer in model.layers:
        own = layer.get_weights()
        if not own:
            continue
        names = [f"{layer.name}/{i}" for i in range(len(own))]
        # The embedding's channels come from three stages: copies of it would be other channels.
        if layer.name == "contrast" or any(name not in stored for name in names):
            if layer.name.startswith("st") and block_of(layer.name) in known:
                raise ValueError(f"it has no {layer.name}, which nothing could take the place of")
            left.append(layer.name)
            if layer.name.endswith("_restore_bn"):  # gamma 0: the new block adds nothing yet
                layer.set_weights([np.zeros_like(own[0]), *own[1:]])
            continue
        smaller = [stored[name].astype(np.float32) for name in names]
        layer.set_weights([_grown(rng, layer, *pair) for pair in zip(smaller, own, strict=True)])
    return left


def block_of(name: str) -> str:
    """stage2_block1 of stage2_block1_shortcut/0; a layer outside of the blocks is its own."""
    return "_".join(name.split("/")[0].split("_")[:2])


def _grown(rng, layer, small: np.ndarray, large: np.ndarray) -> np.ndarray:
    if isinstance(layer, PositionMap):
        return bilinear(small, *large.shape[1:3])
    if isinstance(layer, keras.layers.DepthwiseConv2D) and small.ndim == 4:
        return small[:, :, _copies(small.shape[2], large.shape[2])]  # [h,w,channels,1]
    out = _copies(small.shape[-1], large.shape[-1])
    if small.ndim == 1:
        return small[out]
    read = _copies(small.shape[-2], large.shape[-2])
    return small[..., read, :][..., out] * _shares(rng, read, len(out))


def _copies(small: int, large: int) -> np.ndarray:
    """For each channel of the larger layer the channel of the smaller one that it copies."""
    if small > large:
        raise ValueError(f"{small} channels do not fit into a layer of {large}")
    return np.arange(large) * small // large


def _shares(rng, read: np.ndarray, outputs: int) -> np.ndarray:
    """[inputs, outputs]: for each output, the shares of the copies of one channel add up to 1."""
    shares = rng.uniform(0.2, 1, (len(read), outputs))
    sums = np.zeros((read.max() + 1, outputs))
    np.add.at(sums, read, shares)
    return shares / sums[read]

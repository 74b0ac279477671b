"""Named sizes of SqueezeTime (arXiv 2405.08344, table 1)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """One size of the network: the clip it reads and the width and depth of its stages."""

    frames: int  # T, squeezed into the channels
    size: int  # height and width of a frame, pixels
    planes: tuple[int, ...]  # channels inside the blocks of each stage
    depths: tuple[int, ...]  # blocks of each stage
    expansion: int  # a block's output channels / its planes
    ioi_channels: int = 16  # channels of the inter-temporal object interaction branch
    dropout: float = 0.5  # before the classifier
    wcm_pool: str = "avg"  # as the official code; "max" as the paper's text
    symmetric: bool = False  # the stem as in the released checkpoints: one kernel, padded evenly


PRESETS = {
    "full": Preset(16, 224, (64, 128, 256, 512), (3, 4, 6, 3), 4),
    "half": Preset(16, 112, (32, 64, 128, 256), (3, 4, 6, 3), 4),
    "nano": Preset(16, 96, (32, 64, 96, 128), (1, 1, 1, 1), 2, dropout=0.2),
}

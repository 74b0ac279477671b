"""An official checkpoint with made-up weights: python models/tests/madeup.py FOLDER writes
made-up.pth, 400 classes at full size, and labels400.txt.
"""

import sys
from pathlib import Path

import torch

from squeezetime.presets import PRESETS, Preset


def made_up(preset: Preset, classes: int, seed: int = 0) -> dict:
    """A state dict in mmaction2's names, with weights and BatchNorm statistics as training leaves
    them.
    """
    g = torch.Generator().manual_seed(seed)
    state = {}

    def conv(name, out, inputs, side, bias=False):
        state[f"{name}.weight"] = (
            torch.randn(out, inputs, side, side, generator=g) * (2 / (inputs * side * side)) ** 0.5
        )
        if bias:
            state[f"{name}.bias"] = 0.1 * torch.randn(out, generator=g)

    def bn(
        name, n, gain=1.0
    ):  # small at a residual's end, as training leaves it: 16 blocks must not add up
        state[f"{name}.weight"] = gain * (0.5 + torch.rand(n, generator=g))
        state[f"{name}.bias"] = 0.2 * torch.randn(n, generator=g)
        state[f"{name}.running_mean"] = 0.3 * torch.randn(n, generator=g)
        state[f"{name}.running_var"] = 0.5 + torch.rand(n, generator=g)
        state[f"{name}.num_batches_tracked"] = torch.tensor(1000)

    root, inputs, side = "backbone.net.", preset.planes[0], preset.size // 4
    conv(root + "conv1", preset.planes[0], 3 * preset.frames, 5)
    bn(root + "bn1", preset.planes[0])
    for stage, (planes, depth) in enumerate(zip(preset.planes, preset.depths, strict=True), 1):
        for index in range(depth):
            block = f"{root}layer{stage}.{index}."
            if stage > 1 and index == 0:
                side //= 2
                conv(block + "downsample.0", inputs, 1, 2, bias=True)
                bn(block + "downsample.1", inputs)
            if inputs != planes * preset.expansion:
                conv(block + "shortcut_conv.0", planes * preset.expansion, inputs, 1)
                bn(block + "shortcut_conv.1", planes * preset.expansion, gain=0.7)
            conv(block + "conv1", planes, inputs, 1)
            bn(block + "bn1", planes)
            conv(block + "conv2.param_conv.1", planes, planes, 1)
            bn(block + "conv2.param_conv.2", planes)
            conv(block + "conv2.param_conv.4", planes, planes, 1)
            conv(block + "conv2.temporal_conv", planes, planes, 1)
            spatial = block + "conv2.spatial_conv."
            conv(spatial + "short_conv", planes, planes, 3, bias=True)
            conv(spatial + "glo_conv.0", 16, planes, 3, bias=True)
            bn(spatial + "glo_conv.1", 16)
            conv(spatial + "glo_conv.3", 16, 16, 7, bias=True)
            bn(spatial + "glo_conv.4", 16)
            conv(spatial + "glo_conv.6", planes, 16, 3, bias=True)
            # As in the release, the maps are a little larger than needed: they are interpolated.
            state[spatial + "pos_embed"] = 0.1 * torch.randn(1, 16, side + 1, side + 1, generator=g)
            bn(block + "bn2", planes)
            conv(block + "conv3", planes * preset.expansion, planes, 1)
            bn(block + "bn3", planes * preset.expansion, gain=0.3)
            inputs = planes * preset.expansion
    state["cls_head.fc_cls.weight"] = 0.3 * torch.randn(classes, inputs, generator=g)
    state["cls_head.fc_cls.bias"] = 0.1 * torch.randn(classes, generator=g)
    return state


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    torch.save({"state_dict": made_up(PRESETS["full"], 400)}, folder / "made-up.pth")
    (folder / "labels400.txt").write_text("".join(f"label {n}\n" for n in range(400)))

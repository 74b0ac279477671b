"""The same frames, as the workshop in models/ shows them to a model: parity.py MODEL FRAMES OUT STRIDE.

FRAMES is raw [n,H,W,3] u8. OUT gets the bytes of every window: the input tensor, then the logits and the embedding by
XNNPACK, then both by TFLite's own kernels.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3] / "models"))
from squeezetime.litert import Model
from squeezetime.verify import Shown

model, frames, out = map(Path, sys.argv[1:4])
shown, plain = Shown(model), Model(model, plain=True)
t, height, width = (shown.manifest[key] for key in ("frames", "height", "width"))
clip = np.fromfile(frames, np.uint8).reshape(-1, height, width, 3)
with open(out, "wb") as f:
    for first in range(0, len(clip) - t + 1, int(sys.argv[4])):
        window = clip[first : first + t]
        x = shown.as_input(np.concatenate(window, axis=2))
        # The starter's input as README.md has it, in one line: channel t*3+c, a byte is the pixel's own ^ 0x80.
        plainly = window.transpose(1, 2, 0, 3).reshape(1, height, width, 3 * t) ^ 0x80
        assert x.tobytes() == plainly.tobytes(), f"window {first}"
        f.write(x.tobytes())
        for runs in shown.model, plain:
            runs.run(x)
            for detail in runs.interpreter.get_output_details():
                f.write(runs.interpreter.get_tensor(detail["index"]).tobytes())

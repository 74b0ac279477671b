"""The same pictures, as the workshop in models/ scales them: pixels.py FRAMES OUT W H OUT_W OUT_H X Y WIDTH HEIGHT.

FRAMES is raw 4:2:0 of W x H, X to HEIGHT the area; OUT gets [n,OUT_H,OUT_W,3] RGB.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3] / "models"))
from squeezetime.pixels import to_rgb

frames, out = map(Path, sys.argv[1:3])
w, h, width, height = map(int, sys.argv[3:7])
cw, ch = (w + 1) // 2, (h + 1) // 2
with open(out, "wb") as f:
    for frame in np.fromfile(frames, np.uint8).reshape(-1, w * h + 2 * cw * ch):
        y, cb, cr = np.split(frame, [w * h, w * h + cw * ch])
        planes = y.reshape(h, w), cb.reshape(ch, cw), cr.reshape(ch, cw)
        f.write(to_rgb(planes, height, width, tuple(map(float, sys.argv[7:]))).tobytes())

"""Squeezes the same frames with NumPy and runs the same model with ai-edge-litert: parity.py MODEL FRAMES OUT T H W STRIDE.

FRAMES is raw [n,H,W,3] u8. OUT gets, for every window, the input tensor's bytes and then the output tensor's.
"""
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter

model, frames, out = sys.argv[1:4]
t, height, width, stride = map(int, sys.argv[4:])
clip = np.fromfile(frames, np.uint8).reshape(-1, height, width, 3)
interpreter = Interpreter(model, num_threads=1)
interpreter.allocate_tensors()
(tensor_in,), (tensor_out,) = interpreter.get_input_details(), interpreter.get_output_details()
scale, zero = tensor_in["quantization"]
with open(out, "wb") as f:
    for first in range(0, len(clip) - t + 1, stride):
        # [T,H,W,3] -> [1,H,W,T*3], channel t*3+c
        window = clip[first : first + t].transpose(1, 2, 0, 3).reshape(1, height, width, 3 * t)
        real = (window.astype(np.float64) - 128) / 128
        x = np.clip(np.rint(real / scale) + zero, -128, 127).astype(np.int8)
        interpreter.set_tensor(tensor_in["index"], x)
        interpreter.invoke()
        f.write(x.tobytes())
        f.write(interpreter.get_tensor(tensor_out["index"]).tobytes())

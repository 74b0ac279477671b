#!/usr/bin/env python3
"""Makes the full model file: SqueezeTime at the paper's size, 400 classes, int8, random weights.

full_model.py FILE. Wants models/ on PYTHONPATH and TensorFlow. What a model costs does not depend on
its weights.
"""

import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"  # read once, when keras is first imported

import keras
import numpy as np
from squeezetime import export, network, packaging
from squeezetime.presets import PRESETS

CLASSES = 400  # as Kinetics-400 has
CALIBRATION_CLIPS = 4


def main():
    keras.utils.set_random_seed(0)
    preset = PRESETS["full"]
    model = network.build(preset, CLASSES, folded=True)
    clip = (CALIBRATION_CLIPS, preset.size, preset.size, preset.frames * 3)
    noise = np.random.default_rng(0).integers(0, 256, clip, np.uint8)
    flatbuffer = export.to_tflite(model, export.calibration(noise))
    labels = tuple(f"class_{i:03d}" for i in range(CLASSES))
    packaging.write_whole(Path(sys.argv[1]), packaging.pack(flatbuffer, labels, manifest(preset)))


def manifest(preset):
    return {
        "format": 1,
        "name": "edged-bench-full",
        "version": "0.0.0",
        "frames": preset.frames,
        "frame_rate": 8,
        "height": preset.size,
        "width": preset.size,
        "channel_order": "tc",
        "mean": [128, 128, 128],
        "std": [128, 128, 128],
        "input_type": "int8",
        "output": "logits",
        "background": "",
        "license": "none: random weights",
        "training_data": "none: random weights",
    }


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes the model file that the full rows are measured with: full_model.py FILE [--preset NAME].

It is SqueezeTime at the paper's size with 400 classes, as int8, with random weights: what a model
costs does not depend on its weights. Needs models/ on PYTHONPATH, and TensorFlow.
"""

import argparse
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"  # Keras reads it once, when it is first imported

import keras
import numpy as np
from squeezetime import export, manifest, network, packaging
from squeezetime.presets import PRESETS

CLASSES = 400  # as many as Kinetics-400 has
CALIBRATION_CLIPS = 4
NO_OWNER = "none: random weights"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--preset", choices=PRESETS, default="full")
    arguments = parser.parse_args()
    packaging.write_whole(arguments.file, full_model(PRESETS[arguments.preset]))


def full_model(preset) -> bytes:
    keras.utils.set_random_seed(0)
    model = network.build(preset, CLASSES, folded=True)
    clips = (CALIBRATION_CLIPS, preset.size, preset.size, preset.frames * 3)
    noise = np.random.default_rng(0).integers(0, 256, clips, np.uint8)
    flatbuffer = export.to_tflite(model, export.Calibration(noise))
    labels = tuple(f"class_{i:03d}" for i in range(CLASSES))
    about = manifest.build("edged-bench-full", "0.0.0", preset, 8, license=NO_OWNER, training_data=NO_OWNER)
    return packaging.pack(flatbuffer, labels, about)


if __name__ == "__main__":
    main()

"""`squeezetime export-people`: trained weights as a model file, int8, with its embedding."""

from pathlib import Path

import numpy as np

from .. import embedding, manifest
from ..export import Calibration, to_tflite, with_embedding
from ..folding import fold
from ..litert import Model
from ..packaging import pack, write_whole
from ..presets import PRESETS
from . import network
from .clip import draw_pair
from .labels import BACKGROUND, INDEX, LABELS
from .motions import Library
from .poses import FRAME_RATE
from .scaled import scaled

NAME, VERSIONS = "edged-people", {"nano": "0.3.0", "half": "0.4.0"}
# Ordinary life and walking are far more frequent before a camera than among the drawn clips. This
# is added to the logits of EXPECTED. Chosen on validation footage: models/CARD.md.
PRIOR = {"nano": 1.0, "half": 1.5}
EXPECTED = ("other", "walk")
CALIBRATION_PAIRS, CALIBRATION_SEED = 80, 3


def export(weights: Path, preset_name: str, output: Path) -> dict:
    """Writes the model file; returns its bytes and how often int8 agrees with float32."""
    preset = PRESETS[preset_name]
    model = network.build(preset)
    if "classifier" in network.load(model, weights):
        raise ValueError(f"{weights}: has no classifier of {len(LABELS)} labels: train it first")
    _expect(model, PRIOR[preset_name])
    folded = fold(network.deployed(model, preset), preset, len(LABELS))
    clips = calibration_clips(preset.size)
    flatbuffer = with_embedding(folded, Calibration(clips))
    size = embedding.size_of(Model(flatbuffer))
    agreement = float(
        (Model(flatbuffer).best(clips) == Model(to_tflite(folded)).best(clips)).mean()
    )
    about = manifest.build(
        f"{NAME}-{preset_name}",
        VERSIONS[preset_name],
        preset,
        FRAME_RATE,
        background=BACKGROUND,
        license="Apache-2.0",
        training_data="rendered people, no real footage: models/CARD.md",
        embedding=size,
    )
    content = pack(flatbuffer, LABELS, about)
    write_whole(output, content)
    return {"bytes": len(content), "embedding": size, "int8 agrees with float32": agreement}


def _expect(model, prior: float) -> None:
    """Adds the prior to the classifier's bias."""
    classifier = model.get_layer("classifier")
    kernel, bias = classifier.get_weights()
    for label in EXPECTED:
        bias[INDEX[label]] += prior
    classifier.set_weights([kernel, bias])


def calibration_clips(side: int) -> np.ndarray:
    """Drawn clips uint8 [N,side,side,48], of a seed that no training uses."""
    library = Library(held_out=False)
    pairs = range(CALIBRATION_PAIRS)
    seeds = [(CALIBRATION_SEED << 24, pair) for pair in pairs]
    drawn = [clip.pixels for seed in seeds for clip in draw_pair(library, seed, False)]
    return scaled(np.stack(drawn), side)

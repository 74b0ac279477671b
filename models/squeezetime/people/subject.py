"""A model file under test."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .. import embedding
from ..verify import Shown
from . import real
from .labels import LABELS


@dataclass
class Subject:
    """A model under test: probabilities by label name, and the embedding where it has one."""

    path: Path
    rows: dict[str, str] = field(default_factory=dict)

    def __post_init__(self):
        self.shown = Shown(self.path)
        self.labels, self.about, self.model = (
            self.shown.labels,
            self.shown.manifest,
            self.shown.model,
        )
        self.has_embedding = embedding.size_of(self.model) > 0
        self.people = set(LABELS) <= set(self.labels)

    def probabilities(self, clips) -> np.ndarray:
        logits = np.stack([self.shown.logits(clip) for clip in clips])
        shares = np.exp(logits - logits.max(1, keepdims=True))
        return shares / shares.sum(1, keepdims=True)

    def share(self, probabilities: np.ndarray, *labels: str) -> np.ndarray:
        missing = [label for label in labels if label not in self.labels]
        if missing:
            raise ValueError(f"{self.path}: has no label {', '.join(missing)}")
        return probabilities[:, [self.labels.index(label) for label in labels]].sum(1)

    def best(self, probabilities: np.ndarray) -> list[str]:
        return [self.labels[i] for i in probabilities.argmax(1)]

    def embeddings(self, clips) -> np.ndarray:
        detail = self.model.interpreter.get_output_details()[1]
        found = []
        for clip in clips:
            self.model.run(self.shown.as_input(clip))
            found.append(embedding.real(self.model, detail)[0])
        return np.stack(found)

    def windows(self, path: Path) -> list[real.Window]:
        size = self.about["height"], self.about["width"]
        return list(real.windows(path, self.about["frames"], self.about["frame_rate"], size))

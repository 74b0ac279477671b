"""Figures of merit that need no model."""

import numpy as np

SHOTS, DRAWS = 5, 20  # examples of each label; how often they are drawn anew


def auc(positive: list[float], negative: list[float]) -> float:
    """How often one of the first scores higher than one of the second; a tie is half."""
    if not positive or not negative:
        return float("nan")
    p, n = np.array(positive)[:, None], np.array(negative)[None]
    return float((p > n).mean() + (p == n).mean() / 2)


def few_shot(vectors: np.ndarray, labels: np.ndarray, seed: int = 0) -> float:
    """Nearest mean of a few examples of each label, on standardised numbers; mean over draws.

    Of each motion's two views only the first is used, so that none is an example of the other.
    """
    vectors, labels = vectors[::2], labels[::2]
    unit = (vectors - vectors.mean(0)) / (vectors.std(0) + 1e-6)
    rng, kinds = (
        np.random.default_rng(seed),
        [k for k in np.unique(labels) if (labels == k).sum() > SHOTS],
    )
    if len(kinds) < 2:
        return float("nan")
    right = []
    for _ in range(DRAWS):
        chosen = {k: rng.choice(np.flatnonzero(labels == k), SHOTS, replace=False) for k in kinds}
        means = np.stack([unit[chosen[k]].mean(0) for k in kinds])
        tested = np.setdiff1d(
            np.flatnonzero(np.isin(labels, kinds)), np.concatenate(list(chosen.values()))
        )
        distance = ((unit[tested][:, None] - means[None]) ** 2).sum(-1)
        right.append((np.array(kinds)[distance.argmin(1)] == labels[tested]).mean())
    return float(np.mean(right))

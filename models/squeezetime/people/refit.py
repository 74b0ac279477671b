"""The classifier alone, fitted to what the network makes of all clips: the end of a training.

The network learns in steps of a few clips each, its classifier too. Fitted at once, on all clips as
they were drawn, the classifier is right more often, and it costs seconds.
"""

import numpy as np

STEPS, RATE = 200, 0.05
PENALTY = 0.003  # of the squared weights, on standardised features


def classifier(
    features: np.ndarray, labels: np.ndarray, classes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Multinomial logistic regression: features [N,D] -> kernel [D,classes], bias [classes]."""
    mean, deviation = features.mean(0), features.std(0) + 1e-6
    x = np.c_[(features - mean) / deviation, np.ones(len(features))].astype(np.float32)
    truth = np.eye(classes, dtype=np.float32)[labels]
    weights = np.zeros((x.shape[1], classes), np.float32)
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, STEPS + 1):  # Adam, the rate falling to 0
        slope = x.T @ (_softmax(x @ weights) - truth) / len(x) + PENALTY * weights
        first = 0.9 * first + 0.1 * slope
        second = 0.99 * second + 0.01 * slope**2
        scaled = (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
        weights -= RATE * (1 - step / STEPS) * scaled
    kernel = weights[:-1] / deviation[:, None]
    return kernel, weights[-1] - mean @ kernel


def _softmax(logits: np.ndarray) -> np.ndarray:
    shares = np.exp(logits - logits.max(1, keepdims=True))
    return shares / shares.sum(1, keepdims=True)

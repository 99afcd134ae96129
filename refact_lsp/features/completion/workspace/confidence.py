"""The probability that a rest of line is exactly right, as fitted on replays of real commits."""

import math

from refact_lsp.features.completion.workspace.vote import Features

DEFAULT_THRESHOLD = 0.7
QUIET_THRESHOLD = 0.8

BIAS = -2.92
WEIGHTS = Features(
    log_share=0.69,
    lowest_share=2.21,
    log_match=0.57,
    log_places=0.47,
    log_tokens=-0.91,
    recent_names=0.80,
    renamed=-0.44,
    below=0.29,
)


def probability(features: Features) -> float:
    """Between 0 and 1."""
    score = BIAS + sum(weight * value for weight, value in zip(WEIGHTS, features, strict=True))
    return 1 / (1 + math.exp(-score))

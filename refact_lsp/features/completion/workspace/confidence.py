"""The probability that a rest of line is exactly right, as fitted on replays of real commits."""

import math

from refact_lsp.features.completion.workspace.vote import Features

DEFAULT_THRESHOLD = 0.7
"""On the development repositories three of four shown lines were exactly right."""
QUIET_THRESHOLD = 0.82
"""Five of six, and two thirds of the characters saved."""

# Fitted by `python -m tests.bench.workspace_fit` on replays of httpx, pygls, llama.vscode,
# opencode, minuet-ai.nvim and ripgrep: 1,038 lines.
BIAS = -5.4
WEIGHTS = Features(
    log_share=0.31,
    lowest_share=3.0,
    log_match=1.09,
    log_places=0.73,
    log_tokens=-0.97,
    recent_names=1.01,
    renamed=-0.33,
    below=0.40,
)


def probability(features: Features) -> float:
    """Between 0 and 1."""
    score = BIAS + sum(weight * value for weight, value in zip(WEIGHTS, features, strict=True))
    return 1 / (1 + math.exp(-score))

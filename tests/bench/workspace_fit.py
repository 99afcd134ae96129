"""Fit the confidence of the embedded model on replays of development repositories.

    python -m tests.bench.workspace_fit REPOSITORY ... [--commits N] [--seed N]

Prints bias and weights for `confidence.py`, and what each threshold would have shown. The
repositories must not be those that the figures are reported for.
"""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from refact_lsp.features.completion.workspace.build import assemble
from refact_lsp.features.completion.workspace.model import MIN_CHARS, WorkspaceModel
from refact_lsp.features.completion.workspace.vote import Features
from tests.bench.replay import Replay, Repository
from tests.bench.workspace import Tally, columns

FITTED_ON = {"httpx", "pygls", "llama.vscode", "opencode", "minuet-ai.nvim", "ripgrep"}
"""Repositories whose replays made the weights in `confidence`: no figure may come from them."""
STEPS = 12
PENALTY = 1.0
THRESHOLDS = tuple(number / 20 for number in range(8, 19))
Row = tuple[tuple[float, ...], bool]


class Answer(NamedTuple):
    """The likeliest rest at one column, however unsure."""

    column: int
    rest: str
    features: Features


def answers(replay: Replay) -> list[tuple[str, list[Answer]]]:
    """Ask at every column of every line, without a threshold."""
    model = WorkspaceModel()
    model.use(assemble(replay.vocabulary, replay.files))
    found: list[tuple[str, list[Answer]]] = []
    for line in replay.typed:
        at_columns: list[Answer] = []
        lines = line.lines
        below = [text.strip() for text in lines[line.number + 1 :] if text.strip()][:2]
        for column in columns(line.text):
            head = line.text[:column]
            lines = [*lines[: line.number], f"{head}\n", *lines[line.number + 1 :]]
            model.set_buffer(line.path, lines)
            best = model.best(line.path, line.number, head)
            if best is None or len(best.text.strip()) < MIN_CHARS:
                continue
            if (head + best.text).strip() not in below:
                at_columns.append(Answer(column, best.text, best.features))
        found.append((line.text, at_columns))
    return found


def fit(rows: Sequence[Row]) -> list[float]:
    """Logistic regression by Newton's method; the first weight is the bias."""
    width = len(rows[0][0]) + 1
    weights = [0.0] * width
    for _ in range(STEPS):
        hessian = [[PENALTY * (i == j) for j in range(width)] for i in range(width)]
        gradient = [-PENALTY * weight for weight in weights]
        for values, right in rows:
            inputs = (1.0, *values)
            likely = logistic(weights, values)
            spread = likely * (1 - likely)
            for i, value in enumerate(inputs):
                gradient[i] += (right - likely) * value
                for j in range(width):
                    hessian[i][j] += spread * value * inputs[j]
        weights = [w + step for w, step in zip(weights, solve(hessian, gradient), strict=True)]
    return weights


def solve(matrix: list[list[float]], vector: list[float]) -> list[float]:
    """Gaussian elimination; the matrix is symmetric and positive."""
    rows = [[*row, value] for row, value in zip(matrix, vector, strict=True)]
    size = len(rows)
    for i in range(size):
        for k in range(i + 1, size):
            factor = rows[k][i] / rows[i][i]
            rows[k] = [a - factor * b for a, b in zip(rows[k], rows[i], strict=True)]
    solved = [0.0] * size
    for i in reversed(range(size)):
        known = sum(rows[i][j] * solved[j] for j in range(i + 1, size))
        solved[i] = (rows[i][size] - known) / rows[i][i]
    return solved


def logistic(weights: Sequence[float], values: Sequence[float]) -> float:
    score = weights[0] + sum(w * value for w, value in zip(weights[1:], values, strict=True))
    return 1 / (1 + math.exp(-score))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.workspace_fit")
    parser.add_argument("repositories", nargs="+")
    parser.add_argument("--commits", type=int, default=14)
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    lines: list[tuple[str, list[Answer]]] = []
    for folder in options.repositories:
        repository = Repository(str(Path(folder).resolve()))
        for replay in repository.replays(options.seed, options.commits):
            lines += answers(replay)
        print(f"{repository.name}: {len(lines)} lines so far", flush=True)
    rows = [
        (tuple(answer.features), text[: answer.column] + answer.rest == text)
        for text, at_columns in lines
        for answer in at_columns
    ]
    bias, *weights = fit(rows)
    print(f"BIAS = {bias:.2f}")
    for name, weight in zip(Features._fields, weights, strict=True):
        print(f"{name}={weight:.2f}")
    for threshold in THRESHOLDS:
        tally = Tally()
        for text, at_columns in lines:
            guesses = [
                (a.column, a.rest, logistic([bias, *weights], a.features)) for a in at_columns
            ]
            tally.add(text, guesses, threshold)
        print(f"{threshold:.2f} {tally}")


if __name__ == "__main__":
    main()

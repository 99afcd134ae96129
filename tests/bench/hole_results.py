"""What came of streams into holes, and how shares of it are counted."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tests.bench.hole_kinds import Hole

GOALS = {"exact": 95.0, "over": 1.5, "doubled": 0.2, "empty": 1.5, "broken": 0.0}
CELL_GOAL, ELSEWHERE_GOAL = 85.0, 92.0  # exact: each language and kind; files broken elsewhere
OUTCOMES = ("exact", "clean", "empty", "over", "doubled", "broken")
UNDECIDABLE = "sibling"


class Result(NamedTuple):
    """What one policy made of one stream; `waste` is None where the stream ended by itself."""

    language: str
    kind: str
    hole_variant: str
    variant: str
    outcome: str
    doubled: bool
    broken: bool
    waste: int | None
    reason: str
    shown: str
    hole: Hole


def decidable(results: Iterable[Result]) -> list[Result]:
    return [result for result in results if result.variant != UNDECIDABLE]


def undecidable(results: Iterable[Result]) -> list[Result]:
    return [result for result in results if result.variant == UNDECIDABLE]


def share(results: Sequence[Result], outcome: str) -> float:
    """Give the percentage of results with an outcome, or that are doubled or broken."""
    if outcome in {"doubled", "broken"}:
        hits = sum(getattr(result, outcome) for result in results)
    else:
        hits = sum(result.outcome == outcome for result in results)
    return 100 * hits / max(1, len(results))

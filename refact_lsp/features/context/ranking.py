"""One ranked list out of seven: reciprocal rank fusion, and cheap things before dear ones. Pure."""

from collections import defaultdict
from collections.abc import Callable, Sequence

import msgspec

from refact_lsp.features.context.facts import Definition
from refact_lsp.features.context.graph import Graph
from refact_lsp.features.context.scene import Scene
from refact_lsp.features.context.sources import SOURCES

RANK_OFFSET = 20
COST_POWER = 0.3
MOST_RANKED = 150
_BODY_LINES = 10
_TOKENS_A_LINE = 12.0


class Item(msgspec.Struct, frozen=True):
    """A definition to show: line ranges of its file, with some of its body, and how it got here."""

    path: str
    name: str
    shown: tuple[tuple[int, int], ...]
    body: tuple[int, int]
    score: float
    source: str


Ranked = Sequence[tuple[str, float, Sequence[int]]]


def ranked_items(scene: Scene, rest: Callable[[], None] | None = None) -> list[Item]:
    """Rank what the sources give for a scene; `rest` is called in between."""
    lists: list[tuple[str, float, Sequence[int]]] = []
    for name, weight, source in SOURCES:
        lists.append((name, weight, source(scene)))
        if rest is not None:
            rest()
    return fused(scene.graph, lists)


def fused(
    graph: Graph, lists: Ranked, cost: Callable[[Definition], float] | None = None
) -> list[Item]:
    """Fuse ranked lists of definitions by reciprocal rank."""
    cost = cost or _lines_cost
    scores: dict[int, float] = defaultdict(float)
    sources: dict[int, tuple[float, str]] = {}
    for name, weight, numbers in lists:
        for rank, number in enumerate(numbers):
            share = weight / (RANK_OFFSET + rank)
            scores[number] += share
            known = sources.get(number)
            if known is None or known < (share, name):
                sources[number] = share, name
    found = [
        (score / cost(graph.definitions[number]) ** COST_POWER, -number)
        for number, score in scores.items()
    ]
    found.sort(reverse=True)
    return [
        item(graph, -number, score, sources[-number][1]) for score, number in found[:MOST_RANKED]
    ]


def item(graph: Graph, number: int, score: float, source: str) -> Item:
    """Say which lines show a definition; a member is shown under the head of its type."""
    one, path = graph.definitions[number], graph.homes[number]
    shown = one.shown
    if one.container:
        for other in graph.by_name.get(one.container, ()):
            holder = graph.definitions[other]
            if graph.homes[other] == path and holder.start <= one.start < holder.end:
                shown = ((holder.start, holder.start + 1), *shown)
                break
    end = one.shown[-1][1]
    return Item(path, one.name, shown, (end, min(one.end, end + _BODY_LINES)), score, source)


def _lines_cost(one: Definition) -> float:
    lines = 0
    for start, end in one.shown:
        lines += end - start
    return _TOKENS_A_LINE * lines

"""What stands around a cursor, as the sources ask it. Pure."""

from collections.abc import Mapping, Sequence

from refact_lsp.features.context.extract import IDENTIFIER
from refact_lsp.features.context.facts import FileFacts
from refact_lsp.features.context.graph import Graph
from refact_lsp.features.context.words import words_of

NEAR_LINES = 80
_WORD_LINES = 16
_HALF_LINES = 10.0


class Scene:
    """A document and a cursor against the graph.

    `near` says how close a name stands to the cursor, 1 on its line and falling; imports do not
    count. `words` are the parts of names close by. `unused` are imported names without a use.
    `ratings` are those that sources gave already: most definitions come from more than one.
    """

    def __init__(self, graph: Graph, facts: FileFacts, lines: Sequence[str], line: int) -> None:
        self.graph = graph
        self.facts = facts
        self.line = line
        imports = {row for each in facts.imports for row in range(each.start, each.end)}
        self.near = _near(lines, line, imports)
        self.words = _words(lines, line, imports)
        self.ratings: dict[int, float] = {}
        self._closeness: dict[str, float] = {}
        self.resolved = graph.resolved(facts)
        self.local = graph.local_names(self.resolved)
        self.modules = tuple(dict.fromkeys(f for each in self.resolved for f in each.files))
        self.imported = frozenset(self.modules)
        in_imports = [
            word for row in imports if row < len(lines) for word in IDENTIFIER.findall(lines[row])
        ]
        self.unused = {
            name for name in self.local if facts.uses.get(name, 0) <= in_imports.count(name)
        }

    def closeness(self, name: str) -> float:
        """Say how close a name stands, from 0 to 1, and, 0.8 to it, how much of its words."""
        known = self._closeness.get(name)
        if known is None:
            parts = words_of(name)
            overlap = sum(self.words.get(part, 0.0) for part in parts) / max(1, len(parts))
            known = self._closeness[name] = self.near.get(name, 0.0) + 0.8 * overlap
        return known

    def enclosing(self) -> list[str]:
        """Name the types that hold the cursor, and what their heads mention."""
        names: list[str] = []
        for one in self.facts.definitions:
            if one.start <= self.line < one.end:
                names += [one.container] if one.container else []
                names += [one.name, *one.types]
        return list(dict.fromkeys(names))


def _near(lines: Sequence[str], line: int, skipped: set[int]) -> Mapping[str, float]:
    near: dict[str, float] = {}
    for row in _outwards(line, len(lines), NEAR_LINES):
        if row in skipped:
            continue
        # What stands above was written before the line, and says a little more.
        close = 1 / (1 + abs(row - line) / (_HALF_LINES if row <= line else _HALF_LINES / 2))
        for name in IDENTIFIER.findall(lines[row]):
            if name not in near:
                near[name] = close
    return near


def _words(lines: Sequence[str], line: int, skipped: set[int]) -> Mapping[str, float]:
    words: dict[str, float] = {}
    for row in _outwards(line, len(lines), _WORD_LINES):
        if row in skipped:
            continue
        close = 1 / (1 + abs(row - line) / _HALF_LINES)
        for part in words_of(lines[row]):
            words.setdefault(part, close)
    return words


def _outwards(line: int, count: int, most: int) -> list[int]:
    rows = range(max(0, line - most), min(count, line + most + 1))
    return sorted(rows, key=lambda row: abs(row - line))

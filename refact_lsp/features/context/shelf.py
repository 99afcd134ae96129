"""The context of one document from request to request: blocks that are only ever appended.

Consecutive prompts then begin alike, and a runtime reads only what is new. Where too much of what
is wanted does not fit any more, the last blocks give way, never the first.
"""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from refact_lsp.core.tokens import estimate
from refact_lsp.features.context.ranking import Item

WANTED = 16
"""So many of the best items should be on the shelf."""
MOST_MISSED = 2
KEPT_SHARE = 0.7
_BODIES = ((2500, 8), (1000, 3))
"""From a budget on, so many of the best items show the beginning of their bodies."""

LinesOf = Callable[[str], Sequence[str]]


class Block(msgspec.Struct, frozen=True):
    """Lines of one file, as they go into the prompt together."""

    path: str
    rows: tuple[int, ...]
    text: str
    tokens: int
    score: float
    source: str


class Shelf:
    """Blocks for one document within one budget."""

    def __init__(self, budget_tokens: int) -> None:
        self.budget_tokens = budget_tokens
        self.blocks: list[Block] = []

    @property
    def tokens(self) -> int:
        return sum(block.tokens for block in self.blocks)

    def update(self, items: Sequence[Item], lines_of: LinesOf, label: Callable[[str], str]) -> None:
        """Take a new ranking: append what is missing, or let the last blocks go first."""
        self.blocks = [b for b in self.blocks if _still_there(b, lines_of)]
        missed = self._append(items[:WANTED] if self.blocks else items, items, lines_of, label)
        if missed > MOST_MISSED:
            while self.blocks and self.tokens > KEPT_SHARE * self.budget_tokens:
                self.blocks.pop()
            self._append(items, items, lines_of, label)

    def _append(
        self,
        wanted: Iterable[Item],
        items: Sequence[Item],
        lines_of: LinesOf,
        label: Callable[[str], str],
    ) -> int:
        """Add blocks for what is wanted and not there; says how many did not fit."""
        placed: dict[str, set[int]] = {}
        for block in self.blocks:
            placed.setdefault(block.path, set()).update(block.rows)
        bodies = next((n for least, n in _BODIES if self.budget_tokens >= least), 0)
        with_body = {id(each) for each in items[:bodies]}
        room = self.budget_tokens - self.tokens
        new: dict[str, tuple[set[int], Item]] = {}
        missed = 0
        for each in wanted:
            lines = lines_of(each.path)
            if not _names(each, lines):
                continue
            known = placed.get(each.path, set())
            own = new.get(each.path)
            have = known | own[0] if own else known
            head = {row for start, end in each.shown for row in range(start, end)} - have
            rows = _written(head, lines)
            header = 0 if own else estimate(label(each.path)) + 2
            cost = header + _cost(rows, lines)
            if not rows and not head:
                continue
            if cost > room:
                missed += 1
                continue
            if id(each) in with_body:
                more = _written(set(range(*each.body)) - have, lines)
                if cost + _cost(more, lines) <= room:
                    rows |= more
                    cost += _cost(more, lines)
            if not rows:  # of its head only empty lines are missing
                continue
            room -= cost
            new.setdefault(each.path, (set(), each))[0].update(rows)
        for path, (rows, best) in new.items():
            self.blocks.append(_block(path, rows, best, lines_of(path), label))
        return missed


def _block(
    path: str, rows: set[int], best: Item, lines: Sequence[str], label: Callable[[str], str]
) -> Block:
    text = "\n".join(lines[row].rstrip() for row in sorted(rows))
    tokens = estimate(text) + estimate(label(path)) + 2
    return Block(path, tuple(sorted(rows)), text, tokens, best.score, best.source)


def _names(each: Item, lines: Sequence[str]) -> bool:
    """Whether the file still holds the definition where it was found."""
    return any(
        each.name in lines[row]
        for start, end in each.shown
        for row in range(start, min(end, len(lines)))
    )


def _written(rows: set[int], lines: Sequence[str]) -> set[int]:
    return {row for row in rows if row < len(lines) and lines[row].strip()}


def _cost(rows: set[int], lines: Sequence[str]) -> int:
    return estimate("\n".join(lines[row] for row in sorted(rows))) if rows else 0


def _still_there(block: Block, lines_of: LinesOf) -> bool:
    lines = lines_of(block.path)
    if not block.rows or block.rows[-1] >= len(lines):
        return False
    return block.text == "\n".join(lines[row].rstrip() for row in block.rows)

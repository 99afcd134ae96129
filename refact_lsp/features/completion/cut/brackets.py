"""Which brackets the document leaves open at the cursor, and which of them the text must close.

The openers left of the cursor and the closers right of it are aligned from the outside, so that a
bracket missing elsewhere in the file does not shift the others.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

_PAIRS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        ")": frozenset("("),
        "]": frozenset("["),
        "}": frozenset("{"),
        "end": frozenset(("function", "if", "do")),
        "until": frozenset(("repeat",)),
    }
)
# Deeper nesting than this is not aligned: the outer levels are taken as matched.
DEEPEST = 24
_MATCH, _SAME_INDENT, _OTHER_INDENT = 4, 2, -1


class Bracket(NamedTuple):
    """`indent` is that of its line, for a closer only where it leads that line.

    `near` says that it stands on the cursor's line.
    """

    text: str
    indent: int | None
    near: bool


class Balance(NamedTuple):
    """`needed` says for each opener, outermost first, whether the text must close it.

    `extra` are closers right of the cursor whose opener the text must bring.
    """

    openers: Sequence[Bracket]
    needed: Sequence[bool]
    extra: Sequence[str]


def closes(closer: str, opener: str) -> bool:
    """Whether the two are a pair."""
    return opener in _PAIRS[closer]


def width(indentation: str) -> int:
    """Columns of leading blanks; a tab counts four."""
    return len(indentation.expandtabs(4))


def indent_at(text: str, at: int) -> tuple[int, bool]:
    """Indentation of the line around `at`, and whether only blanks stand before `at` on it."""
    line_start = text.rfind("\n", 0, at) + 1
    before = text[line_start:at]
    blanks = len(before) - len(before.lstrip(" \t"))
    return width(before[:blanks]), blanks == len(before)


def pop_pair(stack: list[Bracket], closer: str) -> bool:
    """Take the nearest opener that fits off the stack, with all that was opened inside it."""
    for depth in range(len(stack) - 1, -1, -1):
        if closes(closer, stack[depth].text):
            del stack[depth:]
            return True
    return False


def balance(
    openers: Sequence[Bracket],
    closers: Sequence[Bracket],
    *,
    prefix_is_whole: bool,
    suffix_is_whole: bool,
) -> Balance:
    """Align openers (outermost first) with closers (nearest first).

    What lies outside the outermost pair is judged only where that side of the document was read to
    its end; but a parenthesis or a bracket of the cursor's line closes nearer than that.
    """
    inner = openers[-DEEPEST:]
    outer = len(openers) - len(inner)
    pairs = _align(inner, closers[::-1])
    opener_partners = {opener for opener, _ in pairs}
    closer_partners = {len(closers) - 1 - closer for _, closer in pairs}
    first_opener = 0 if suffix_is_whole else min(opener_partners, default=len(inner))
    last_closer = len(closers) if prefix_is_whole else max(closer_partners, default=-1)
    needed = [False] * outer + [
        at not in opener_partners and (at >= first_opener or bracket.near or bracket.text in "([")
        for at, bracket in enumerate(inner)
    ]
    extra = [
        bracket.text
        for at, bracket in enumerate(closers)
        if at < last_closer and at not in closer_partners
    ]
    return Balance(openers, needed, extra)


def _align(openers: Sequence[Bracket], closers: Sequence[Bracket]) -> list[tuple[int, int]]:
    """Align by the best-scoring common subsequence; both outermost first, ties go outside."""
    rows, columns = len(openers), len(closers)
    best = [[0] * (columns + 1) for _ in range(rows + 1)]
    for row in range(rows - 1, -1, -1):
        for column in range(columns - 1, -1, -1):
            score = _score(openers[row], closers[column])
            taken = best[row + 1][column + 1] + score if score else 0
            best[row][column] = max(best[row + 1][column], best[row][column + 1], taken)
    pairs: list[tuple[int, int]] = []
    row = column = 0
    while row < rows and column < columns:
        score = _score(openers[row], closers[column])
        if score and best[row][column] == best[row + 1][column + 1] + score:
            pairs.append((row, column))
            row, column = row + 1, column + 1
        elif best[row][column] == best[row + 1][column]:
            row += 1
        else:
            column += 1
    return pairs


def _score(opener: Bracket, closer: Bracket) -> int:
    if not closes(closer.text, opener.text):
        return 0
    if closer.indent is None:
        return _MATCH
    return _MATCH + (_SAME_INDENT if closer.indent == opener.indent else _OTHER_INDENT)

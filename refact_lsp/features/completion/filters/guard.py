"""The last check before text is shown: the syntax must be as good as it was without it.

The document is parsed with the text in it. Where that brings an error that was not there, lines and
closers are taken from its end until it does not; where nothing is left, nothing is shown.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from refact_lsp.core.syntax import Grammar, Syntax, grammar_of

if TYPE_CHECKING:
    from tree_sitter import Tree

# strict: no error at all may be left. relative: no more than without the text, for files that are
# broken elsewhere.
Strictness = Literal["strict", "relative"]
_MOST_LINES, _MOST_CLOSERS = 8, 3
_ERRORS = "(ERROR) @error (MISSING) @missing"


class Guard:
    """Parses one hole with different texts in it."""

    def __init__(
        self,
        syntax: Syntax,
        language: str,
        prefix: str,
        suffix: str,
        *,
        strictness: Strictness = "relative",
        key: str = "guard",
    ) -> None:
        self._key = key
        self._syntax = syntax
        self._grammar = grammar_of(language)
        self._prefix = prefix.encode()
        self._suffix = suffix.encode()
        self._strictness = strictness

    def errors(self, text: str) -> tuple[int, int | None]:
        """Count syntax errors with the text in place, and say where in it the first begins."""
        from tree_sitter import QueryCursor

        grammar = self._grammar
        if grammar is None:
            return 0, None
        inserted = text.encode()
        tree = self._parse(grammar, self._prefix + inserted + self._suffix)
        if not tree.root_node.has_error:
            return 0, None
        cursor = QueryCursor(self._syntax.query(grammar, _ERRORS))
        nodes = [node for group in cursor.captures(tree.root_node).values() for node in group]
        start = len(self._prefix)
        inside = [
            node.start_byte - start for node in nodes if 0 < node.start_byte - start < len(inserted)
        ]
        first = len(inserted[: min(inside)].decode(errors="ignore")) if inside else None
        return max(1, len(nodes)), first

    def _parse(self, grammar: Grammar, source: bytes) -> "Tree":
        return self._syntax.tree(self._key, grammar, source)

    def accepts(self, errors: int) -> bool:
        """Whether so many errors may be shown."""
        if self._strictness == "strict":
            return errors == 0
        return errors <= self.errors("")[0]


def guarded(guard: Guard, text: str) -> str | None:
    """Give the longest beginning of the text that breaks nothing; None where there is none."""
    errors, first_error = guard.errors(text)
    if errors == 0:
        return text
    best = (errors, text)
    for candidate in _candidates(text, first_error):
        errors, _ = guard.errors(candidate)
        if errors == 0:
            return candidate
        best = min(best, (errors, candidate), key=lambda pair: pair[0])
    return best[1] if guard.accepts(best[0]) else None


def _candidates(text: str, first_error: int | None) -> Iterator[str]:
    """Give the text up to its first error, without its last lines, without its last closers."""
    if first_error and (head := text[:first_error].rstrip()):
        yield head
    lines = text.split("\n")
    for dropped in range(1, min(_MOST_LINES, len(lines) - 1) + 1):
        shorter = "\n".join(lines[:-dropped]).rstrip()
        if shorter.strip():
            yield shorter
    shorter = text.rstrip()
    for _ in range(_MOST_CLOSERS):
        if not shorter or shorter[-1] not in ")]};":
            return
        shorter = shorter[:-1].rstrip()
        if shorter:
            yield shorter

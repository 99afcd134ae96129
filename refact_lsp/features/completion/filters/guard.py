"""The last check before text is shown: the syntax must be as good as it was without it.

The document, of a long one what is near, is parsed with the text in it. Where that brings an error
that was not there, closers are added or lines and closers taken away until it does not; where
nothing is left, nothing is shown.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from refact_lsp.core.syntax import Grammar, Syntax, grammar_of
from refact_lsp.features.completion.filters import python_check
from refact_lsp.features.completion.filters.nearby import nearby

if TYPE_CHECKING:
    from tree_sitter import Tree

# strict: no error at all may be left in the document. auto: that near the cursor, where the rest is
# clean, else no more errors than without the text.
Strictness = Literal["auto", "strict"]
_MOST_LINES, _MOST_CLOSERS = 8, 3
_MOST_CHARS = 1_000_000
_MOST_NEAR_CHARS = 50_000  # more is near a cursor only where a line is far too long to parse
_ERRORS = "(ERROR) @error (MISSING) @missing"
_CLOSING = {"(": ")", "[": "]", "{": "}"}


class Guard:
    """Parses one hole with different texts in it.

    `closers` gives what the document leaves open at the cursor; it is asked only where that
    decides. `replaced` characters right of the cursor are taken as gone. Trees are kept under
    `key`, so that documents should have keys of their own.
    """

    def __init__(
        self,
        syntax: Syntax,
        language: str,
        prefix: str,
        suffix: str,
        *,
        strictness: Strictness = "auto",
        key: str = "guard",
        closers: Callable[[], str] = str,
        replaced: int = 0,
    ) -> None:
        self._syntax = syntax
        self._key = key
        grammar = grammar_of(language)
        most = _MOST_CHARS
        if grammar is not None and strictness != "strict":
            prefix, suffix = nearby(prefix, suffix, grammar.name)
            most = _MOST_NEAR_CHARS
        self._grammar = grammar if len(prefix) + len(suffix) <= most else None
        self._prefix, self._suffix = prefix.encode(), suffix.encode()
        self._after = suffix[replaced:].encode()
        self._strictness = strictness
        self._closers = closers

    def errors(self, text: str) -> tuple[int, int | None]:
        """Count syntax errors with the text in place, and say where in it the first begins."""
        inserted = text.encode()
        positions = self._error_positions(self._prefix + inserted + self._after)
        start = len(self._prefix)
        inside = [at - start for at in positions if 0 < at - start < len(inserted)]
        first = len(inserted[: min(inside)].decode(errors="ignore")) if inside else None
        return len(positions), first

    def prepare(self) -> None:
        """Parse the document as it stands, so that a text in it is little to parse."""
        if self._grammar is not None:
            self._parse(self._grammar, self._prefix + self._suffix)

    def errors_without(self) -> int:
        """Count the syntax errors of the document as it stands."""
        return len(self._error_positions(self._prefix + self._suffix))

    def is_header(self, text: str) -> bool:
        """Whether only the block is missing that the text's last line has just opened.

        That may be shown like any beginning of a statement, though Python calls it an error.
        """
        if self._strictness == "strict" or not text.rstrip().endswith(":"):
            return False
        return self._grammar is not None and self._grammar.name == "python" and self._is_whole(text)

    def is_unfinished(self, text: str) -> bool:
        """Whether only the ends of blocks are missing: of those around, and of one it ends with.

        So it is wherever a block is written from top to bottom, and no editor closes brackets.
        """
        if self._strictness == "strict":
            return False
        line_end = self._after.find(b"\n")
        end = line_end if line_end >= 0 else len(self._after)
        line = text + self._after[:end].decode()
        ends = _missing_ends(line, self._closers().split())
        if not ends:
            return False
        closed = "\n".join((line, *ends)).encode()
        return not self._error_positions(self._prefix + closed + self._after[end:])

    def _is_whole(self, text: str) -> bool:
        return self.errors(text.rstrip() + python_check.BODY)[0] == 0

    def accepts(self, errors: int) -> bool:
        """Whether so many errors may be shown."""
        if errors == 0:
            return True
        if self._strictness == "strict":
            return False
        without = self.errors_without()
        return errors <= without and bool(without) and not self._is_clean_elsewhere()

    def _is_clean_elsewhere(self) -> bool:
        """Whether all errors of the document come from the hole."""
        closed = self._prefix + self._closers().encode() + self._suffix
        line_start = self._prefix.rfind(b"\n") + 1
        line_end = self._suffix.find(b"\n")
        outside = self._prefix[:line_start] + self._suffix[max(0, line_end) :]
        return any(not self._error_positions(source) for source in (closed, outside))

    def _error_positions(self, source: bytes) -> list[int]:
        from tree_sitter import QueryCursor

        if self._grammar is None:
            return []
        tree = self._parse(self._grammar, source)
        if not tree.root_node.has_error:
            return []
        cursor = QueryCursor(self._syntax.query(self._grammar, _ERRORS))
        found = cursor.captures(tree.root_node).values()
        return [node.start_byte for group in found for node in group] or [0]

    def _parse(self, grammar: Grammar, source: bytes) -> "Tree":
        return self._syntax.tree(self._key, grammar, source)


def guarded(guard: Guard, text: str) -> str | None:
    """Give what of the text breaks nothing, closers added if need be; None where nothing is."""
    errors, first_error = guard.errors(text)
    if errors == 0 or guard.is_header(text) or guard.is_unfinished(text):
        return text
    best = (errors, text)
    for candidate in _candidates(text, first_error):
        errors, _ = guard.errors(candidate)
        if errors == 0:
            return candidate
        best = min(best, (errors, candidate), key=lambda pair: pair[0])
    return best[1] if guard.accepts(best[0]) else None


def _candidates(text: str, first_error: int | None) -> Iterator[str]:
    """Close what the text opened on one line; then cut: at its first error, lines, closers."""
    if "\n" not in text and (opened := _open_brackets(text)):
        yield text.rstrip() + "".join(_CLOSING[bracket] for bracket in reversed(opened))
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


def _open_brackets(text: str) -> list[str]:
    """Give parentheses and brackets that a line leaves open; quotes are the parser's to judge."""
    stack: list[str] = []
    for char in text:
        if char in _CLOSING:
            stack.append(char)
        elif stack and char == _CLOSING[stack[-1]]:
            stack.pop()
    return stack if "{" not in stack else []


def _missing_ends(text: str, needed: Sequence[str]) -> Sequence[str]:
    """Give what closes the blocks that are open behind a text; nothing where it leaves more open.

    `needed` are the closers that are missing behind the cursor, the nearest first.
    """
    own: list[str] = []
    left = list(needed)
    for char in text:
        if char in _CLOSING:
            own.append(_CLOSING[char])
        elif own and char == own[-1]:
            own.pop()
        elif not own and left and char == left[0]:
            left.pop(0)
    if own and (own != ["}"] or not text.rstrip().endswith("{")):
        return ()
    ends = (*own, *left)
    return ends if ends and ends[0] not in ")]" else ()

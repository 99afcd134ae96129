"""Words and signs of source text as numbers; pure, and unaware of any language's grammar.

A line is its tokens and, beside them, the kind of blank before each. Lines are joined by newline
tokens that say whether the indentation grew, shrank or stayed, so that a context tells where it is.
"""

import bisect
import functools
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

HOLE, NEWLINE_MORE, NEWLINE_LESS, NEWLINE_SAME, EDGE, UNKNOWN, FIRST_WORD = range(7)
"""Ids below `FIRST_WORD`: blanked or buried, beginnings of lines, an end of text, a new word."""

MAX_LINE_CHARS = 400
"""Longer lines are data or minified code: they are left out, and nothing is offered on them."""

BLANKS = ("", " ", "  ", "   ", "\t", "\t\t", "    ", "\n")
"""Blanks between two tokens by kind; the last kind stands for all others and is never written."""
BLANK_BITS = 3
OTHER_BLANK = len(BLANKS) - 1

_TAB_COLUMNS = 4
_TOKEN = re.compile(
    r"""(\s*)([^\W\d]\w*|\d\w*|->|=>|::|:=|[=!<>]=|&&|\|\||\.\.\.|\"\"\"|'''|[^\w\s])"""
)
_BLANK_KINDS = {blank: kind for kind, blank in enumerate(BLANKS[:-1])}


class LineTokens(NamedTuple):
    """Token ids of one stripped line, and the kind of blank before each."""

    ids: list[int]
    blanks: bytes


class Continuations(NamedTuple):
    """Ids of the words that go on after a beginning: a range of the sorted ones, and later ones."""

    first: int
    end: int
    later: frozenset[int]

    def any(self) -> bool:
        """Whether there is one."""
        return self.first < self.end or bool(self.later)

    def __contains__(self, token: object) -> bool:
        return isinstance(token, int) and (self.first <= token < self.end or token in self.later)


class Vocabulary:
    """Numbers for words. The words it starts with are sorted; words met later follow as they come.

    `common[id]` is false for a name that may be local to its file: such names are blanked where
    contexts are compared up to a renaming.
    """

    def __init__(
        self, words: Sequence[str] = (), common: bytes = b"", *, remembered_lines: int = 4096
    ) -> None:
        self.words: list[str] = ["\n"] * FIRST_WORD + list(words)
        self.ids: dict[str, int] = {word: number for number, word in enumerate(words, FIRST_WORD)}
        self.common = bytearray(b"\1" * FIRST_WORD) + bytearray(common)
        self._sorted_end = len(self.words)
        self._later: list[str] = []
        self.line = functools.lru_cache(remembered_lines)(self._line)

    def known(self, word: str) -> int:
        """Return the word's id, `UNKNOWN` for one never met."""
        return self.ids.get(word, UNKNOWN)

    def add(self, word: str) -> int:
        """Return the word's id, new where it has none."""
        number = self.ids.get(word)
        if number is None:
            number = self.ids[word] = len(self.words)
            self.words.append(word)
            self.common.append(not is_name(word))
            bisect.insort(self._later, word)
        return number

    def continuations(self, part: str) -> Continuations:
        """Find the words that begin with `part` and go on."""
        words, ids, top = self.words, self.ids, part + "\U0010ffff"
        first = bisect.bisect_right(words, part, FIRST_WORD, self._sorted_end)
        end = bisect.bisect_left(words, top, first, self._sorted_end)
        low = bisect.bisect_right(self._later, part)
        high = bisect.bisect_left(self._later, top, low)
        return Continuations(first, end, frozenset(ids[word] for word in self._later[low:high]))

    def _line(self, body: str) -> LineTokens:
        pairs = _TOKEN.findall(body)
        kinds = bytes(_BLANK_KINDS.get(blank, OTHER_BLANK) for blank, _ in pairs)
        return LineTokens([self.add(word) for _, word in pairs], kinds)


def is_name(word: str) -> bool:
    """Whether a word is an identifier or keyword rather than a number or sign."""
    return word[0].isalpha() or word[0] == "_"


def unfinished_words(line_head: str) -> list[str]:
    """Split a line still being typed into words; nothing is added to any vocabulary."""
    return [word for _, word in _TOKEN.findall(line_head.strip())]


def indentation(line: str) -> int:
    """Columns before the first token; a tab counts to the next multiple of four."""
    head = line[: len(line) - len(line.lstrip())]
    return len(head.expandtabs(_TAB_COLUMNS))


def newline_token(indent: int, previous_indent: int) -> int:
    """Return the newline token of a line that is indented by `indent`."""
    if indent == previous_indent:
        return NEWLINE_SAME
    return NEWLINE_MORE if indent > previous_indent else NEWLINE_LESS


def text_tokens(vocabulary: Vocabulary, lines: Iterable[str]) -> LineTokens:
    """Tokens of a whole text behind an edge; blank and overlong lines are left out."""
    ids, blanks, previous_indent = [EDGE], bytearray(1), 0
    for line in lines:
        body = line.strip()
        if not body or len(body) > MAX_LINE_CHARS:
            continue
        indent = indentation(line)
        tokens = vocabulary.line(body)
        ids.append(newline_token(indent, previous_indent))
        blanks.append(0)
        ids += tokens.ids
        blanks += tokens.blanks
        previous_indent = indent
    return LineTokens(ids, bytes(blanks))

"""What the document says about the hole before a token has come; computed once a stream."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from refact_lsp.features.completion.cut.brackets import (
    Balance,
    balance,
    width,
)
from refact_lsp.features.completion.cut.context import CutContext
from refact_lsp.features.completion.cut.lexer import Lexer
from refact_lsp.features.completion.cut.lexis import Reading, Region
from refact_lsp.features.completion.cut.memory import Memory

# How far from the cursor brackets are looked for; what lies beyond is taken as balanced.
_PREFIX_CHARS = 24_000
_SUFFIX_CHARS = 24_000
_SUFFIX_LINES = 3
_MOST_COMMENT_LINES = 10
_STATEMENT_LINES = 30  # a statement that is longer is indented as its last line
_ONLY_CLOSERS = re.compile(r"[\s)\]}>'\"`;,:]*$")
_OUTERMOST_LINE = re.compile(
    r"\n(?=(?:def|class|async|@|func|fn|pub|impl|export|function|static|public|type|struct|local"
    r"|const|let|var|void|int|char|enum|interface|mod|use|import|#include)\b)"
)


class Line(NamedTuple):
    """A line without its indentation and trailing blanks."""

    indent: int
    text: str


class Place(NamedTuple):
    """The hole. `window` is the part of the prefix that the lexer has read.

    `line_indent` is that of the statement which the cursor's line ends, if it began further up.
    `header` says that the cursor's line opens a block, a comment at its end aside; `unopened` are
    the delimiters of long strings that the suffix closes without having opened them.
    """

    reading: Reading
    lexer: Lexer
    window: str
    balance: Balance
    line_indent: int
    right: str
    right_is_closers: bool
    blank_line: bool
    header: bool
    after_opener: bool
    in_code: bool
    in_comment: bool
    opened_above: bool
    region_closes: bool
    region_tail: str
    unopened: frozenset[str]
    next_lines: Sequence[Line]

    @property
    def needs(self) -> bool:
        """Whether the text must close something that the document leaves open."""
        return any(self.balance.needed)

    @property
    def expects_lines(self) -> bool:
        """Whether an empty block or bracket stands at the cursor: the text is several lines."""
        if not self.right_is_closers:
            return False
        following = self.next_lines[0] if self.next_lines else Line(-1, "")
        if self.after_opener:
            return bool(self.right) or self._ends_block(following, self.line_indent)
        if not (self.in_code and self.blank_line and self.opened_above):
            return False
        return self._ends_block(following, self.line_indent - 1) or self.needs

    @property
    def begins_block(self) -> bool:
        """Whether a comment is all that stands in a block yet, and the cursor at its end."""
        if not (self.in_comment and self.opened_above):
            return False
        following = self.next_lines[0] if self.next_lines else Line(-1, "")
        return self._ends_block(following, self.line_indent - 1) or self.needs

    @property
    def statement_is_open(self) -> bool:
        """Whether nothing right of the cursor or below goes on with the cursor's statement."""
        if self.right or (self.balance.openers and self.balance.openers[-1].text in "(["):
            return False
        if not self.next_lines:
            return True
        below = self.next_lines[0]
        return below.indent <= self.line_indent and not self.reading.goes_on(
            below.text, deeper=False
        )

    def _ends_block(self, line: Line, deepest: int) -> bool:
        """Whether a line is outside the block; some indent the closer like the block's lines."""
        return line.indent <= deepest + (1 if line.text[:1] in tuple(")]}") else 0)


def place_of(context: CutContext, memory: Memory | None = None) -> Place:
    """Read around the cursor; with a memory, lines that it knows are not read again."""
    memory = memory or Memory()
    reading = memory.reading(context.language)
    window, prefix_is_whole = _window(context.prefix)
    suffix = context.suffix[:_SUFFIX_CHARS]
    lexer = Lexer(reading)
    openers = memory.openers(lexer, window)
    line_prefix, right = context.line_prefix, context.line_suffix.strip()
    in_code = lexer.region is None
    header = _opens(reading, line_prefix)
    closing = _region_end(lexer, context.suffix)
    after = lexer.twin()
    if closing is None and lexer.region and lexer.region.multiline:
        after.leave()
    return Place(
        reading=reading,
        lexer=lexer,
        window=window,
        balance=balance(
            openers,
            memory.unmatched_closers(after, suffix),
            prefix_is_whole=prefix_is_whole,
            suffix_is_whole=len(suffix) == len(context.suffix),
        ),
        line_indent=_statement_indent(reading, context.prefix),
        right=right,
        right_is_closers=bool(_ONLY_CLOSERS.match(right)),
        blank_line=not line_prefix.strip(),
        header=header,
        after_opener=in_code and header,
        in_code=in_code,
        in_comment=lexer.region is not None and lexer.region.comment,
        opened_above=_opens(reading, _code_line_above(reading, context.prefix)),
        region_closes=closing is not None,
        region_tail=suffix[: closing or 0].rstrip(),
        unopened=_unopened(reading, context.suffix) if in_code else frozenset(),
        next_lines=_next_lines(context.suffix),
    )


def _window(prefix: str) -> tuple[str, bool]:
    """Take the end of the prefix, from a line that stands at the margin; say if it is all."""
    if len(prefix) <= _PREFIX_CHARS:
        return prefix, True
    start = len(prefix) - _PREFIX_CHARS
    margin = _OUTERMOST_LINE.search(prefix, start)
    return prefix[margin.end() if margin else start :], False


def _opens(reading: Reading, line: str) -> bool:
    code = line
    if reading.lexis.line_comment:
        code = re.split(rf"\s{re.escape(reading.lexis.line_comment)}", line, maxsplit=1)[0]
    return bool(reading.header.search(code.rstrip()))


def _statement_indent(reading: Reading, prefix: str) -> int:
    """Give the indentation of the line that opens the brackets which the cursor's line closes."""
    end = len(prefix)
    last: int | None = None
    wanted = 0
    for _ in range(_STATEMENT_LINES):
        start = prefix.rfind("\n", 0, end) + 1
        line = prefix[start:end]
        text = line.lstrip()
        indent = width(line[: len(line) - len(text)])
        last = indent if last is None else last
        closers, openers = _unmatched(reading, text)
        wanted = max(0, wanted - openers) + closers
        if not wanted or (end == len(prefix) and text[0] in ")]}"):
            return indent
        if not start:
            break
        end = start - 1
    return last or 0


def _unmatched(reading: Reading, line: str) -> tuple[int, int]:
    """Count a line's parentheses and brackets that close others above, and open others below."""
    closers = openers = 0
    for token in Lexer(reading).tokens(line, len(line), "nothing"):
        if token.text in "([{":
            openers += 1
        elif token.text in ")]}":
            closers += not openers
            openers -= bool(openers)
    return closers, openers


def _code_line_above(reading: Reading, prefix: str) -> str:
    comment = reading.lexis.line_comment
    end = prefix.rfind("\n")
    for _ in range(_MOST_COMMENT_LINES):
        above = prefix[: end + 1].rstrip()
        end = above.rfind("\n")
        line = above[end + 1 :]
        if not comment or not line.lstrip().startswith(comment):
            return line
    return ""


def _region_end(lexer: Lexer, suffix: str) -> int | None:
    """Where the string or comment around the cursor ends in the suffix; None where the text must.

    On the cursor's line the delimiter is the end. Below it, one that opens as it closes may as well
    begin another string: their number tells.
    """
    region = lexer.region
    if region is None or (region.comment and not region.multiline):
        return None
    line_end = suffix.find("\n")
    reach = len(suffix) if region.multiline or line_end < 0 else line_end
    end = suffix.find(region.close, 0, reach)
    while end > 0 and region.escape and suffix[end - 1] == "\\":
        end = suffix.find(region.close, end + 1, reach)
    if end < 0 or 0 <= end < line_end:
        return end if end >= 0 else None
    if region.open != region.close:
        return end if suffix.find(region.open, 0, end) < 0 else None
    return end if _is_odd(suffix, region) else None


def _is_odd(suffix: str, region: Region) -> bool:
    quotes = suffix.count(region.close)
    if region.escape:
        quotes -= suffix.count("\\" + region.close)
    return quotes % 2 == 1


def _unopened(reading: Reading, suffix: str) -> frozenset[str]:
    return frozenset(
        region.open
        for region in reading.regions.values()
        if region.multiline and region.open == region.close and _is_odd(suffix, region)
    )


def _next_lines(suffix: str) -> list[Line]:
    """Give the first lines after the cursor's that are not blank."""
    found: list[Line] = []
    at = suffix.find("\n")
    while at >= 0 and len(found) < _SUFFIX_LINES:
        end = suffix.find("\n", at + 1)
        line = suffix[at + 1 : end if end >= 0 else len(suffix)].rstrip()
        if line:
            text = line.lstrip()
            found.append(Line(width(line[: len(line) - len(text)]), text))
        at = end
    return found

"""Rules that judge whole lines of a stream: scope, the document's next line, repetition, length."""

import re
from typing import NamedTuple

from refact_lsp.features.completion.cut.brackets import width
from refact_lsp.features.completion.cut.context import CutContext, CutReason
from refact_lsp.features.completion.cut.place import Line, Place

_WORD = re.compile(r"\w{2}")
_CLOSER = re.compile(r"[)\]}]|(?:end|until)\b")
_SWITCH = re.compile(r"\b(?:switch|select|match)\b")
_CASE = re.compile(r"(?:case|default)\b")
_DEFINITION = re.compile(
    r"(?:@|#\[|(?:pub|async|export|default|static|public|private|protected|abstract|final|inline"
    r"|extern|local|unsafe)\b.*|(?:def|class|func|fn|function|impl|struct|enum|trait|interface"
    r"|type|namespace|module|mod|package|import|from|use|typedef|union)\b)"
)
_TERMINAL = re.compile(r"(?:return|raise|throw|break|continue|goto)\b")
_CLAUSE = re.compile(r"(?:else|elif|elseif|except|finally|catch|case|default|then|do)\b")
_ENDS_VALUE = re.compile(r"[\w)\]}\"'`?]$")
_NO_VALUE = re.compile(r"(?://|/\*|#\[)")
# A line of the document this long is met by itself; a shorter one only together with the next.
_TELLING_CHARS = 8
_LONGEST_BLOCK = 3
# Beyond this many lines the text ends at the next statement; at twice as many it ends anyway.
_CAP_EXPECTED, _CAP_UNASKED = 16, 6


class End(NamedTuple):
    """Where the useful text ends, and why."""

    at: int
    reason: CutReason


class LineRules:
    """Remembers the lines of one stream."""

    def __init__(self, context: CutContext, place: Place) -> None:
        self._place = place
        self._header = context.line_prefix
        self._floor = place.line_indent + (1 if place.header else 0)
        self._unasked = False
        self._seen: list[Line] = []
        self._starts: list[int] = []
        self._meeting: int | None = None
        self._after_blank = False
        self._statement_end: int | None = None
        self._base: int | None = place.line_indent if place.blank_line else None
        self._terminal = self._is_value = False
        self._too_long = False

    def begin(self, *, starts_line: bool) -> None:
        """Tell whether the stream began with a line break where no block waits for lines."""
        place = self._place
        self._unasked = starts_line and not place.header and not place.begins_block

    def begun(self, indent: int, text: str, *, balanced: bool) -> CutReason | None:
        """Judge a line by how it begins."""
        place = self._place
        if _CLOSER.match(text):
            return None
        if place.reading.exempt and place.reading.exempt.match(text):
            return None
        if self._goes_on_outside(balanced=balanced):
            self._floor = min(self._floor, indent)
        if indent < self._floor:
            is_case = indent == place.line_indent and _CASE.match(text)
            return None if is_case and _SWITCH.search(self._header) else "indentation"
        return self._outside(indent, text) if balanced else None

    def _outside(self, indent: int, text: str) -> CutReason | None:
        """Judge a line that stands inside no bracket of the text."""
        base = self._base
        if (base is None or indent <= base) and not self._goes_on(text):
            if self._too_long:
                return "lineCap"
            if self._terminal and base is not None:
                return "terminal"
        outermost = indent == 0 and self._after_blank
        return "topLevel" if outermost and _DEFINITION.match(text) else None

    def _goes_on_outside(self, *, balanced: bool) -> bool:
        """Whether this is the first line after a finished one: it may leave the block at once."""
        place = self._place
        finished = self._unasked and not place.blank_line and not self._seen
        return finished and balanced and not any(one.near for one in place.balance.openers)

    def finished(self, line: str, start: int, number: int, *, balanced: bool) -> End | None:
        """Judge a whole line; `start` is its position, `number` counts from the cursor's line."""
        text = line.strip()
        end = start + len(line)
        if not text:
            self._after_blank = number > 0
            return End(start, "lineCap") if self._unasked and self._seen and balanced else None
        self._after_blank = False
        seen = Line(width(line[: len(line) - len(line.lstrip())]), text)
        whole = number > 0 or self._place.blank_line
        if whole and (found := self._meets_suffix(seen, start) or self._repeats(seen, start)):
            return found
        if whole and balanced and self._is_terminal(seen):
            return End(end, "terminal")
        return self._capped(end, number + 1, balanced=balanced)

    def _is_terminal(self, line: Line) -> bool:
        """Whether the block surely ends with this line; if only probably, the next line tells."""
        lexis = self._place.reading.lexis
        if self._base is None:
            self._base = line.indent
        if line.indent != self._base or _CLOSER.match(line.text):
            goes_on = self._terminal and line.indent > self._base
            self._terminal = goes_on and not (self._is_value and line.text.endswith(";"))
            return False
        leaves = bool(_TERMINAL.match(line.text))
        ends = bool(_ENDS_VALUE.search(line.text))
        is_value = lexis.tail_values and ends and not line.text.endswith("}")
        self._is_value = is_value and not leaves and not _NO_VALUE.match(line.text)
        self._terminal = leaves or self._is_value
        ended = line.text.endswith(";") or (lexis.lines_end and ends)
        return leaves and ended and not self._place.needs

    def _meets_suffix(self, line: Line, start: int) -> End | None:
        following = self._place.next_lines
        if self._meeting is not None:
            if len(following) > 1 and line == following[1]:
                return End(self._meeting, "suffixLine")
            self._meeting = None
        if following and line == following[0]:
            if len(line.text) >= _TELLING_CHARS and _WORD.search(line.text):
                return End(start, "suffixLine")
            self._meeting = start
        return None

    def _repeats(self, line: Line, start: int) -> End | None:
        self._seen.append(line)
        self._starts.append(start)
        for size in range(1, _LONGEST_BLOCK + 1):
            block, before = self._seen[-size:], self._seen[-2 * size : -size]
            if block == before and any(_WORD.search(line.text) for line in block):
                return End(self._starts[-size], "repeatedLine")
        return None

    def _goes_on(self, text: str) -> bool:
        """Whether a line goes on with the statement above it."""
        return bool(_CLAUSE.match(text)) or self._place.reading.goes_on(text, deeper=False)

    def _capped(self, end: int, count: int, *, balanced: bool) -> End | None:
        """End a text of many lines before the next statement, or anywhere at twice as many."""
        cap = _CAP_UNASKED if self._unasked else _CAP_EXPECTED
        if balanced:
            self._statement_end = end
        self._too_long = count >= cap
        return End(self._statement_end or end, "lineCap") if count >= 2 * cap else None

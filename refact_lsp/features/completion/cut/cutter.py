"""The cutter: reads a stream piece by piece and says where its useful part ends.

Text is read through the same lexer that read the document, once, character after character; the
first rule that decides wins. What may still turn out to be a control token is held back.
"""

import re
from typing import Literal

from refact_lsp.features.completion.cut.brackets import closes, width
from refact_lsp.features.completion.cut.context import Cut, CutContext, CutReason
from refact_lsp.features.completion.cut.echo import suffix_echo
from refact_lsp.features.completion.cut.lexer import Token
from refact_lsp.features.completion.cut.lines import LineRules
from refact_lsp.features.completion.cut.memory import Memory
from refact_lsp.features.completion.cut.place import Place, place_of
from refact_lsp.features.completion.cut.repeats import inline_repeat
from refact_lsp.features.completion.cut.stops import beginnings, stop_pattern, undecided_tail

_RIGHT_TEXT_CHARS = 20
_CONTINUES = re.compile(r"[,(\[{]$")
# A line of a stream is judged once this much of it is known.
_LINE_HEAD = re.compile(r"\s*(\S{8}|\S+\s)")
# Whether it begins a statement is known sooner.
_STATEMENT_HEAD = re.compile(r"\w{4}|\w+\W|[^\w\s].")
_WHOLE_LINE = re.compile(r"\s*[#@]")  # of a preprocessor, an attribute, an annotation
_ENDED = re.compile(r"[;,:{]$")
_WORD = re.compile(r"\w{2}")


class Cutter:
    """Holds the state of one stream. `feed` and `finish` are the whole interface.

    `feed` gives None for "read on" and a `Cut` once the end is decided; after that it must not be
    fed again. `finish` is called where the stream ends by itself.
    """

    def __init__(self, context: CutContext, memory: Memory | None = None) -> None:
        self._context = context
        self._place: Place = place_of(context, memory)
        self._control = stop_pattern(context.cut_strings)
        self._beginnings = beginnings(context.cut_strings)
        self._text = self._place.window
        self._start = len(self._text)
        self._read = self._start
        self._judged = self._start  # how far repetition was looked for
        self._several: bool | None = {"never": False, "always": None, "auto": None}[
            context.multiline
        ]
        # Openers of the document that the text has not closed yet, and those of the text itself.
        balance = self._place.balance
        self._outer = list(zip(balance.openers, balance.needed, strict=True))
        self._own: list[str] = []
        self._extra = list(balance.extra)
        self._completed = False
        # Depth of own brackets from a position on.
        self._depths: list[tuple[int, int]] = [(self._start, 0)]
        region = self._place.lexer.region
        self._first_region_open = region is not None
        # Where a comment began that may be at the end of the line; before the text, where it is -1.
        self._comment = -1 if region is not None and region.comment else None
        self._line_start = self._text.rfind("\n") + 1
        self._line_known = True
        self._newlines = 0
        # Where the text ends unless the line that follows goes on with its statement.
        self._pending: int | None = None
        self._statement_indent = self._place.line_indent
        self._lines = LineRules(context, self._place)

    def feed(self, delta: str) -> Cut | None:
        """Read a piece of the stream."""
        self._text += delta
        return self._advance(last=False)

    def finish(self) -> Cut:
        """Close a stream that ended by itself."""
        return self._advance(last=True) or self._cut(len(self._text), "end")

    def _advance(self, *, last: bool) -> Cut | None:
        control = self._control.search(self._text, self._read) if self._control else None
        if control:
            end = control.start()
        elif last:
            end = len(self._text)
        else:
            end = len(self._text) - undecided_tail(self._text[self._read :], self._beginnings)
        cut = self._read_to(end, last=last or control is not None)
        self._read = end
        if cut is None and control:
            return self._cut(end, "controlToken")
        return cut

    def _read_to(self, end: int, *, last: bool) -> Cut | None:
        if not self._decide_mode(end, last=last):
            return None
        meeting = self._meeting(self._read - _RIGHT_TEXT_CHARS, end)
        for token in self._place.lexer.tokens(self._text, end, "nothing" if last else "all"):
            meeting = self._outside(meeting, token.start, end)
            if 0 <= meeting < token.start:
                break
            cut = (
                self._line_head(token.start, last=True)
                or self._repeat(token.start + 1)
                or self._on_token(token)
            )
            if cut:
                return cut
        meeting = self._outside(meeting, end, end)
        if meeting >= 0:
            return self._repeat(meeting) or self._cut(meeting, "rightText")
        return self._line_head(end, last=last) or self._repeat(end, last=last)

    def _decide_mode(self, end: int, *, last: bool) -> bool:
        """Whether several lines are wanted; False while that is not known."""
        if self._several is not None:
            return True
        received = self._text[self._start : end]
        head = received.lstrip(" \t\r")
        if not head and not last:
            return False
        place = self._place
        starts_line = head.startswith("\n") and place.right_is_closers
        always = self._context.multiline == "always" and place.right_is_closers
        self._several = place.expects_lines or starts_line or always
        self._lines.begin(starts_line=starts_line)
        return True

    def _meeting(self, since: int, end: int) -> int:
        """Where the text meets what stands right of the cursor; below 0 where it does not."""
        right = self._place.right
        if (
            self._several
            or not right
            or (len(right) < _RIGHT_TEXT_CHARS and not _WORD.search(right))
        ):
            return -1
        return self._text.find(right[:_RIGHT_TEXT_CHARS], max(self._start, since), end)

    def _outside(self, meeting: int, known: int, end: int) -> int:
        """Pass over meetings inside the text's own brackets, as far as those are known."""
        while 0 <= meeting < known:
            if not next(depth for place, depth in reversed(self._depths) if place <= meeting):
                break
            meeting = self._meeting(meeting + 1, end)
        return meeting

    def _repeat(self, to: int, *, last: bool = False) -> Cut | None:
        found = inline_repeat(self._text, self._start, self._judged, to, last=last)
        self._judged = to
        return None if found is None else self._cut(found, "repeatedInline")

    def _on_token(self, token: Token) -> Cut | None:
        match token.kind:
            case "open":
                self._own.append(token.text)
                self._depths.append((token.end, len(self._own)))
            case "close":
                return self._on_closer(token)
            case "newline":
                return self._on_newline(token.start)
            case "begin":
                region = self._place.lexer.region
                self._comment = token.start if region is not None and region.comment else None
            case "finish" if self._first_region_open:
                self._first_region_open = False
                if self._place.region_closes:
                    return self._cut_before_quote(token.start)
            case _:
                pass
        return None

    def _on_closer(self, token: Token) -> Cut | None:
        if self._own:
            if closes(token.text, self._own[-1]):
                self._own.pop()
                self._depths.append((token.start, len(self._own)))
                return None
            return self._cut_before_closer(token.start)
        if self._outer:
            opener, needed = self._outer[-1]
            if needed and closes(token.text, opener.text):
                self._outer.pop()
                self._completed = not any(needed for _, needed in self._outer)
                return None
        return self._cut_before_closer(token.start)

    def _cut_before_closer(self, at: int) -> Cut:
        """Keep the line break before a closer that stands right of the cursor, else drop it."""
        if self._place.right.startswith(self._text[at]):
            before = self._text[self._start : at]
            return Cut(text=before, reason="bracket", rest=self._text[at:])
        return self._cut(at, "bracket")

    def _cut_before_quote(self, at: int) -> Cut:
        """Cut before the end of the string, and before what stands right of the cursor in it."""
        tail = self._place.region_tail
        before = self._text[self._start : at].rstrip()
        overlap = len(tail) if tail and before.endswith(tail) else 0
        return self._cut(self._start + len(before) - overlap, "bracket")

    def _on_newline(self, at: int) -> Cut | None:
        if self._completed and not self._own:
            return self._cut(at, "complete")
        if self._pending is not None:
            return self._cut(self._pending, "newline")
        if self._first_region_open and self._place.lexer.region is None:
            self._first_region_open = False
        ends_line = not self._several and (
            self._context.multiline == "never" or self._is_logical_end(at)
        )
        line = self._text[self._line_start : at]
        if ends_line and self._text[self._start : at].strip():
            if (sight := self._sight(line)) == "ends":
                return self._cut(self._without_right(at), "newline")
            if sight == "asks":
                self._wait_for_next(at, line)
        in_region = self._place.lexer.region is not None
        if not in_region and (end := self._finished(line)):
            return end
        self._line_start = at + 1
        self._line_known = in_region
        self._comment = self._comment if in_region else None
        self._newlines += 1
        return None

    def _wait_for_next(self, at: int, line: str) -> None:
        """Let the line that follows tell whether the text ends here."""
        self._pending = at
        if not self._newlines and self._place.blank_line:  # the text may bring its indentation
            self._statement_indent = width(line[: len(line) - len(line.lstrip(" \t"))])

    def _finished(self, line: str) -> Cut | None:
        """Judge a whole line."""
        end = self._lines.finished(line, self._line_start, self._newlines, balanced=not self._own)
        if end is None:
            return None
        first = not self._text[self._start : self._line_start].strip()
        if self._pending is not None and first:
            return self._cut(self._pending, "newline")
        return self._cut(max(self._start, end.at), end.reason)

    def _is_logical_end(self, at: int) -> bool:
        """Whether a line break ends the statement rather than standing inside own brackets."""
        region = self._place.lexer.region
        if region is not None:
            return self._first_region_open or region.open in self._place.unopened
        own = list(self._own)
        for closer in self._extra:
            if own and closes(closer, own[-1]):
                own.pop()
        if own:
            return bool(self._right_overlap(at))
        if self._own:
            return True
        opened_here = bool(self._outer) and self._outer[-1][0].near
        return not (opened_here and _CONTINUES.search(self._text[:at].rstrip()))

    def _sight(self, line: str) -> Literal["ends", "goesOn", "asks"]:
        """Whether a statement ends with a line, goes on, or the next line must be asked."""
        reading = self._place.reading
        code = line if self._comment is None else line[: max(0, self._comment - self._line_start)]
        bare = code.rstrip()
        single = self._context.multiline == "never" or self._place.lexer.region is not None
        whole = not bare or _WHOLE_LINE.match(bare)
        if single or whole or not self._place.statement_is_open:
            return "ends"
        if reading.trails and reading.trails.search(bare):
            return "goesOn"
        return "asks" if reading.leads and not _ENDED.search(bare) else "ends"

    def _right_overlap(self, at: int) -> int:
        """How many characters before `at` are the whole text right of the cursor."""
        right = self._place.right
        before = self._text[self._start : at].rstrip()
        if not right or right[0] in ")]}'\"`" or not before.endswith(right):
            return 0
        return len(right)

    def _without_right(self, at: int) -> int:
        overlap = self._right_overlap(at)
        before = self._text[self._start : at].rstrip()
        return self._start + len(before) - overlap

    def _line_head(self, end: int, *, last: bool) -> Cut | None:
        """Judge the line that begins, once enough of it is there."""
        if self._line_known or end <= self._line_start:
            return None
        head = self._text[self._line_start : end]
        text = head.lstrip(" \t")
        if not text.strip():
            return None
        indent = width(head[: len(head) - len(text)])
        if self._pending is not None:
            if not last and not _STATEMENT_HEAD.match(text):
                return None
            if not self._place.reading.goes_on(text, deeper=indent > self._statement_indent):
                return self._cut(self._pending, "newline")
            self._pending = None
        if not (last or _LINE_HEAD.match(head)):
            return None
        self._line_known = True
        found = self._lines.begun(indent, text, balanced=not self._own)
        return self._cut(self._line_start, found) if found else None

    def _cut(self, at: int, reason: CutReason) -> Cut:
        text = self._text[self._start : at]
        if echo := suffix_echo(text.rstrip(), self._context.suffix):
            text = text.rstrip()[:-echo]
        # What stands right of the cursor may need the blank before it.
        joins = not self._several and self._context.line_suffix[:1].strip()
        if not self._breaks_before_closer(text):
            text = text.rstrip("\r\n") if joins and text.strip() else text.rstrip()
        return Cut(text=text, reason=reason, rest=self._text[self._start + len(text) :])

    def _breaks_before_closer(self, text: str) -> bool:
        """Whether lines end in the break that the closer right of the cursor stands behind."""
        blank = text[len(text.rstrip()) :]
        return bool(self._several) and self._place.right[:1] in tuple(")]}") and "\n" in blank

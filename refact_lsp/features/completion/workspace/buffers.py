"""Open documents as streams of their own, kept current line by line.

A document is known as rows; a row is where its line's tokens stand in the stream. An edit only
marks rows as pending and buries their tokens. Pending rows are read when a question comes, a
bounded number at a time and the nearest to the cursor first, each run together with the tokens
before it; the line under the cursor stays unread until the cursor leaves it.
"""

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from refact_lsp.features.completion.workspace.stream import Stream
from refact_lsp.features.completion.workspace.tokens import (
    EDGE,
    FIRST_WORD,
    MAX_LINE_CHARS,
    Vocabulary,
    indentation,
    newline_token,
)

CONTEXT_TOKENS = 24
MAX_ROWS = 5000
"""Rows kept in the stream; in a longer document those around the cursor."""
WINDOW_ROWS = 2000
"""Rows read to either side of the cursor; the difference saves reading again after small moves."""
SLICE_ROWS = 250
RECENT_ROWS = 150
_BITS = 13
_ROWS_READ_AGAIN = 2
_SLACK_TOKENS = 4096
_BELOW_ROWS = 4
_BELOW_TOKENS = 5


NO_CURSOR = -1


class Row(NamedTuple):
    """The tokens of one line, its newline token first; `start == end` for a line without any."""

    start: int
    end: int
    indent: int


class Buffer:
    """One open document; `pending` rows (None) are not yet in the stream.

    `is_read` becomes true once all rows around the cursor were read, until the next change.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self.lines: list[str] = []
        self._rows: list[Row | None] = []
        self._live_tokens = 0
        self._read_rows = 0
        self._pending_rows = 0
        self._cursor = NO_CURSOR
        self.is_read = False
        self.stream = Stream(vocabulary.common, _BITS)

    def sync(self, lines: Sequence[str]) -> None:
        """Take the document as it is now; costs microseconds where little changed."""
        new = lines if isinstance(lines, list) else list(lines)
        old = self.lines
        head = _agreeing(old, new)
        if head == len(old) == len(new):
            return
        tail = _agreeing(old[head:][::-1], new[head:][::-1])
        if head == len(new) - tail:  # lines were only taken out: those that follow move up
            tail -= min(tail, _ROWS_READ_AGAIN)
        self._drop(head, len(old) - tail)
        self._rows[head : len(old) - tail] = [None] * (len(new) - tail - head)
        self._pending_rows += len(new) - tail - head
        self.is_read = False
        self.lines = new

    def settle(self, cursor: int, rows: int = SLICE_ROWS) -> None:
        """Read up to `rows` pending rows, never the cursor's."""
        if len(self.stream.ids) > 2 * self._live_tokens + _SLACK_TOKENS:
            self._start_over()
        self._cursor = cursor
        at_cursor = self._rows[cursor : cursor + 1] if cursor >= 0 else []
        if self._pending_rows <= at_cursor.count(None):
            self.is_read = True
            return
        there = self._pending_rows - at_cursor.count(None)
        wanted = self._nearest_pending(cursor, min(rows, there))
        if wanted and self._read_rows + len(wanted) > MAX_ROWS:
            self._start_over()
            wanted = self._nearest_pending(cursor, rows)
        self.is_read = len(wanted) < rows
        for first, end in _runs(wanted):
            self._read(first, self._end_with_followers(end, cursor))

    def settle_more(self, rows: int) -> None:
        """Go on reading where the cursor was last, or from the top where it never was."""
        self.settle(min(self._cursor, len(self._rows) - 1), rows)

    def hidden(self, cursor: int) -> tuple[int, int]:
        """Tell where the cursor's own line stands in the stream, for it must not answer itself."""
        row = self._rows[cursor]
        return (row.start, row.end) if row else (0, 0)

    def before(self, line: int) -> tuple[list[int], int]:
        """Return the last tokens above `line`, and the indentation of the last one there."""
        ids, indent, count = self.stream.ids, None, 0
        runs: list[list[int]] = []
        for number in range(line - 1, -1, -1):
            row = self._rows[number]
            if row is None:
                break
            if row.start == row.end:
                continue
            indent = row.indent if indent is None else indent
            runs.append(ids[row.start : row.end].tolist())
            count += row.end - row.start
            if count >= CONTEXT_TOKENS:
                break
        else:
            runs.append([EDGE])
        tokens = [token for run in reversed(runs) for token in run]
        return tokens[-CONTEXT_TOKENS:], indent or 0

    def recent(self, line: int) -> set[int]:
        """Return every token of the rows above `line`, as far as names are worth remembering."""
        found: set[int] = set()
        ids = self.stream.ids
        for row in self._rows[max(0, line - RECENT_ROWS) : line]:
            if row:
                found.update(ids[row.start : row.end])
        return found

    def below(self, line: int) -> list[int]:
        """Return the first tokens of the next lines, newline tokens left out."""
        ids = self.stream.ids
        rows = self._rows[line + 1 : line + 1 + _BELOW_ROWS]
        tokens = (t for row in rows if row for t in ids[row.start : row.end] if t >= FIRST_WORD)
        return list(islice(tokens, _BELOW_TOKENS))

    def _nearest_pending(self, cursor: int, limit: int) -> list[int]:
        rows = self._rows
        found: list[int] = []
        for distance in range(1, WINDOW_ROWS + 1):
            if len(found) >= limit:
                break
            above, under = cursor - distance, cursor + distance
            if above >= 0 and rows[above] is None:
                found.append(above)
            if under < len(rows) and rows[under] is None:
                found.append(under)
        return sorted(found)

    def _end_with_followers(self, end: int, cursor: int) -> int:
        """Find where a run of pending rows ends together with the rows whose context it changes."""
        last = min(end + _ROWS_READ_AGAIN, len(self._rows))
        while end < last and end != cursor and self._rows[end] is not None:
            end += 1
        return end

    def _read(self, first: int, end: int) -> None:
        self._drop(first, end)
        ids, indent = self.before(first)
        blanks = bytearray(len(ids))
        context = len(ids)
        base = len(self.stream.ids)
        for number in range(first, end):
            line = self.lines[number]
            body = line.strip()
            start = base + len(ids)
            if body and len(body) <= MAX_LINE_CHARS:
                tokens = self._vocabulary.line(body)
                row_indent = indentation(line)
                ids.append(newline_token(row_indent, indent))
                blanks.append(0)
                ids += tokens.ids
                blanks += tokens.blanks
                indent = row_indent
            self._rows[number] = Row(start, base + len(ids), indent)
        self._live_tokens += len(ids) - context
        self._read_rows += end - first
        self.stream.append([*ids, EDGE], bytes([*blanks, 0]), context=context)

    def _drop(self, first: int, end: int) -> None:
        """Bury the tokens of rows that are about to be replaced or read again."""
        for row in self._rows[first:end]:
            if row is None:
                self._pending_rows -= 1
            else:
                self._read_rows -= 1
                self._live_tokens -= row.end - row.start
                self.stream.bury(row.start, row.end)

    def _start_over(self) -> None:
        """Begin a new stream without the buried tokens; rows are read again as they are needed."""
        self.stream = Stream(self._vocabulary.common, _BITS)
        self._rows = [None] * len(self.lines)
        self._live_tokens = self._read_rows = 0
        self._pending_rows = len(self._rows)


def _agreeing(old: list[str], new: list[str]) -> int:
    """Length of the common beginning; slices compare by identity first, far faster than a loop."""
    most = min(len(old), len(new))
    if old[:most] == new[:most]:
        return most
    same, differs = 0, most
    while differs - same > 1:
        middle = (same + differs) // 2
        if old[same:middle] == new[same:middle]:
            same = middle
        else:
            differs = middle
    return same


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """Sorted numbers as half-open runs."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number:
            runs[-1] = (runs[-1][0], number + 1)
        else:
            runs.append((number, number + 1))
    return runs

"""Document text as LSP sees it: a line ends at CRLF, LF or a lone CR, and at nothing else.

Inside the product a column counts code points; the client's units (UTF-8 bytes, UTF-16 units or
code points, as negotiated) are converted here and nowhere else.
"""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Literal

import msgspec

Encoding = Literal["utf-8", "utf-16", "utf-32"]

_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)")


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A document and a cursor at one moment; taken before the first await, never changed after.

    `lines` keep their line endings and are never mutated once handed out; a document always has at
    least one line, and the last one has no ending. `line` and `column` are zero-based, `column` in
    code points. `path` is the absolute file path where the URI has one.
    """

    uri: str
    path: str | None
    language: str
    version: int | None
    lines: Sequence[str]
    line: int
    column: int

    @cached_property
    def line_text(self) -> str:
        """The cursor's line without its ending."""
        return self.lines[self.line].rstrip("\r\n")

    @property
    def line_prefix(self) -> str:
        return self.line_text[: self.column]

    @property
    def line_suffix(self) -> str:
        return self.line_text[self.column :]

    @cached_property
    def prefix(self) -> str:
        """Everything before the cursor."""
        return "".join(self.lines[: self.line]) + self.lines[self.line][: self.column]

    @cached_property
    def suffix(self) -> str:
        """Everything after the cursor."""
        return self.lines[self.line][self.column :] + "".join(self.lines[self.line + 1 :])

    @cached_property
    def below_hash(self) -> int:
        """Stands for all lines below the cursor's; strings keep their own hash."""
        return hash(tuple(self.lines[self.line + 1 :]))

    @cached_property
    def line_ending(self) -> str:
        """The ending of the first line; LF where it has none."""
        first = self.lines[0]
        return first[len(first.rstrip("\r\n")) :] or "\n"


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """`text` in place of a range; zero-based lines, columns in code points, end exclusive."""

    start_line: int
    start_column: int
    end_line: int
    end_column: int
    text: str


class TextBuffer:
    """A document that changes: a list of lines with their endings, the last one without.

    `lines` hands the list out; the next edit then works on a copy, so that a snapshot costs
    nothing until the text moves on, and edits between two snapshots cost no copy.
    """

    __slots__ = ("_lent", "_lines")

    def __init__(self, text: str) -> None:
        self._lines = split_lines(text)
        self._lent = False

    @property
    def lines(self) -> Sequence[str]:
        """All lines, never mutated once handed out."""
        self._lent = True
        return self._lines

    @property
    def text(self) -> str:
        return "".join(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def place(self, line: int, units: int, encoding: Encoding) -> tuple[int, int]:
        """See the function of that name."""
        return place(self._lines, line, units, encoding)

    def apply(self, edit: Edit) -> None:
        """Replace a range that lies inside the document."""
        lines = self._lines
        if self._lent:
            lines = self._lines = lines.copy()
            self._lent = False
        first, last = edit.start_line, edit.end_line
        text = lines[first][: edit.start_column] + edit.text + lines[last][edit.end_column :]
        if first and text.startswith("\n") and lines[first - 1].endswith("\r"):
            # The carriage return before and this line feed are one line ending now.
            first -= 1
            text = lines[first] + text
        new = split_lines(text)
        if last < len(lines) - 1:
            new.pop()  # the empty rest behind the ending that line `last` had
        lines[first : last + 1] = new


def split_lines(text: str) -> list[str]:
    """Cut at CRLF, LF and lone CR, keeping them; the last piece has no ending and may be empty."""
    if "\r" not in text:
        if "\n" not in text:
            return [text]
        lines = [line + "\n" for line in text.split("\n")]
        lines[-1] = lines[-1][:-1]
        return lines
    lines = _LINE.findall(text)
    lines.append(text[max(text.rfind("\n"), text.rfind("\r")) + 1 :])
    return lines


def place(lines: Sequence[str], line: int, units: int, encoding: Encoding) -> tuple[int, int]:
    """Turn a client's position into line and code point column, moved inside the document.

    A character beyond its line means the line's end (LSP, Position); a line beyond the document
    means the document's end.
    """
    last = len(lines) - 1
    if line > last:
        return last, len(lines[last])
    return line, to_column(lines[line], units, encoding)


def to_column(line: str, units: int, encoding: Encoding) -> int:
    """Code points before a client's character offset; beyond the end is the end.

    An offset inside a character (half a surrogate pair, a part of a UTF-8 sequence) means the
    character's start.
    """
    length = _length(line)
    if line.isascii() or encoding == "utf-32":
        return min(units, length)
    # A code point is at least one unit long, so more than `units` of them are not needed.
    head = line[: min(units, length)]
    if encoding == "utf-16":
        return len(head.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore"))
    return len(head.encode()[:units].decode("utf-8", "ignore"))


def to_units(line: str, column: int, encoding: Encoding) -> int:
    """Express a code point column in the client's units; beyond the end is the end."""
    column = min(column, _length(line))
    if line.isascii() or encoding == "utf-32":
        return column
    head = line[:column]
    return len(head.encode("utf-16-le")) // 2 if encoding == "utf-16" else len(head.encode())


def _length(line: str) -> int:
    """Length without the line ending."""
    if line.endswith("\r\n"):
        return len(line) - 2
    return len(line) - 1 if line.endswith(("\n", "\r")) else len(line)

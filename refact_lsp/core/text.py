"""Document text as LSP sees it: a line ends at CRLF, LF or a lone CR, and at nothing else."""

from collections.abc import Sequence
from functools import cached_property

import msgspec


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
    def line_ending(self) -> str:
        """The ending of the first line; LF where it has none."""
        first = self.lines[0]
        return first[len(first.rstrip("\r\n")) :] or "\n"

"""The open documents, as the client's notifications leave them. No disk."""

from collections.abc import Sequence

from refact_lsp.core.text import Edit, Encoding, Snapshot, TextBuffer, to_units
from refact_lsp.core.uris import file_path
from refact_lsp.lsp.messages import Change, DidChange, DidOpen, Position, Range

_START = Position(0, 0)


class Document:
    """One open document."""

    __slots__ = ("buffer", "language", "path", "uri", "version")

    def __init__(self, params: DidOpen) -> None:
        item = params.text_document
        self.uri = item.uri
        self.path = file_path(item.uri)
        self.language = item.language_id
        self.version = item.version
        self.buffer = TextBuffer(item.text)


class Documents:
    """All open documents, the one opened last at the end; positions in the client's encoding."""

    def __init__(self, encoding: Encoding) -> None:
        self.encoding: Encoding = encoding
        self._open: dict[str, Document] = {}

    @property
    def uris(self) -> Sequence[str]:
        return tuple(self._open)

    def open(self, params: DidOpen) -> None:
        document = Document(params)
        self._open.pop(document.uri, None)
        self._open[document.uri] = document

    def close(self, uri: str) -> None:
        self._open.pop(uri, None)

    def change(self, params: DidChange) -> Sequence[Edit] | None:
        """Apply edits in order.

        Returns them in code points; none where the whole text was replaced, and None where the
        document is not open.
        """
        document = self._open.get(params.text_document.uri)
        if document is None:
            return None
        edits: list[Edit] = []
        whole = False
        for change in params.content_changes:
            if change.range is None:
                document.buffer = TextBuffer(change.text)
                whole = True
            else:
                edits.append(self._apply(document.buffer, change.range, change))
        document.version = params.text_document.version
        return () if whole else edits

    def version(self, uri: str) -> int | None:
        document = self._open.get(uri)
        return document.version if document else None

    def snapshot(self, uri: str, position: Position = _START) -> Snapshot | None:
        """Return the document as it is now with the cursor at a position; None if not open."""
        document = self._open.get(uri)
        if document is None:
            return None
        buffer = document.buffer
        line, column = buffer.place(position.line, position.character, self.encoding)
        return Snapshot(
            uri=document.uri,
            path=document.path,
            language=document.language,
            version=document.version,
            lines=buffer.lines,
            line=line,
            column=column,
        )

    def _apply(self, buffer: TextBuffer, where: Range, change: Change) -> Edit:
        start = buffer.place(where.start.line, where.start.character, self.encoding)
        end = buffer.place(where.end.line, where.end.character, self.encoding)
        if end < start:
            start, end = end, start
        edit = Edit(
            start_line=start[0],
            start_column=start[1],
            end_line=end[0],
            end_column=end[1],
            text=change.text,
        )
        buffer.apply(edit)
        return edit


def client_position(snapshot: Snapshot, line: int, column: int, encoding: Encoding) -> Position:
    """Express a place of a snapshot in the client's units."""
    return Position(line, to_units(snapshot.lines[line], column, encoding))

"""Snapshots for tests: a text and where the cursor stands in it."""

from refact_lsp.core.text import Snapshot, split_lines

URI = "file:///project/a.py"


def snapshot_of(
    text: str, cursor: int, *, uri: str = URI, language: str = "python", version: int = 1
) -> Snapshot:
    """The document with the cursor behind so many characters."""
    head = split_lines(text[:cursor])
    return Snapshot(
        uri=uri,
        path=uri.removeprefix("file://"),
        language=language,
        version=version,
        lines=split_lines(text),
        line=len(head) - 1,
        column=len(head[-1]),
    )


def at_cursor(
    marked: str, language: str = "python", *, uri: str = URI, mark: str = "‸"
) -> Snapshot:
    """The document with the cursor at its one mark."""
    before, after = marked.split(mark)
    return snapshot_of(before + after, len(before), uri=uri, language=language)

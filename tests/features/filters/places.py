"""Snapshots for the tests of filters: the cursor is the one `‸` of a text."""

from refact_lsp.core.text import Snapshot, split_lines


def at_cursor(text: str, language: str = "python") -> Snapshot:
    before, after = text.split("‸")
    return Snapshot(
        uri="file:///a",
        path="/a",
        language=language,
        version=1,
        lines=split_lines(before + after),
        line=before.count("\n"),
        column=len(before) - before.rfind("\n") - 1,
    )

"""What of an answer is shown."""

from refact_lsp.core.text import Snapshot
from refact_lsp.features.completion.filters.polish import polish
from refact_lsp.features.completion.filters.reasons import Dropped, Shown


def at_cursor(text: str, language: str = "python") -> Snapshot:
    """A snapshot of `text` with the cursor at its one `‸`."""
    before, after = text.split("‸")
    lines = (before + after).splitlines(keepends=True) or [""]
    if lines[-1].endswith("\n"):
        lines.append("")
    return Snapshot(
        uri="file:///a",
        path="/a",
        language=language,
        version=1,
        lines=lines,
        line=before.count("\n"),
        column=len(before) - before.rfind("\n") - 1,
    )


def test_blank_text_is_dropped():
    assert polish(" \n", at_cursor("x‸\n")) == Dropped(reason="blank")


def test_line_endings_are_the_documents():
    shown = polish("1\ny", at_cursor("x = ‸\r\n"))
    assert isinstance(shown, Shown)
    assert shown.text == "1\r\ny"


def test_text_that_ends_like_the_rest_of_the_line_replaces_it():
    shown = polish("a, b)", at_cursor("f(‸)\n"))
    assert isinstance(shown, Shown)
    assert (shown.text, shown.replace_end_column) == ("a, b)", 3)

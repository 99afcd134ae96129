"""Suggestions in the client's units, as ghost text and as entries of a menu."""

from typing import Any

import pytest

from refact_lsp.core.text import Encoding, Snapshot, split_lines
from refact_lsp.lsp.answers import ghost_texts, menu
from tests.lsp.constant import Item


def snapshot(text: str, line: int, column: int) -> Snapshot:
    lines = split_lines(text)
    where: dict[str, Any] = {"uri": "file:///w/a", "path": "/w/a", "language": "python"}
    return Snapshot(**where, version=1, lines=lines, line=line, column=column)


def item(text: str, start: tuple[int, int], end: tuple[int, int]) -> Item:
    return Item(
        id="1",
        text=text,
        start_line=start[0],
        start_column=start[1],
        end_line=end[0],
        end_column=end[1],
    )


@pytest.mark.parametrize(
    ("encoding", "start", "end"), [("utf-8", 4, 7), ("utf-16", 2, 4), ("utf-32", 1, 3)]
)
def test_ghost_text_replaces_in_the_units_of_the_client(encoding: Encoding, start: int, end: int):
    [made] = ghost_texts(snapshot("😀xé)\n", 0, 3), [item("y", (0, 1), (0, 3))], encoding).items
    assert made.range.start.character == start
    assert made.range.end.character == end


@pytest.mark.parametrize(
    ("line", "column", "start", "shown", "label"),
    [
        ("    ret", 7, 7, "urn 1", "return 1"),
        ("a.", 2, 2, "b()", "b()"),
        ("    ", 4, 4, "if x:\n        pass", "if x: …"),
        ("", 0, 0, "y" * 80, "y" * 59 + "…"),
        ("x = fo", 6, 0, "z = fo()", "z = fo()"),
    ],
)
def test_a_menu_entry_begins_at_the_word(
    line: str, column: int, start: int, shown: str, label: str
):
    here = snapshot(line, 0, column)
    [entry] = menu(here, [item(shown, (0, start), (0, column))], "utf-16").items
    assert entry.label == label
    assert entry.filter_text == entry.text_edit.new_text
    before = line[: entry.text_edit.range.start.character]
    assert before + entry.text_edit.new_text == line[:start] + shown


def test_a_menu_entry_stays_on_its_line():
    here = snapshot("a\nb\n", 0, 1)
    assert menu(here, [item("x", (0, 1), (1, 1))], "utf-16").items == []

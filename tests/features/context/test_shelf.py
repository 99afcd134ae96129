"""The shelf: what is on it is not put there again."""

from refact_lsp.features.context.ranking import Item
from refact_lsp.features.context.shelf import Shelf

DOOR = ["class Door:", "", "    width: int = 3"]


def test_an_empty_line_in_a_head_is_nothing_that_is_missing():
    shelf = Shelf(400)
    item = Item("/w/door.py", "Door", ((0, 3),), (3, 3), 1.0, "imports")
    for _ in range(2):
        shelf.update([item], lambda _: DOOR, str)
    assert [block.rows for block in shelf.blocks] == [(0, 2)]

"""A buffer edited in any way knows what a fresh one knows."""

import hypothesis.strategies as st
from hypothesis import given

from refact_lsp.features.completion.workspace import buffers
from refact_lsp.features.completion.workspace.buffers import Buffer
from refact_lsp.features.completion.workspace.stream import CHAINS
from refact_lsp.features.completion.workspace.tokens import (
    FIRST_WORD,
    NEWLINE_LESS,
    NEWLINE_MORE,
    NEWLINE_SAME,
    Vocabulary,
)


def words(tokens: list[int], indent: int) -> tuple[list[int], int]:
    """Tokens without the shape of line beginnings, which may lag behind an unread line above."""
    newlines = (NEWLINE_MORE, NEWLINE_LESS, NEWLINE_SAME)
    return [0 if token in newlines else token for token in tokens], indent


def names(buffer: Buffer, line: int) -> set[int]:
    return {token for token in buffer.recent(line) if token >= FIRST_WORD}


LINE = st.sampled_from(["a = f(b)\n", "    if a:\n", "\n", "return a\n", "g(a, b, c)\n", "}\n"])
EDIT = st.tuples(st.integers(0, 30), st.integers(0, 4), st.lists(LINE, max_size=4))


@given(st.lists(LINE, min_size=1, max_size=20), st.lists(EDIT, max_size=8), st.integers(0, 30))
def test_any_edits_leave_the_rows_of_a_fresh_buffer(
    lines: list[str], edits: list[tuple[int, int, list[str]]], cursor: int
):
    vocabulary = Vocabulary()
    edited, fresh = Buffer(vocabulary), Buffer(vocabulary)
    for start, removed, added in edits:
        edited.sync(lines)
        edited.settle(min(start, len(lines) - 1))
        lines = lines[:start] + added + lines[start + removed :] or ["\n"]
    edited.sync(lines)
    fresh.sync(lines)
    cursor = min(cursor, len(lines) - 1)
    for buffer in (edited, fresh):
        buffer.settle((cursor + 1) % len(lines))
        buffer.settle(cursor)
    for line in range(len(lines)):
        if line <= cursor:
            assert words(*edited.before(line)) == words(*fresh.before(line))
        assert edited.below(line) == fresh.below(line)
        assert names(edited, line) == names(fresh, line)


def test_every_place_in_a_buffer_is_found_by_its_context():
    buffer = Buffer(Vocabulary())
    lines = ["a = 1\n", "b = a + 2\n", "c = call(a, b)\n", ""]
    for count in range(1, len(lines) + 1):
        buffer.sync([*lines[: count - 1], ""])
        buffer.settle(count - 1)
    context, _ = buffer.before(2)
    for number, chain in enumerate(CHAINS):
        if not chain.renamed:
            walked = context[-chain.order :]
            places = list(buffer.stream.places(number, walked, 10))
            assert any(
                buffer.stream.ids[place - chain.order : place].tolist() == walked
                for place in places
            )


def test_an_edit_costs_its_neighbourhood_and_not_the_document():
    buffer = Buffer(Vocabulary())
    lines = [f"value_{number} = compute(value_{number - 1})\n" for number in range(1000)]
    buffer.sync(lines)
    for _ in range(10):
        buffer.settle(500)
    before = len(buffer.stream.ids)
    buffer.sync([*lines[:500], "changed = 1\n", *lines[501:]])
    buffer.settle(400)
    assert len(buffer.stream.ids) - before < 100


def test_a_long_document_is_read_in_slices_around_the_cursor():
    buffer = Buffer(Vocabulary())
    buffer.sync([f"line_{number}()\n" for number in range(20_000)])
    buffer.settle(10_000)
    assert len(buffer.stream.ids) < buffers.SLICE_ROWS * 8
    assert buffer.before(10_000)[0]
    for cursor in (10_000, 15_000, 100):
        for _ in range(30):
            buffer.settle(cursor)
    assert len(buffer.stream.ids) < buffers.MAX_ROWS * 8
    assert buffer.before(100)[0]


def test_buried_tokens_do_not_pile_up():
    buffer = Buffer(Vocabulary())
    for number in range(3000):
        buffer.sync([f"changed_{number} = compute(value, {number})\n", ""])
        buffer.settle(1)
    assert len(buffer.stream.ids) < 10_000

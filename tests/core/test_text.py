"""Lines, positions and edits of documents, against a slow reading of the specification."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refact_lsp.core.text import (
    Edit,
    Encoding,
    TextBuffer,
    place,
    split_lines,
    to_column,
    to_units,
)
from tests.core.slow_text import slow_edit, slow_lines

ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")
ALPHABET = "ab é€😀\t\n\r\x0b\x0c\x85\u2028\u2029"
texts = st.text(alphabet=ALPHABET, max_size=40)


def edit(buffer: TextBuffer, places: list[int], new: str, encoding: Encoding) -> None:
    start, end = sorted(
        (buffer.place(places[0], places[1], encoding), buffer.place(places[2], places[3], encoding))
    )
    buffer.apply(
        Edit(
            start_line=start[0],
            start_column=start[1],
            end_line=end[0],
            end_column=end[1],
            text=new,
        )
    )


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a\n", ["a\n", ""]),
        ("a\r\nb\rc\nd", ["a\r\n", "b\r", "c\n", "d"]),
        ("\r\r\n\n\r", ["\r", "\r\n", "\n", "\r", ""]),
        ("a\x0cb\u2028c\x85d\x0be", ["a\x0cb\u2028c\x85d\x0be"]),
    ],
)
def test_only_crlf_lf_and_cr_end_a_line(text: str, lines: list[str]):
    assert split_lines(text) == lines


@given(texts)
def test_lines_join_to_the_text(text: str):
    lines = split_lines(text)
    assert "".join(lines) == text
    assert all(line.rstrip("\r\n") != line for line in lines[:-1])
    assert lines[-1].rstrip("\r\n") == lines[-1]


@pytest.mark.parametrize(
    ("encoding", "units", "column"),
    [
        ("utf-16", 0, 0),
        ("utf-16", 1, 1),
        ("utf-16", 2, 1),  # inside the pair: its start
        ("utf-16", 3, 2),
        ("utf-16", 4, 3),
        ("utf-16", 99, 3),  # beyond the line: its end, before the line ending
        ("utf-8", 1, 1),
        ("utf-8", 4, 1),
        ("utf-8", 5, 2),
        ("utf-8", 6, 2),
        ("utf-8", 7, 3),
        ("utf-32", 2, 2),
        ("utf-32", 9, 3),
    ],
)
def test_a_position_becomes_a_column(encoding: Encoding, units: int, column: int):
    assert to_column("a😀é\r\n", units, encoding) == column


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(
    line=st.text(alphabet="ab é€😀\x85\u2028", max_size=12), ending=st.sampled_from(["", "\r\n"])
)
def test_columns_survive_the_way_to_the_client_and_back(encoding: Encoding, line: str, ending: str):
    for column in range(len(line) + 1):
        units = to_units(line + ending, column, encoding)
        assert to_column(line + ending, units, encoding) == column
    assert to_units(line + ending, len(line) + 5, encoding) == to_units(
        line + ending, len(line), encoding
    )


def test_a_line_beyond_the_document_means_its_end():
    assert place(split_lines("a\nbc"), 7, 0, "utf-16") == (1, 2)


def test_a_line_feed_joins_the_carriage_return_before_it():
    buffer = TextBuffer("a\rb")
    edit(buffer, [1, 0, 1, 0], "\n", "utf-16")
    assert list(buffer.lines) == ["a\r\n", "b"]


def test_a_carriage_return_joins_the_line_feed_behind_it():
    buffer = TextBuffer("a\nb")
    edit(buffer, [0, 1, 0, 1], "\r", "utf-16")
    assert list(buffer.lines) == ["a\r\n", "b"]


def test_lines_handed_out_never_change():
    buffer = TextBuffer("a\nb")
    before = buffer.lines
    edit(buffer, [0, 0, 1, 0], "x\ny\n", "utf-16")
    assert list(before) == ["a\n", "b"]
    assert list(buffer.lines) == ["x\n", "y\n", "b"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_random_edits_agree_with_the_slow_reading(encoding: Encoding):
    random_ = random.Random(7)
    for _ in range(60):
        text = "".join(random_.choices(ALPHABET, k=random_.randrange(60)))
        buffer = TextBuffer(text)
        for _ in range(12):
            places = [random_.randrange(8) for _ in range(4)]
            new = "".join(random_.choices(ALPHABET, k=random_.randrange(5)))
            edit(buffer, places, new, encoding)
            text = slow_edit(text, places, new, encoding)
            assert list(buffer.lines) == slow_lines(text), (text, places, new)

"""`every_row` asks every row and passes over no failure."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from tests.rows import every_row

TABLE = [(1, 1), (2, 3), pytest.param(4, 5, id="four"), (6, 6)]


def failing(test: Callable[..., Any], **fixtures: Any) -> list[tuple[type, str]]:
    """Give each failure's type and what is said of its row."""
    with pytest.raises(BaseExceptionGroup) as caught:
        test(**fixtures)
    return [(type(each), each.__notes__[-1]) for each in caught.value.exceptions]


def test_every_row_is_asked_and_all_that_fail_are_told():
    asked: list[int] = []

    @every_row(("one", "other"), TABLE)
    def test(fixture: int, one: int, other: int):
        asked.append(one + fixture)
        assert one == other

    expected = [(AssertionError, "one=2, other=3"), (AssertionError, "four: one=4, other=5")]
    assert failing(test, fixture=10) == expected
    assert asked == [11, 12, 14, 16]
    assert list(inspect.signature(test).parameters) == ["fixture"]


async def test_a_coroutine_is_awaited_for_every_row():
    @every_row("one", [1, 2])
    async def test(one: int):
        assert one == 1

    assert inspect.iscoroutinefunction(test)
    with pytest.raises(ExceptionGroup, match="1 of 2 rows failed"):
        await test()


def test_a_row_that_raises_what_it_should_not_or_nothing_or_gives_up_fails():
    @every_row("row", ["other", "nothing", "skip"], ids=["a", "b", "c"])
    def test(row: str):
        if row == "skip":
            pytest.skip("I give up")
        with pytest.raises(ValueError, match="x"):
            _ = {}["x"] if row == "other" else None

    assert failing(test) == [
        (KeyError, "a: row='other'"),
        (pytest.fail.Exception, "b: row='nothing'"),
        (pytest.skip.Exception, "c: row='skip'"),
    ]


def test_tables_are_multiplied():
    asked: list[tuple[int, int]] = []

    @every_row("one", [1, 2])
    @every_row("other", [3, 4])
    def test(one: int, other: int):
        asked.append((one, other))

    test()
    assert asked == [(1, 3), (1, 4), (2, 3), (2, 4)]


def test_a_table_that_asks_nothing_or_does_not_fit_is_refused():
    @every_row("one", [])
    def test(one: int):
        pass

    with pytest.raises(AssertionError, match="asks nothing"):
        test()
    for names, rows, ids in [(("one", "two"), [(1,)], []), ("one", [1], ["a", "b"])]:
        with pytest.raises(ValueError, match="zip"):
            every_row(names, rows, ids=ids)
    with pytest.raises(AssertionError, match="marks"):
        every_row("one", [pytest.param(1, marks=pytest.mark.skip)])

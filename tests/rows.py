"""One test of all rows of a table: what is asked of data alone needs no test for each.

    @every_row(("text", "length"), [("", 0), ("a", 1)])
    def test_a_text_has_a_length(text: str, length: int): ...

It reads like `pytest.mark.parametrize`, which stays right where a row needs fixtures or a state of
its own: a test costs two milliseconds before it asks anything. Every row is asked, whatever became
of the others, and all that failed are shown, each with its values.
"""

import functools
import inspect
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

import pytest

# A row that gives up must not pass for all: one that would be skipped fails.
_FAILED = (Exception, pytest.fail.Exception, pytest.skip.Exception)
_LABELLED = type(pytest.param())
_SHOWN = 200  # characters of each value


class _Row(NamedTuple):
    values: Mapping[str, Any]
    label: str

    def __str__(self) -> str:
        values = ", ".join(f"{name}={repr(each)[:_SHOWN]}" for name, each in self.values.items())
        return f"{self.label}: {values}" if self.label else values


def every_row(
    names: str | Sequence[str], rows: Iterable[Any], *, ids: Iterable[str] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Ask a test of each row; one name takes the row itself, several take it apart.

    `ids` label the rows, as `pytest.param` does one.
    """
    taken = (names,) if isinstance(names, str) else tuple(names)
    given = [*rows]
    labels = [*ids] or [""] * len(given)
    table = [_row(taken, row, label) for row, label in zip(given, labels, strict=True)]

    def decorate(test: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(test)
        def all_rows(**fixtures: Any) -> None:
            with _failing_together(len(table)) as asking:
                for row in table:
                    with asking(row):
                        test(**fixtures, **row.values)

        @functools.wraps(test)
        async def all_rows_awaited(**fixtures: Any) -> None:
            with _failing_together(len(table)) as asking:
                for row in table:
                    with asking(row):
                        await test(**fixtures, **row.values)

        chosen = all_rows_awaited if inspect.iscoroutinefunction(test) else all_rows
        # What is left over are fixtures, for pytest to find.
        signature = inspect.signature(test)
        left = [each for each in signature.parameters.values() if each.name not in taken]
        vars(chosen)["__signature__"] = signature.replace(parameters=left)
        return chosen

    return decorate


def _row(names: tuple[str, ...], row: Any, label: str) -> _Row:
    if isinstance(row, _LABELLED):
        assert not row.marks, "a row is no test and takes no marks"
        label, values = str(row.id or label), row.values
    else:
        values = row if len(names) > 1 else (row,)
    return _Row(dict(zip(names, values, strict=True)), label)


@contextmanager
def _failing_together(
    count: int,
) -> Generator[Callable[[_Row], AbstractContextManager[None]]]:
    assert count, "a table without rows asks nothing"
    failures: list[BaseException] = []

    @contextmanager
    def asking(row: _Row) -> Generator[None]:
        try:
            yield
        except _FAILED as error:
            error.add_note(str(row))
            failures.append(error)

    yield asking
    if failures:
        raise BaseExceptionGroup(f"{len(failures)} of {count} rows failed", failures)

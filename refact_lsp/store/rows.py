"""Rows in and out: SQL values to frozen structs through one strict door, and back.

A column `x_json` becomes the field `x`, decoded.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

import msgspec

T = TypeVar("T")
Bindings = Sequence[int | float | str | None]


class Cursor(Protocol):
    """What the table modules use of a running statement."""

    @property
    def description(self) -> Sequence[Sequence[Any]]: ...
    @property
    def get(self) -> object: ...
    def __iter__(self) -> Iterator[tuple[Any, ...]]: ...


class Connection(Protocol):
    """What the store uses of SQLite's connection, inside a transaction of `Database`."""

    @property
    def in_transaction(self) -> bool: ...
    def execute(self, statements: str, bindings: Bindings | None = None, /) -> Cursor: ...
    def changes(self) -> int: ...
    def last_insert_rowid(self) -> int: ...
    def set_busy_timeout(self, milliseconds: int, /) -> None: ...
    def enable_load_extension(self, enable: bool, /) -> None: ...  # noqa: FBT001  — apsw's shape
    def load_extension(self, filename: str, entrypoint: str | None = None, /) -> None: ...
    def close(self) -> None: ...


def fetch(connection: Connection, query: str, bindings: Bindings, kind: type[T]) -> list[T]:
    """All rows of the query; raises `msgspec.ValidationError` for one that does not fit."""
    import apsw

    cursor = connection.execute(query, bindings)
    try:
        names = [column[0] for column in cursor.description]
    except apsw.ExecutionCompleteError:
        return []
    return [msgspec.convert(_decoded(names, row), kind, strict=False) for row in cursor]


def fetch_one(connection: Connection, query: str, bindings: Bindings, kind: type[T]) -> T | None:
    """Find the only row of the query, or None."""
    return next(iter(fetch(connection, query, bindings, kind)), None)


def to_json(value: object) -> str:
    """JSON text for a `…_json` column."""
    return msgspec.json.encode(value).decode()


def to_text(at: datetime) -> str:
    """Write a time as the tables keep it: UTC, milliseconds, sorting as it should."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _decoded(names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    return {
        name.removesuffix("_json"): (
            msgspec.json.decode(value) if name.endswith("_json") and value is not None else value
        )
        for name, value in zip(names, row, strict=True)
    }

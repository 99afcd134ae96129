"""A database of its own for every test, and its connection for the table functions."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from refact_lsp.store.database import Database, Statement, open_database

T = TypeVar("T")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "refact.db"


@pytest.fixture
def database(path: Path, empty_database: Path) -> Iterator[Database]:
    path.parent.mkdir(mode=0o700)
    shutil.copy(empty_database, path)
    with closing(open_database(path)) as database:
        yield database


def write(database: Database, statement: Statement[T]) -> T:
    """Write from a test that has no event loop."""
    return asyncio.run(database.write(statement))


@pytest.fixture
def run(database: Database) -> Callable[..., object]:
    """Call a table function with the connection first, in a transaction of its own."""

    def call(function: Callable[..., T], *arguments: object, **named: object) -> T:
        return write(database, lambda connection: function(connection, *arguments, **named))

    return call


@pytest.fixture
def noon() -> datetime:
    return datetime(2026, 5, 17, 12, 0, 0, tzinfo=UTC)

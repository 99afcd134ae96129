"""The one SQLite database: opened, migrated, read and written on one named thread.

Several servers have it open at once. Functions of the table modules get the connection and run
inside a transaction; nothing outside `store` sees SQL. A database that cannot be used is reported
and left exactly as it is.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar, cast

import msgspec

from refact_lsp.core.paths import make_private
from refact_lsp.core.private_files import locked
from refact_lsp.core.problems import refuse
from refact_lsp.store.rows import Connection
from refact_lsp.store.schema import APPLICATION_ID, MIGRATIONS

T = TypeVar("T")
Statement = Callable[[Connection], T]

_BUSY_MS = 5000

_TABLES = "SELECT count(*) FROM sqlite_schema"
_MOVE_AWAY = (
    "Move the file away to start afresh, or put a backup in its place. Nothing was changed."
)
_GIVE = (
    "Give it and its folder to your user, or point REFACT_HOME at a folder that you can write to."
)
# Class of SQLite's failure -> what happened, what to do.
_FAILURES = {
    "NotADBError": ("is no SQLite database", _MOVE_AWAY),
    "CorruptError": ("is damaged", _MOVE_AWAY),
    "FullError": ("cannot grow: the disk is full", "Free some space, then try again."),
    "IOError": (
        "cannot be read or written",
        "Look whether its disk is full, over quota or failing, then try again.",
    ),
    "ReadOnlyError": (
        "cannot be written",
        _GIVE,
    ),
    "CantOpenError": (
        "cannot be opened",
        _GIVE,
    ),
    "PermissionsError": ("may not be used by this user", "Give it to your user."),
    "BusyError": (
        "is kept locked by another window",
        "Close windows that no longer answer, then try again.",
    ),
}


class Database:
    """An open database. `read` and `write` run a function of the connection in a transaction.

    A cancelled `write` that has begun still commits: what it does is small and whole.
    `vectors_problem` says why sqlite-vec is missing, where it is.
    """

    def __init__(
        self,
        path: Path,
        connection: Connection,
        thread: ThreadPoolExecutor,
        vectors_problem: str | None,
    ) -> None:
        self.path = path
        self.vectors_problem = vectors_problem
        self._connection = connection
        self._thread = thread
        self._wrote = asyncio.Event()
        self._closed = False

    async def read(self, statement: Statement[T]) -> T:
        """Run it on a consistent view of the database."""
        return await asyncio.wrap_future(self._thread.submit(self._transact, "DEFERRED", statement))

    async def write(self, statement: Statement[T]) -> T:
        """Run it with the write lock held; an exception undoes all of it."""
        future = self._thread.submit(self._transact, "IMMEDIATE", statement)
        result = await asyncio.wrap_future(future)
        self._wrote.set()
        return result

    def read_now(self, statement: Statement[T]) -> T:
        """Read from synchronous code: start-up and the command line."""
        return self._thread.submit(self._transact, "DEFERRED", statement).result()

    async def changes(self, *, poll_s: float = 1.0) -> AsyncGenerator[None]:
        """Yield at once, and again each time settings changed, in this process or another one.

        Whoever reads its settings after each yield misses none. Settings are what bumps the
        revision (see schema): providers, models, defaults, rules, budgets; not the ledger, usage
        or threads.
        """
        version = await self._data_version()
        seen = await self.read(_revision)
        yield
        while True:
            try:
                async with asyncio.timeout(poll_s):  # `wait_for` may lose a cancellation
                    await self._wrote.wait()
            except TimeoutError:
                before, version = version, await self._data_version()
                if before == version:
                    continue
            self._wrote.clear()
            before, seen = seen, await self.read(_revision)
            if before != seen:
                yield

    def close(self) -> None:
        """Finish what was begun and close; a second call does nothing."""
        if not self._closed:
            self._closed = True
            self._thread.submit(self._connection.close).result()
            self._thread.shutdown()

    async def _data_version(self) -> int:
        # Outside a transaction: it tells of other connections' commits (sqlite.org/pragma.html).
        def pragma() -> int:
            with _explained(self.path):
                return _number(self._connection, "PRAGMA data_version")

        return await asyncio.wrap_future(self._thread.submit(pragma))

    def _transact(self, mode: str, statement: Statement[T]) -> T:
        with _explained(self.path):
            self._connection.execute(f"BEGIN {mode}")
            try:
                result = statement(self._connection)
                self._connection.execute("COMMIT")
            except BaseException:
                # A full disk or a damaged page may have rolled back already.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        return result


def open_database(path: Path) -> Database:
    """Open the database, making or migrating it where needed."""
    thread = ThreadPoolExecutor(1, thread_name_prefix="refact-store")
    try:
        connection, vectors_problem = thread.submit(_open, path).result()
    except BaseException:
        thread.shutdown()
        raise
    return Database(path, connection, thread, vectors_problem)


def integrity(connection: Connection) -> str:
    """SQLite's own check of every page: "ok", or what it found first."""
    return cast("str", connection.execute("PRAGMA quick_check(1)").get)


def versions(connection: Connection) -> dict[str, str]:
    """Say what runs, for `doctor`; `vec` is absent where sqlite-vec is not loaded."""
    import apsw

    found = {"sqlite": apsw.sqlite_lib_version()}
    with suppress(apsw.SQLError):
        found["vec"] = cast("str", connection.execute("SELECT vec_version()").get)
    return found


def _open(path: Path) -> tuple[Connection, str | None]:
    import apsw

    make_private(path.parent)
    with _explained(path):
        connection: Connection | None = None
        try:
            # SQLite gives its side files the mode of the database: chats are nobody else's.
            with suppress(OSError):
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            # Its own types leave the bindings unknown; ours say what we use of it.
            connection = cast("Connection", apsw.Connection(str(path)))
            connection.set_busy_timeout(_BUSY_MS)
            if not _is_current(connection, path):
                with locked(path.with_suffix(".lock")):
                    _migrate(connection, path)
            connection.execute("PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL")
            return connection, _load_vectors(connection)
        except BaseException:
            if connection is not None:
                connection.close()
            raise


def _is_current(connection: Connection, path: Path) -> bool:
    """Whether nothing is to be done; refuses what is not ours or from a newer version."""
    version = _number(connection, "PRAGMA user_version")
    application = _number(connection, "PRAGMA application_id")
    if application != APPLICATION_ID and (version or _number(connection, _TABLES)):
        raise refuse(
            "internal",
            f"The database {path} belongs to another program.",
            "Move it away, or point REFACT_HOME at another folder. Nothing was changed.",
        )
    if version > len(MIGRATIONS):
        raise refuse(
            "internal",
            f"The database {path} was written by a newer refact-lsp (schema {version}, this one "
            f"knows {len(MIGRATIONS)}).",
            "Update refact-lsp, or point REFACT_HOME at another folder. Nothing was changed.",
        )
    return version == len(MIGRATIONS) and connection.execute("PRAGMA journal_mode").get == "wal"


def _migrate(connection: Connection, path: Path) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have done it while this one waited for the lock.
        if not _is_current(connection, path):
            for migration in MIGRATIONS[_number(connection, "PRAGMA user_version") :]:
                connection.execute(migration)
            connection.execute(
                f"PRAGMA application_id = {APPLICATION_ID};PRAGMA user_version = {len(MIGRATIONS)}"
            )
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _load_vectors(connection: Connection) -> str | None:
    """Load sqlite-vec without importing its package, which would pull in numpy."""
    import apsw

    package = find_spec("sqlite_vec")
    if package is None or not package.submodule_search_locations:
        return "The package sqlite-vec is not installed."
    connection.enable_load_extension(True)  # noqa: FBT003  — apsw takes it by position
    try:
        connection.load_extension(
            str(Path(package.submodule_search_locations[0]) / "vec0"), "sqlite3_vec_init"
        )
    except apsw.Error as error:
        return f"sqlite-vec cannot be loaded: {error}"
    finally:
        connection.enable_load_extension(False)  # noqa: FBT003  — apsw takes it by position
    return None


def _number(connection: Connection, query: str) -> int:
    return cast("int", connection.execute(query).get)


def _revision(connection: Connection) -> int:
    return _number(connection, "SELECT value FROM revision")


@contextmanager
def _explained(path: Path) -> Generator[None]:
    """Turn SQLite's failures that a person can meet into problems; bugs pass as they are."""
    import apsw

    try:
        yield
    except apsw.Error as error:
        failure = _FAILURES.get(type(error).__name__)
        if failure is None:
            raise
        raise refuse("internal", f"The database {path} {failure[0]}.", failure[1]) from error
    except msgspec.DecodeError as error:
        raise refuse(
            "internal",
            f"The database {path} holds a row that cannot be read: {error}.",
            "It was changed by another program, or by a newer refact-lsp. Put a backup in its "
            "place, or move the file away to start afresh. Nothing was changed.",
        ) from error

import asyncio
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from refact_lsp.core.problems import RefactError
from refact_lsp.store.database import Database, integrity, open_database, versions
from refact_lsp.store.rows import Connection
from tests.store.conftest import write


def add_setting(connection: Connection, name: str) -> None:
    connection.execute("INSERT INTO settings VALUES (?, '1')", (name,))


def add_settings(connection: Connection, names: Iterable[str]) -> None:
    for name in names:
        add_setting(connection, name)


def count_settings(connection: Connection) -> object:
    return connection.execute("SELECT count(*) FROM settings").get


def start(code: str, *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def bytes_of(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.parent.iterdir() if file.is_file()}


async def test_what_was_written_is_read_after_opening_again(path: Path):
    with closing(open_database(path)) as database:
        await database.write(lambda connection: add_setting(connection, "x"))
    with closing(open_database(path)) as database:
        assert await database.read(count_settings) == 1
        assert database.read_now(integrity) == "ok"


def test_vectors_and_full_text_are_there(database: Database):
    assert database.vectors_problem is None
    assert database.read_now(versions)["vec"].startswith("v")

    def nearest(connection: Connection) -> object:
        connection.execute("CREATE VIRTUAL TABLE v USING vec0 (e float[2])")
        connection.execute("INSERT INTO v (rowid, e) VALUES (1, '[1, 0]'), (2, '[0, 1]')")
        return connection.execute(
            "SELECT rowid FROM v WHERE e MATCH '[0.1, 0.9]' ORDER BY distance LIMIT 1"
        ).get

    assert write(database, nearest) == 2


def test_loading_vectors_does_not_pull_in_numpy(path: Path):
    child = start(
        "import asyncio, sys; from pathlib import Path; from refact_lsp.store.database import *;"
        "open_database(Path(sys.argv[1])).close(); print(*sys.modules)",
        path,
    )
    assert not {"numpy", "sqlite_vec"} & set(child.communicate()[0].split())


@pytest.mark.skipif(os.name == "nt", reason="files have no mode on Windows")
async def test_the_database_and_its_side_files_are_their_owners_alone(database: Database):
    await database.write(lambda connection: add_setting(connection, "x"))
    files = list(database.path.parent.iterdir())
    assert {file.name for file in files} > {"refact.db", "refact.db-wal"}
    assert [oct(file.stat().st_mode & 0o077) for file in files] == ["0o0"] * len(files)


async def test_a_failed_write_is_undone_whole(database: Database):
    def half(connection: Connection) -> None:
        add_setting(connection, "x")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await database.write(half)
    assert await database.read(count_settings) == 0


async def test_a_change_of_settings_in_another_process_is_heard(database: Database):
    changes = database.changes(poll_s=0.01)
    await anext(changes)
    other = start(
        "import asyncio, sys; from pathlib import Path; from refact_lsp.store.database import *;"
        "db = open_database(Path(sys.argv[1])); write = lambda f: asyncio.run(db.write(f));"
        "write(lambda c: c.execute(\"INSERT INTO usage VALUES ('2026-01-01','p','m','chat',"
        '1,0,1,1,0,0,0,0)") and None);'
        "write(lambda c: c.execute(\"INSERT INTO settings VALUES ('y','1')\") and None);"
        "db.close()",
        database.path,
    )
    await asyncio.wait_for(anext(changes), 20)
    assert await database.read(count_settings) == 1
    assert other.communicate()[0] == ""
    await changes.aclose()


async def test_a_change_of_settings_in_this_process_is_heard_at_once(database: Database):
    changes = database.changes(poll_s=600)
    await anext(changes)
    await database.write(lambda connection: add_setting(connection, "x"))
    await asyncio.wait_for(anext(changes), 5)
    await changes.aclose()


def test_many_processes_may_open_a_new_database_at_once(path: Path):
    children = [
        start(
            "import asyncio, sys; from pathlib import Path\n"
            "from refact_lsp.store.database import *\n"
            "async def main():\n"
            "    db = open_database(Path(sys.argv[1]))\n"
            "    for i in range(100):\n"
            "        await db.write(lambda c: c.execute('INSERT INTO settings VALUES (?, 1)',"
            " (f'{sys.argv[2]}-{i}',)) and None)\n"
            "    db.close()\n"
            "asyncio.run(main())",
            path,
            number,
        )
        for number in range(3)
    ]
    assert [child.communicate()[0] for child in children] == ["", "", ""]
    with closing(open_database(path)) as database:
        assert database.read_now(count_settings) == 300


def test_a_process_killed_in_a_write_loses_that_write_alone(database: Database):
    child = start(
        "import asyncio, sys; from pathlib import Path; from refact_lsp.store.database import *\n"
        "db = open_database(Path(sys.argv[1])); write = lambda f: asyncio.run(db.write(f))\n"
        "write(lambda c: c.execute(\"INSERT INTO settings VALUES ('kept', 1)\") and None)\n"
        "def hang(c):\n"
        "    c.execute('PRAGMA cache_size = 1')\n"
        "    for i in range(2000): c.execute('INSERT INTO settings VALUES (?, 1)', (str(i),))\n"
        "    print('inside', flush=True); sys.stdin.read()\n"
        "write(hang)",
        database.path,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "inside\n"
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert database.read_now(count_settings) == 1
    write(database, lambda connection: add_setting(connection, "next"))
    assert database.read_now(integrity) == "ok"


def refused(path: Path) -> str:
    before = bytes_of(path)
    with pytest.raises(RefactError) as caught:
        open_database(path)
    assert bytes_of(path) == before | {"refact.lock": b""} or bytes_of(path) == before
    problem = caught.value.problem
    assert str(path) in problem.message
    return f"{problem.message} {problem.hint}"


def test_a_database_of_a_newer_version_is_left_alone(path: Path):
    with closing(open_database(path)) as database:
        write(database, lambda c: (c.execute("PRAGMA user_version = 999"), None)[1])
    assert "newer refact-lsp (schema 999" in refused(path)


def test_a_database_of_another_program_is_left_alone(path: Path):
    import apsw

    path.parent.mkdir()
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    assert "another program" in refused(path)


@pytest.mark.parametrize("content", [b"not a database at all " * 100, b"\x00\x01" * 700, b"short"])
def test_a_file_that_is_no_database_is_left_alone(path: Path, content: bytes):
    path.parent.mkdir()
    path.write_bytes(content)
    assert "is no SQLite database. Move the file away" in refused(path)


def test_a_damaged_database_is_told_and_left_alone(path: Path):
    with closing(open_database(path)) as database:
        write(database, lambda c: add_settings(c, (f"{i}" * 50 for i in range(500))))
    content = path.read_bytes()
    path.write_bytes(content[:100] + b"\xff" * 3000 + content[3100:])
    assert "is damaged" in refused(path)


def test_damage_found_later_is_told(path: Path):
    with closing(open_database(path)) as database:
        write(database, lambda c: add_settings(c, (f"{i}" * 50 for i in range(2000))))
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size - 80_000)
        file.write(b"\xff" * 80_000)
    with closing(open_database(path)) as database:
        assert database.read_now(integrity) != "ok"
        with pytest.raises(RefactError, match="is damaged"):
            database.read_now(lambda c: sum(1 for _ in c.execute("SELECT * FROM settings")))


def test_a_full_disk_is_told_and_nothing_is_lost(database: Database):
    write(database, lambda connection: add_setting(connection, "kept"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, before[1]))
    try:
        with pytest.raises(RefactError, match=r"disk is full|cannot be") as caught:
            write(database, lambda c: add_settings(c, (f"{i}" + "x" * 2000 for i in range(2000))))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "disk" in (caught.value.problem.hint or "") + caught.value.problem.message
    assert database.read_now(count_settings) == 1
    write(database, lambda connection: add_setting(connection, "again"))
    assert database.read_now(integrity) == "ok"


def test_a_new_database_on_a_full_disk_is_told(path: Path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, before[1]))
    try:
        with pytest.raises(RefactError, match=r"disk is full|cannot be") as caught:
            open_database(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "disk" in caught.value.problem.message + (caught.value.problem.hint or "")
    open_database(path).close()


@pytest.mark.skipif(os.name == "nt", reason="folders have no mode on Windows")
def test_a_folder_that_cannot_be_written_is_told(path: Path, tmp_path: Path):
    new = tmp_path / "new" / "refact.db"
    new.parent.mkdir()
    open_database(path).close()
    path.chmod(0o444)
    for folder in (path.parent, new.parent):
        folder.chmod(0o555)
    for parent in path.parents[1:4]:
        parent.chmod(0o755)
    child = start(
        "import asyncio, os, sys; from pathlib import Path; from refact_lsp.store import database\n"
        "from refact_lsp.core.problems import RefactError; import apsw\n"
        "if os.geteuid() == 0: os.setegid(65534); os.seteuid(65534)\n"
        "add = lambda c: c.execute(\"INSERT INTO settings VALUES ('z', 1)\") and None\n"
        "for path in sys.argv[1:]:\n"
        "    try:\n"
        "        asyncio.run(database.open_database(Path(path)).write(add))\n"
        "    except RefactError as error: print(error.problem.message, error.problem.hint)",
        path,
        new,
    )
    told = child.communicate(timeout=20)[0].splitlines()
    for line, folder in zip(told, (path.parent, new.parent), strict=True):
        assert str(folder) in line
        assert "REFACT_HOME" in line
        folder.chmod(0o755)

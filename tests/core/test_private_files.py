import asyncio
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from refact_lsp.core.private_files import locked, locked_async, write_private
from refact_lsp.core.problems import RefactError

ADD_ONE = """
import sys
from pathlib import Path
from refact_lsp.core.private_files import locked, write_private
path = Path(sys.argv[1])
for _ in range(40):
    with locked(path.with_suffix(".lock")):
        write_private(path, str(int(path.read_text()) + 1).encode())
"""


@pytest.mark.skipif(os.name == "nt", reason="files have no mode on Windows")
def test_a_private_file_is_its_owners_alone_even_where_it_was_open_before(tmp_path: Path):
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == b"new"


def test_a_failed_write_leaves_the_old_content_and_no_litter(tmp_path: Path):
    path = tmp_path / "secret"
    path.mkdir()
    with pytest.raises(OSError, match="secret"):
        write_private(path, b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]


def test_two_processes_never_lose_an_update_under_the_lock(tmp_path: Path):
    path = tmp_path / "count"
    path.write_text("0")
    children = [subprocess.Popen([sys.executable, "-c", ADD_ONE, str(path)]) for _ in range(2)]
    assert [child.wait(30) for child in children] == [0, 0]
    assert path.read_text() == "80"


async def test_a_held_lock_is_reported_after_the_wait(tmp_path: Path):
    with locked(tmp_path / "lock"):
        with pytest.raises(RefactError, match="locked"):
            async with locked_async(tmp_path / "lock", timeout_s=0.01):
                pass
        with pytest.raises(RefactError, match="locked"), locked(tmp_path / "lock", timeout_s=0.01):
            pass


async def test_tasks_take_turns(tmp_path: Path):
    inside = 0
    most = 0

    async def enter() -> None:
        nonlocal inside, most
        async with locked_async(tmp_path / "lock"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(enter() for _ in range(5)))
    assert most == 1

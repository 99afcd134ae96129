"""The worker's child: jobs, progress, failures, cancellation, and its end."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from refact_lsp.app.worker import Worker
from refact_lsp.core.problems import RefactError

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIST = "refact_lsp.features.workspace_files:list_files"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared() -> AsyncGenerator[Worker]:
    """One for the tests that are about its jobs and not about its child."""
    worker = Worker()
    yield worker
    await worker.close()


async def gone(pid: int) -> bool:
    """Wait for a process that is not our child any more to end."""
    async with asyncio.timeout(5):
        while True:
            if not runs(pid):
                return True
            await asyncio.sleep(0.01)


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        # An orphan that has ended is there until init takes note of it.
        ended = "State:\tZ"
        return sys.platform != "linux" or ended not in Path(f"/proc/{pid}/status").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False


async def test_a_job_gives_its_result_and_its_progress(shared: Worker, tmp_path: Path):
    (tmp_path / "a.py").write_text("a = 1\n")
    told: list[tuple[float, str]] = []
    answer = await shared.run(LIST, [str(tmp_path)], lambda *at: told.append(at))
    assert answer == [str(tmp_path / "a.py")]
    assert told == [(0.0, "listing files")]


async def test_the_child_is_started_with_the_first_job_and_kept(tmp_path: Path):
    worker = Worker()
    assert worker.pid is None
    await asyncio.gather(*(worker.run(LIST, [str(tmp_path)]) for _ in range(3)))
    first = worker.pid
    await worker.run(LIST, [str(tmp_path)])
    assert worker.pid == first != os.getpid()
    await worker.close()
    assert worker.pid is None


async def test_a_failing_job_is_told_and_the_next_one_runs(shared: Worker, tmp_path: Path):
    with pytest.raises(RefactError, match=r"RefactError: .*is not a folder"):
        await shared.run(LIST, [str(tmp_path / "absent")])
    assert await shared.run(LIST, [str(tmp_path)]) == []


@pytest.mark.parametrize("target", ["os:system", "subprocess:run", "refact_lsp_evil.a:b"])
async def test_only_functions_of_the_package_are_run(shared: Worker, target: str):
    with pytest.raises(RefactError, match="no function of this package"):
        await shared.run(target, ["true"])


async def test_a_cancelled_job_takes_the_child_with_it_and_the_next_gets_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    pipe, git = tmp_path / "pipe", tmp_path / "git"
    os.mkfifo(pipe)
    git.write_text(f"#!/bin/sh\nread line < {pipe}\nexit 1\n")
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    worker = Worker()
    started = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        job = group.create_task(worker.run(LIST, [str(tmp_path)], lambda *_: started.set()))
        await started.wait()
        pid = worker.pid
        job.cancel()
    assert pid
    assert await gone(pid)
    line = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    os.write(line, b"\n")  # what was left behind ends, also where it only now comes to read
    monkeypatch.undo()
    assert await worker.run(LIST, [str(tmp_path)]) == [str(git)]
    assert worker.pid != pid
    await worker.close()
    os.close(line)


async def test_a_killed_child_is_a_problem_and_not_a_hang(tmp_path: Path):
    worker = Worker()
    await worker.run(LIST, [str(tmp_path)])
    assert worker.pid
    os.kill(worker.pid, 9)
    with pytest.raises(RefactError, match="ended while running"):
        await worker.run(LIST, [str(tmp_path)])
    assert await worker.run(LIST, [str(tmp_path)]) == []
    await worker.close()


async def test_closing_ends_the_child_within_a_second(tmp_path: Path):
    worker = Worker()
    await worker.run(LIST, [str(tmp_path)])
    pid = worker.pid
    assert pid
    async with asyncio.timeout(1):
        await worker.close()
        assert await gone(pid)


async def test_a_child_whose_parent_is_gone_ends_by_itself(tmp_path: Path):
    script = (
        "import asyncio, os\n"
        "from refact_lsp.app.worker import Worker\n"
        "async def main():\n"
        "    worker = Worker()\n"
        f"    await worker.run({LIST!r}, [{str(tmp_path)!r}])\n"
        "    print(worker.pid, flush=True)\n"
        "    os._exit(0)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=subprocess.PIPE
    )
    out, _ = await parent.communicate()
    assert await gone(int(out))


async def test_the_child_does_not_import_from_the_folder_it_runs_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "msgspec.py").write_text("raise SystemExit(1)\n")
    (tmp_path / "refact_lsp").mkdir()
    (tmp_path / "refact_lsp" / "__init__.py").write_text("raise SystemExit(1)\n")
    monkeypatch.chdir(tmp_path)
    worker = Worker()
    assert len(await worker.run(LIST, [str(tmp_path)])) == 2
    await worker.close()


async def test_the_child_yields_to_others(shared: Worker, tmp_path: Path):
    await shared.run(LIST, [str(tmp_path)])
    assert shared.pid
    assert os.getpriority(os.PRIO_PROCESS, shared.pid) >= 10


async def test_the_child_starts_without_what_only_the_parent_needs():
    """Guards the short start without a clock."""
    code = (
        "import sys, refact_lsp.app.worker_main, refact_lsp.features.workspace_files;"
        "import refact_lsp.features.completion.workspace.build, refact_lsp.features.context.build;"
        "print({'asyncio', 'logging', 'tree_sitter', 'apsw'} & set(sys.modules))"
    )
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=subprocess.PIPE)
    assert (await child.communicate())[0] == b"set()\n"


@pytest.mark.parametrize("steps", [0, 1, 3, 8, 40])
async def test_a_job_cancelled_while_the_child_starts_ends_and_leaves_no_child(
    tmp_path: Path, steps: int
):
    worker = Worker()
    task = asyncio.Task(worker.run(LIST, [str(tmp_path)]))
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await worker.close()
    async with asyncio.timeout(5):
        await asyncio.wait({task})
    assert task.cancelled()
    assert worker.pid is None

"""The service keeps the model current and asks the privacy rules before every answer."""

import asyncio
from pathlib import Path

import pytest
import pytest_asyncio

from refact_lsp.app.worker import Worker
from refact_lsp.features.completion.workspace.service import WorkspaceService
from tests.features.stage import Workplace

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Stage(Workplace):
    """Where an embedded model works."""

    def __init__(self, folder: Path, worker: Worker) -> None:
        super().__init__(folder, worker)
        self.service = self.opened_as(WorkspaceService)

    def ask(self, head: str, *, name: str = "new.py") -> str | None:
        guess = self.service.guess(self.at(f"x = 1\n{head}|", name), 0.0)
        return guess.text if guess else None

    async def knows(self, head: str, answer: str | None) -> None:
        async with asyncio.timeout(10):
            while self.ask(head) != answer:
                await self.renewed.wait()
                self.renewed.clear()


@pytest_asyncio.fixture(loop_scope="session")
async def stage(tmp_path: Path, worker: Worker) -> Stage:
    return Stage(tmp_path, worker)


async def test_a_workspace_is_read_and_read_again_when_files_change(stage: Stage):
    stage.write("a.py", "open_door(with_this, key)\n")
    task = asyncio.Task(stage.service.run())
    await stage.knows("open_door(", "with_this, key)")
    stage.write("a.py", "open_door(by_force, now)\n")
    stage.service.files_changed()
    await stage.knows("open_door(", "by_force, now)")
    task.cancel()


async def test_the_next_start_knows_before_anything_is_read(stage: Stage):
    stage.write("a.py", "open_door(with_this, key)\n")
    task = asyncio.Task(stage.service.run())
    await stage.knows("open_door(", "with_this, key)")
    task.cancel()
    (stage.root / "a.py").unlink()
    stage.service = stage.opened_as(WorkspaceService)
    task = asyncio.Task(stage.service.run())
    await stage.knows("open_door(", "with_this, key)")
    await stage.knows("open_door(", None)
    task.cancel()


async def test_excluded_files_are_neither_read_nor_answered_in(stage: Stage):
    stage.secret.add("vault.py")
    stage.write("vault.py", "open_vault(with_this, word)\n")
    stage.write("a.py", "open_door(with_this, key)\n")
    task = asyncio.Task(stage.service.run())
    await stage.knows("open_door(", "with_this, key)")
    assert stage.ask("open_vault(") is None
    assert stage.ask("open_door(", name="vault.py") is None
    assert "open_vault" not in stage.service.model.paths()
    task.cancel()


async def test_a_new_rule_is_obeyed_at_once_and_a_lifted_one_soon(stage: Stage):
    stage.write("vault.py", "open_vault(with_this, word)\n")
    task = asyncio.Task(stage.service.run())
    await stage.knows("open_vault(", "with_this, word)")
    stage.secret.add("vault.py")
    await stage.service.reconsider()
    assert stage.ask("open_vault(") is None
    stage.secret.clear()
    await stage.service.reconsider()
    stage.write("b.py", "x = 1\n")
    await stage.knows("open_vault(", "with_this, word)")
    task.cancel()


async def test_a_file_that_is_excluded_leaves_what_is_saved_before_anything_is_built(stage: Stage):
    stage.write("vault.py", "open_vault(with_this, word)\n")
    task = asyncio.Task(stage.service.run())
    await stage.knows("open_vault(", "with_this, word)")
    assert b"open_vault" in stage.cached()
    stage.secret.add("vault.py")
    await stage.service.reconsider()
    assert b"vault" not in stage.cached()
    task.cancel()


async def test_open_documents_teach_and_closed_ones_do_not(stage: Stage):
    other = str(stage.root / "other.py")
    stage.service.document_changed(other, ["open_door(with_this, key)\n", ""])
    assert stage.ask("open_door(") == "with_this, key)"
    stage.service.document_changed(other, ["open_door(by_force, now)\n", ""])
    assert stage.ask("open_door(") == "by_force, now)"
    stage.service.document_closed(other)
    assert stage.ask("open_door(") is None


async def test_open_documents_that_are_excluded_or_closed_before_a_question_do_not_teach(
    stage: Stage,
):
    other, secret = (str(stage.root / name) for name in ("other.py", "vault.py"))
    stage.secret.add("vault.py")
    stage.service.document_changed(secret, ["open_door(with_this, key)\n", ""])
    stage.service.document_changed(other, ["open_door(with_that, key)\n", ""])
    stage.service.document_closed(other)
    assert stage.ask("open_door(") is None


async def test_a_workspace_that_cannot_be_read_is_a_problem_and_not_an_end(stage: Stage):
    stage.root.rmdir()
    task = asyncio.Task(stage.service.run())
    async with asyncio.timeout(10):
        while stage.service.problem is None:
            await stage.renewed.wait()
            stage.renewed.clear()
    stage.root.mkdir()
    stage.write("a.py", "open_door(with_this, key)\n")
    stage.service.files_changed()
    await stage.knows("open_door(", "with_this, key)")
    assert stage.service.problem is None
    task.cancel()

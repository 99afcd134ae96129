"""Context prepares itself, answers at once, obeys the privacy rules and begins alike."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from refact_lsp.app.worker import Worker
from refact_lsp.core.text import Snapshot, split_lines
from refact_lsp.features.completion.values import Snippet
from refact_lsp.features.context.service import ContextService
from tests.features.stage import Workplace

pytestmark = pytest.mark.asyncio(loop_scope="session")

DOOR = """\
class Door:
    def __init__(self, width: int) -> None:
        self.width = width

    def open_with(self, key: str) -> bool:
        return bool(key)


def unrelated() -> None: ...
"""
MAIN = "from door import Door\n\n\ndef enter(door: Door) -> None:\n    door.|\n"


class Stage(Workplace):
    """Where a context service works."""

    def __init__(self, folder: Path, worker: Worker) -> None:
        super().__init__(folder, worker)
        self.service = self.opened_as(ContextService)

    async def given(
        self, snapshot: Snapshot, until: Callable[[str], bool], budget: int = 1500
    ) -> Sequence[Snippet]:
        """Ask as an editor does, again after each renewal, until the text is as expected."""
        async with asyncio.timeout(20):
            while True:
                self.service.prepare(snapshot)
                await self.renewed.wait()
                self.renewed.clear()
                found = self.service.gather(snapshot, budget)
                if until("\n".join(each.text for each in found)):
                    return found


@pytest_asyncio.fixture(loop_scope="session")
async def stage(tmp_path: Path, worker: Worker) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path, worker)
    task = asyncio.Task(stage.service.run())
    yield stage
    async with worker._turn:  # a job that is cut short takes the worker with it
        task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_the_members_of_an_imported_class_are_there(stage: Stage):
    stage.write("door.py", DOOR)
    found = await stage.given(stage.at(MAIN), lambda text: "def open_with(self" in text)
    assert [(each.label, each.stable) for each in found] == [("door.py", True)]
    assert found[0].path.endswith("/project/door.py")


async def test_nothing_is_read_until_a_model_wants_context(tmp_path: Path):
    stage = Stage(tmp_path, Worker())
    stage.write("door.py", DOOR)
    task = asyncio.Task(stage.service.run())
    for _ in range(20):
        await asyncio.sleep(0)
    assert stage.worker.pid is None
    assert not list(stage.service.gather(stage.at(MAIN), 1500))
    task.cancel()


async def test_a_changed_file_is_seen_and_so_is_an_unsaved_one(stage: Stage):
    path = stage.write("door.py", DOOR)
    await stage.given(stage.at(MAIN), lambda text: "open_with" in text)
    stage.write("door.py", DOOR.replace("open_with", "open_by_force"))
    stage.service.files_changed()
    await stage.given(stage.at(MAIN), lambda text: "open_by_force" in text)
    stage.service.document_changed(path, split_lines(DOOR))
    stage.service.document_changed(path, split_lines(DOOR.replace("open_with", "open_softly")))
    found = await stage.given(stage.at(MAIN), lambda text: "def open_softly" in text)
    edits = next(each for each in found if each.source == "edits")
    assert not edits.stable
    assert "+     def open_softly" in edits.text


async def test_an_excluded_file_is_never_read_and_a_new_rule_is_obeyed_at_once(stage: Stage):
    stage.write("door.py", DOOR)
    stage.write("vault.py", "class Vault:\n    def unlock_all(self) -> None: ...\n")
    stage.secret.add("vault.py")
    text = "from vault import Vault\n" + MAIN
    found = await stage.given(stage.at(text), lambda text: "open_with" in text)
    assert all("unlock" not in each.text for each in found)
    assert b"open_with" in stage.cached()
    assert b"unlock_all" not in stage.cached()
    stage.secret.add("door.py")
    assert not list(stage.service.gather(stage.at(text), 1500))
    await stage.service.reconsider()
    stage.secret.clear()
    assert not list(stage.service.gather(stage.at(text), 1500))
    await stage.service.reconsider()
    await stage.given(stage.at(text), lambda text: "unlock_all" in text and "open_with" in text)


@pytest.mark.parametrize("again", [False, True])
async def test_a_file_that_is_excluded_leaves_what_is_saved_before_anything_is_built(
    stage: Stage, *, again: bool
):
    stage.write("door.py", DOOR)
    stage.write("wall.py", "def paint_wall(colour: str) -> None: ...\n")
    await stage.given(stage.at(MAIN), lambda text: "open_with" in text)
    # The next start has read nothing yet, and may never: no model may ask for context.
    service = stage.opened_as(ContextService) if again else stage.service
    stage.secret.add("door.py")
    await service.reconsider()
    assert b"open_with" not in stage.cached()
    assert b"paint_wall" in stage.cached()


async def test_a_document_that_is_excluded_by_now_is_not_read_either(stage: Stage):
    path = str(stage.root / "main.py")
    stage.write("door.py", DOOR)
    await stage.given(stage.at(MAIN), lambda text: "open_with" in text)
    assert path in stage.service._desk.known()
    stage.secret.add("main.py")
    await stage.service.reconsider()
    await stage.service._rank(stage.at(MAIN))
    assert path not in stage.service._desk.known()


async def test_the_next_start_knows_before_anything_is_read(stage: Stage):
    stage.write("door.py", DOOR)
    await stage.given(stage.at(MAIN), lambda text: "open_with" in text)
    stage.service = stage.opened_as(ContextService)
    saved = stage.service._take_saved([str(stage.root)])
    await saved
    assert stage.service.files == 1


async def test_consecutive_contexts_begin_alike(stage: Stage):
    stage.write("door.py", DOOR)
    stage.write("wall.py", "def paint_wall(colour: str) -> None: ...\n")
    before = await stage.given(stage.at(MAIN), lambda text: "open_with" in text)
    more = MAIN.replace("door.|", "door.open_with('k')\n    paint_wall(|")
    after = await stage.given(stage.at(more), lambda text: "paint_wall" in text)
    assert list(after)[: len(before)] == list(before)


async def test_the_budget_is_kept_and_secrets_are_taken_out(stage: Stage):
    secret = "q7Zk2" + "Vb9Xw3Lp8Ts1Rn6Yd4Hf5Jg0Mc"
    many = "".join(f"    def turn_{n}(self, by: int = {n}) -> None: ...\n" for n in range(300))
    head = f"class Door:\n    def __init__(self, token='sk-{secret}') -> None: ...\n"
    stage.write("door.py", head + many)
    found = await stage.given(stage.at(MAIN), lambda text: "turn_" in text, budget=500)
    stage.service.prepare(stage.at(MAIN))
    text = "\n".join(each.text for each in found)
    assert secret not in text
    assert "[redacted]" in text
    assert len(text) < 1500 * 4


async def test_where_there_is_no_grammar_similar_windows_of_open_files_serve(stage: Stage):
    other = str(stage.root / "a.rb")
    lines = [f"alpha_{n} = beta_{n} + gamma_{n}\n" for n in range(12)]
    stage.service.document_changed(other, lines)
    snapshot = stage.at("alpha_1 = beta_1\nbeta_2 = gamma_2 + gamma_3\n|\n", "b.rb")
    found = await stage.given(snapshot, lambda text: "gamma_1" in text)
    assert [(each.source, each.path) for each in found] == [("alike", other)]


def commit_all(folder: Path) -> None:
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git[:3], "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "both"], check=True)


async def test_files_that_change_together_are_known_from_git(stage: Stage):
    stage.write("door.py", DOOR)
    stage.write("main.py", "x = 1\n")
    await asyncio.to_thread(commit_all, stage.root)
    await stage.given(stage.at("x = 1\n|\n"), lambda text: "unrelated" in text)


async def test_what_is_not_imported_yet_comes_from_the_index_of_words(stage: Stage):
    stage.write("door.py", DOOR)
    asked = stage.at("# with the key, open\n|\n")
    found = await stage.given(asked, lambda text: "open_with" in text)
    assert [each.source for each in found] == ["index"]

"""What is read of a workspace in the background is shown to its user while it lasts."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from refact_lsp.app.worker import OnProgress, Worker
from refact_lsp.core.text import Snapshot
from refact_lsp.features.completion.workspace.service import WorkspaceService
from refact_lsp.features.context.service import ContextService

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Screen:
    """Remembers what was shown, in order; `ended` is set when something is taken away."""

    def __init__(self) -> None:
        self.log: list[tuple[str, object]] = []
        self.ended = asyncio.Event()

    @contextlib.asynccontextmanager
    async def shown(self, title: str) -> AsyncGenerator[OnProgress]:
        self.log.append(("begin", title))
        yield lambda fraction, message: self.log.append((message, fraction))
        self.log.append(("end", title))
        self.ended.set()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.py").write_text("def open_door() -> None: ...\n")
    return folder


async def test_reading_the_workspace_is_shown(worker: Worker, project: Path):
    screen = Screen()
    cache = project.parent / "cache"
    service = WorkspaceService(worker, cache, lambda _: True, shown=screen.shown)
    service.set_roots([str(project)])
    task = asyncio.Task(service.run())
    await screen.ended.wait()
    task.cancel()
    assert screen.log == [
        ("begin", "Reading the workspace"),
        ("listing files", 0.0),
        ("0 of 1 files", 0.0),
        ("end", "Reading the workspace"),
    ]


async def test_finding_definitions_is_shown(worker: Worker, project: Path):
    screen = Screen()
    cache = project.parent / "cache"
    service = ContextService(worker, cache, lambda _: True, shown=screen.shown)
    service.set_roots([str(project)])
    service.prepare(
        Snapshot(
            uri="file:///new.py",
            path=None,
            language="python",
            version=1,
            lines=[""],
            line=0,
            column=0,
        )
    )
    task = asyncio.Task(service.run())
    await screen.ended.wait()
    task.cancel()
    assert screen.log[0] == ("begin", "Finding definitions")
    assert ("0 of 1 files", 0.0) in screen.log
    assert screen.log[-1] == ("end", "Finding definitions")

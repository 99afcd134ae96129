"""A workspace folder with a background service over it; rules and time in the test's hand."""

import asyncio
from pathlib import Path
from typing import TypeVar

from refact_lsp.app.worker import Worker
from refact_lsp.core.text import Snapshot, split_lines
from refact_lsp.features.completion.workspace.service import WorkspaceService
from refact_lsp.features.context.service import ContextService

Service = TypeVar("Service", WorkspaceService, ContextService)


class Workplace:
    """`renewed` is set whenever the service tells that it changed."""

    def __init__(self, folder: Path, worker: Worker) -> None:
        self.root = folder / "project"
        self.root.mkdir()
        self.cache = folder / "cache"
        self.secret: set[str] = set()
        self.worker = worker
        self.renewed = asyncio.Event()

    def opened_as(self, kind: type[Service]) -> Service:
        """Start a service over the folder; the next start is another one."""
        service = kind(
            self.worker,
            self.cache,
            lambda path: Path(path).name not in self.secret,
            sleep=self.no_wait,
            notify=self.renewed.set,
        )
        service.set_roots([str(self.root)])
        return service

    async def no_wait(self, _seconds: float) -> None:
        await asyncio.sleep(0)

    def write(self, name: str, text: str) -> str:
        (self.root / name).write_text(text)
        return str(self.root / name)

    def cached(self) -> bytes:
        """Give what the service keeps on disk."""
        return b"".join(path.read_bytes() for path in self.cache.rglob("*") if path.is_file())

    def at(self, text: str, name: str = "main.py") -> Snapshot:
        """Put the cursor at the mark `|` of a text."""
        head = split_lines(text[: text.index("|")])
        return Snapshot(
            uri=f"file://{self.root / name}",
            path=str(self.root / name),
            language="python",
            version=1,
            lines=split_lines(text.replace("|", "")),
            line=len(head) - 1,
            column=len(head[-1]),
        )

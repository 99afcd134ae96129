"""The embedded model as the rest of the product sees it: it keeps itself current.

`run` is the background task: it takes the saved index, brings it up to date, and again some time
after files changed. `guess` answers at once from what is known by then. Every answer asks the
privacy rules first, and `reconsider` forgets what a changed rule excludes, also in what is saved.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from refact_lsp.app.progress import Shown, unseen
from refact_lsp.app.worker import OnProgress, Worker
from refact_lsp.core.problems import Problem, RefactError
from refact_lsp.core.text import Snapshot
from refact_lsp.features.completion.values import Guess
from refact_lsp.features.completion.workspace.model import MAX_BUFFERS, WorkspaceModel
from refact_lsp.features.completion.workspace.refresh import (
    Allowed,
    forget_saved,
    open_saved,
    refresh,
    sieve,
)

log = logging.getLogger(__name__)

SETTLE_S = 20.0
"""Files change in bursts (a checkout, a build): the index is renewed once they are over."""


class WorkspaceService:
    """Owns the model; the worker belongs to the app. Used on one event loop."""

    def __init__(
        self,
        worker: Worker,
        cache_folder: Path,
        allowed: Allowed,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        notify: Callable[[], None] | None = None,
        shown: Shown = unseen,
    ) -> None:
        """`notify` is called after `problem`, `progress` or what the model knows changed."""
        self.model = WorkspaceModel()
        self.problem: Problem | None = None
        self.progress: tuple[float, str] | None = None
        self._worker = worker
        self._cache_folder = cache_folder
        self._allowed = allowed
        self._sleep = sleep
        self._notify = notify or (lambda: None)
        self._shown = shown
        self.roots: tuple[str, ...] = ()
        self._stale = asyncio.Event()
        self._rules_seen = 0
        self._changed: dict[str, Sequence[str]] = {}

    def set_roots(self, roots: Sequence[str]) -> None:
        """Take over the workspace folders, as absolute paths."""
        if tuple(roots) != self.roots:
            self.roots = tuple(roots)
            self._stale.set()

    def files_changed(self) -> None:
        """Note that files changed on disk: saved, created, deleted, checked out."""
        self._stale.set()

    def guess(self, snapshot: Snapshot, threshold: float) -> Guess | None:
        """Answer at a cursor; None where the model is not sure or may not speak."""
        path = snapshot.path
        self._take_changed()
        if path and not self._allowed(path):
            self.model.forget(path)
            return None
        if path:
            self.model.allow(path)
        return self.model.complete(snapshot, threshold)

    def document_changed(self, path: str, lines: Sequence[str]) -> None:
        """Note an open document as it is now, at no cost; it is read when a question comes."""
        self._changed.pop(path, None)
        self._changed[path] = lines  # changed last is last

    def document_closed(self, path: str) -> None:
        """Forget a buffer; its file speaks for itself again."""
        self._changed.pop(path, None)
        self.model.close_buffer(path)

    async def reconsider(self) -> None:
        """Forget at once what changed privacy rules exclude, and read what they now let."""
        self._rules_seen += 1
        await self._forget_excluded()
        self._stale.set()

    async def run(self) -> None:
        """Keep the index current until cancelled."""
        loaded: tuple[str, ...] = ()
        while True:
            await self._stale.wait()
            if self.roots == loaded:
                await self._sleep(SETTLE_S)
            self._stale.clear()
            roots, fresh, rules = self.roots, self.roots != loaded, self._rules_seen
            if fresh and await open_saved(self.model, roots, self._cache_folder, self._allowed):
                self._notify()
            loaded = roots
            await self._refresh(roots)
            if rules != self._rules_seen:  # they changed while files were being read
                await self._forget_excluded()

    def _take_changed(self) -> None:
        for path in list(self._changed)[-MAX_BUFFERS:]:
            if self._allowed(path):
                self.model.set_buffer(path, self._changed[path])
        self._changed.clear()

    async def _forget_excluded(self) -> None:
        known = self.model.paths()
        gone = known - set(await sieve(known, self._allowed))
        for path in gone:
            self.model.forget(path)
        if gone:  # the words of a file cannot be told apart in what is saved
            await asyncio.to_thread(forget_saved, self.roots, self._cache_folder)

    async def _refresh(self, roots: Sequence[str]) -> None:
        try:
            async with self._shown("Reading the workspace") as show:
                built = await refresh(
                    self.model,
                    self._worker,
                    roots,
                    self._cache_folder,
                    self._allowed,
                    on_progress=lambda fraction, message: self._note(fraction, message, show),
                )
        except RefactError as error:
            self.problem = error.problem
            log.warning("the workspace index was not renewed: %s", error.problem.message)
        else:
            self.problem = None
            log.info("workspace index: %d files, %d read anew", built.files, built.read)
        self.progress = None
        self._notify()

    def _note(self, fraction: float, message: str, show: OnProgress) -> None:
        show(fraction, message)
        self.progress = (fraction, message)
        self._notify()

"""Context from other files as the rest of the product sees it: it keeps itself current.

`run` is the background task: it takes the saved index of definitions, brings it up to date in the
worker process, and ranks for the newest cursor in a thread. `gather` answers at once with what is
ready by then: what is late helps the next request. Every answer asks the privacy rules first, and
`reconsider` forgets what a changed rule excludes, also in what is saved.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from refact_lsp.app.progress import Shown, unseen
from refact_lsp.app.worker import OnProgress, Worker
from refact_lsp.core.problems import Problem, RefactError
from refact_lsp.core.text import Snapshot
from refact_lsp.features.completion.values import Snippet
from refact_lsp.features.completion.workspace.refresh import Allowed, sieve
from refact_lsp.features.context.build import Built, wanted
from refact_lsp.features.context.desk import Desk
from refact_lsp.features.context.graph import Graph
from refact_lsp.features.context.recent import OpenText
from refact_lsp.features.context.saved import Saved, load_saved, saved_path, write_saved

log = logging.getLogger(__name__)

SETTLE_S = 10.0
"""Files change in bursts (a checkout, a build): the index is renewed once they are over."""
REST_S = 0.02
"""The request that a keystroke brings goes first; ranking then uses the pause before it asks."""
PACE_S = 0.15
BUDGET_TOKENS = 1500
_MOST_READY = 32
_LIST = "refact_lsp.features.workspace_files:list_files"
_BUILD = "refact_lsp.features.context.build:build_definitions"


class ContextService:
    """Owns the index; the worker belongs to the app. Used on one event loop."""

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
        """`notify` is called after the index or what is ready changed."""
        self.problem: Problem | None = None
        self.roots: tuple[str, ...] = ()
        self._worker = worker
        self._cache_folder = cache_folder
        self._allowed = allowed
        self._sleep = sleep
        self._notify = notify or (lambda: None)
        self._shown = shown
        self._stale = asyncio.Event()
        self._wished = asyncio.Event()
        self._wish: Snapshot | None = None
        self._budget_tokens = BUDGET_TOKENS
        self._ready: OrderedDict[str, tuple[Snippet, ...]] = OrderedDict()
        self._documents: dict[str, OpenText] = {}
        self._edits = 0
        self._desk = Desk(rest=_breathe)
        self._turn = asyncio.Lock()
        self._rules_seen = 0

    @property
    def files(self) -> int:
        """How many files are known."""
        return len(self._desk.graph.files)

    def set_roots(self, roots: Sequence[str]) -> None:
        """Take over the workspace folders, as absolute paths."""
        if tuple(roots) != self.roots:
            self.roots = tuple(roots)
            self._stale.set()

    def files_changed(self) -> None:
        """Note that files changed on disk: saved, created, deleted, checked out."""
        self._stale.set()

    def document_changed(self, path: str, lines: Sequence[str]) -> None:
        """Take an open document as it is now; its first text is what edits are told against."""
        known = self._documents.get(path)
        if known is None:
            self._documents[path] = OpenText(lines, lines)
        elif known.lines is not lines:
            self._edits += 1
            self._documents[path] = OpenText(known.first, lines, self._edits)

    def document_closed(self, path: str, uri: str) -> None:
        """Forget an open document; its file speaks for itself again."""
        self._documents.pop(path, None)
        self._ready.pop(uri, None)

    def prepare(self, snapshot: Snapshot) -> None:
        """Rank for this cursor soon; only the newest wish counts."""
        self._wish = snapshot
        self._wished.set()

    def gather(self, snapshot: Snapshot, budget_tokens: int) -> Sequence[Snippet]:
        """Give what is ready for this document, the stable pieces first; reads nothing."""
        self._budget_tokens = budget_tokens
        ready = self._ready.get(snapshot.uri, ())
        return [each for each in ready if self._allowed(each.path)]

    async def reconsider(self) -> None:
        """Forget at once what changed privacy rules exclude, and read what they now let."""
        self._rules_seen += 1
        if await self._forget_excluded() or not self.files:
            await self._forget_saved()
        self._stale.set()

    async def run(self) -> None:
        """Keep index and rankings current until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_index())
            group.create_task(self._keep_ranking())

    async def _keep_index(self) -> None:
        loaded: tuple[str, ...] = ()
        await self._wished.wait()  # where no model takes context, nothing is read for it
        while True:
            await self._stale.wait()
            if self.roots == loaded:
                await self._sleep(SETTLE_S)
            self._stale.clear()
            roots, rules = self.roots, self._rules_seen
            if roots != loaded:
                await self._take_saved(roots)
            loaded = roots
            await self._renew(roots)
            if rules != self._rules_seen:  # they changed while files were being read
                await self._forget_excluded()
                await self._forget_saved()

    async def _renew(self, roots: Sequence[str]) -> None:
        try:
            async with self._shown("Finding definitions") as show:
                built = await self._build(roots, show)
            if built.changed or built.files != self.files:
                await self._take_saved(roots)
        except RefactError as error:
            self.problem = error.problem
            log.warning("the definitions index was not renewed: %s", error.problem.message)
        else:
            self.problem = None
            log.info("definitions index: %d files, %d read anew", built.files, built.read)
        self._notify()

    async def _build(self, roots: Sequence[str], show: OnProgress) -> Built:
        listed: list[str] = []
        for root in roots:
            listed += await self._worker.run(_LIST, [root], show)
        paths = await sieve((path for path in listed if wanted(path)), self._allowed)
        name = _name(roots)
        asked = [name, str(saved_path(self._cache_folder, name)), list(roots), paths]
        return msgspec.convert(await self._worker.run(_BUILD, asked, show), Built)

    async def _take_saved(self, roots: Sequence[str]) -> None:
        """Use the saved index, less what is excluded now."""
        saved = await self._load(roots)
        if saved is None:
            return
        kept = set(await sieve(saved.paths, self._allowed))
        graph = await asyncio.to_thread(_graph, saved, kept)
        async with self._turn:
            self._desk = Desk(roots, graph, _breathe)
        if self._wish is not None:
            self._wished.set()
        self._notify()

    async def _load(self, roots: Sequence[str]) -> Saved | None:
        name = _name(roots)
        source = saved_path(self._cache_folder, name)
        return await asyncio.to_thread(load_saved, source, name, rest=_breathe)

    async def _forget_saved(self) -> None:
        """Take what is excluded out of the saved index: the next build may be long in coming."""
        roots = self.roots
        saved = await self._load(roots)
        if saved is None:
            return
        known = saved.paths
        kept = set(await sieve(known, self._allowed))
        if kept == known:
            return
        name = _name(roots)
        target = saved_path(self._cache_folder, name)
        try:
            await asyncio.to_thread(lambda: write_saved(saved.only(kept), target, name))
        except OSError as error:
            log.warning("the definitions index still holds what is excluded by now: %s", error)

    async def _forget_excluded(self) -> bool:
        """Forget what is known of excluded files; tells whether there was any."""
        async with self._turn:
            known = {*self._desk.known(), *self._documents}
        gone = known - set(await sieve(known, self._allowed))
        for path in gone:
            self._documents.pop(path, None)
        if gone:
            async with self._turn:
                await asyncio.to_thread(self._desk.forget, gone)
        self._ready = OrderedDict(
            (uri, tuple(each for each in ready if self._allowed(each.path)))
            for uri, ready in self._ready.items()
        )
        return bool(gone)

    async def _keep_ranking(self) -> None:
        while True:
            await self._wished.wait()
            self._wished.clear()
            await self._sleep(REST_S)
            snapshot = self._wish
            if snapshot is not None:
                await self._rank(snapshot)
                await self._sleep(PACE_S)

    async def _rank(self, snapshot: Snapshot) -> None:
        async with self._turn:
            # Asked here: while this waited for its turn, other rules may have come.
            if snapshot.path is not None and not self._allowed(snapshot.path):
                return
            documents = {p: text for p, text in self._documents.items() if self._allowed(p)}
            job: Any = (snapshot, self._budget_tokens, documents)
            try:
                ready = await asyncio.to_thread(self._desk.rank, *job)
            except Exception:  # a file nobody foresaw must not end the task that ranks
                log.exception("context was not ranked")
                return
        self._ready.pop(snapshot.uri, None)
        self._ready[snapshot.uri] = ready
        while len(self._ready) > _MOST_READY:
            self._ready.popitem(last=False)
        self._notify()


def _graph(saved: Saved, kept: set[str]) -> Graph:
    """Put the graph together in small steps."""
    saved = saved.only(kept)
    graph = Graph(saved.files, saved.manifests)
    for _ in graph.link():
        _breathe()
    graph.together = {path: dict(others) for path, others in saved.together.items()}
    return graph


def _breathe() -> None:
    """Let the event loop's thread run: gives the interpreter's lock away, and takes no time."""
    time.sleep(0)


def _name(roots: Sequence[str]) -> str:
    """Name what an index is of: the same folders in any order."""
    return "\n".join(sorted(roots))

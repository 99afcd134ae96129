"""Inline completion as an editor's session has it: the engine with everything it needs.

Holds the engine, the embedded model and the privacy guard of one set of workspace folders, and
keeps them up to date in the background.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import msgspec

from refact_lsp.app.application import App
from refact_lsp.app.progress import Shown, unseen
from refact_lsp.app.world import World
from refact_lsp.core.events import Event
from refact_lsp.core.ledger import Purpose
from refact_lsp.core.nouns import Model
from refact_lsp.core.problems import Problem, RefactError
from refact_lsp.core.requests import ChatRequest, CompletionRequest
from refact_lsp.core.text import Snapshot
from refact_lsp.core.uris import file_path
from refact_lsp.features.calls import chat_events, completion_events
from refact_lsp.features.completion.engine import Engine, Served
from refact_lsp.features.completion.ports import Ports, Settings, Target
from refact_lsp.features.completion.target import completion_settings, completion_target
from refact_lsp.features.completion.values import Request, Snippet
from refact_lsp.features.completion.workspace.service import WorkspaceService
from refact_lsp.features.context.service import ContextService
from refact_lsp.features.counting.lines import LineCounter
from refact_lsp.llm.retry import BRIEF
from refact_lsp.store.completion_tallies import add_tallies, read_tallies
from refact_lsp.store.rows import Connection
from refact_lsp.store.settings import set_setting

FLUSH_S = 30
RULES_S = 2


class Completion:
    """One editor's completion. Documents are told in code points, in the order they change."""

    def __init__(self, app: App, roots: Sequence[str], shown: Shown = unseen) -> None:
        self._app = app
        self.guard = app.guard
        self.guard.set_roots([Path(root) for root in roots])
        self._workspace = WorkspaceService(
            app.worker,
            app.folders.cache / "workspace",
            self._readable,
            notify=self._tell_reading,
            shown=shown,
        )
        self._workspace.set_roots(roots)
        self._context = ContextService(app.worker, app.folders.cache, self._readable, shown=shown)
        self._context.set_roots(roots)
        self._seen: tuple[World, Target | Problem, Settings] | None = None
        lines = LineCounter(app)
        self.engine = Engine(
            Ports(
                target=lambda: self._view()[1],
                stream=self._stream,
                settings=lambda: self._view()[2],
                spawn=app.spawn,
                sleep=asyncio.sleep,
                clock_s=time.monotonic,
                now=lambda: iso(datetime.now(UTC)),
                excluded=self._excluded,
                count_tokens=lambda target: lines.of(cast("Model", target.handle)),
                guess=self._workspace.guess,
                gather=self._gather,
                idle=self._idle,
                warm=self._warm,
                save_settings=self._save_settings,
                tallies=lambda day: app.database.read(lambda c: read_tallies(c, day)),
                keep_tallies=lambda counted: app.database.write(lambda c: add_tallies(c, counted)),
            )
        )

    @property
    def problem(self) -> Problem | None:
        """What the completion model last failed with."""
        return self.engine.problem

    def start(self) -> None:
        """Begin the background work."""
        self._app.set_busy(busy=bool(self._workspace.roots))
        self._app.start(self._workspace.run())
        self._app.start(self._context.run())
        self._app.start(self._follow_rules())
        self._app.start(self._flush())

    def complete(self, snapshot: Snapshot, request: Request) -> Served:
        """Serve one request."""
        self._prepare(snapshot)
        return self.engine.complete(snapshot, request)

    def opened(self, snapshot: Snapshot) -> None:
        """Take in an opened document; its privacy verdict is found before anybody types."""
        self.changed(snapshot)
        self._prepare(snapshot)
        self._app.start(self._open(snapshot))

    async def _open(self, snapshot: Snapshot) -> None:
        if snapshot.path is not None:
            await self.guard.prepare(snapshot.path)
        self.engine.focused(snapshot)

    def changed(self, snapshot: Snapshot) -> None:
        """Take in a document as it is now."""
        self.engine.changed(snapshot.uri, snapshot.lines)
        if snapshot.path is not None:
            self._workspace.document_changed(snapshot.path, snapshot.lines)
            self._context.document_changed(snapshot.path, snapshot.lines)

    def closed(self, uri: str) -> None:
        """Forget a document."""
        self.engine.closed(uri)
        self._workspace.document_closed(file_path(uri) or uri)
        self._context.document_closed(file_path(uri) or uri, uri)

    def saved(self) -> None:
        """Note that files on disk changed."""
        self._workspace.files_changed()
        self._context.files_changed()

    def use_roots(self, roots: Sequence[str]) -> None:
        """Serve other workspace folders from now on."""
        self.guard.set_roots([Path(root) for root in roots])
        self._workspace.set_roots(roots)
        self._context.set_roots(roots)

    def wall_time(self, after_s: float) -> str:
        """The time so many seconds from now, as the protocol writes it."""
        return iso(datetime.now(UTC) + timedelta(seconds=after_s))

    async def close(self) -> None:
        """Store what was counted."""
        await self.engine.flush()

    def _view(self) -> tuple[World, Target | Problem, Settings]:
        """Work out target and settings once for each world."""
        world = self._app.world
        if self._seen is None or self._seen[0] is not world:
            self._seen = (world, completion_target(world), completion_settings(world))
        return self._seen

    def _stream(
        self, target: Target, request: CompletionRequest | ChatRequest, *, files: Sequence[str]
    ) -> AsyncGenerator[Event]:
        purpose = Purpose(role="completion", model=target.name, files=tuple(files))
        model = cast("Model", target.handle)
        if isinstance(request, ChatRequest):
            return chat_events(self._app, model, request, purpose, patience=BRIEF)
        return completion_events(self._app, model, request, purpose)

    async def _warm(self, target: Target, request: CompletionRequest, files: Sequence[str]) -> None:
        """Let a runtime read a prompt and write nothing."""
        purpose = Purpose(role="completion", model=target.name, files=tuple(files))
        nothing = msgspec.structs.replace(request, max_tokens=0)
        model = cast("Model", target.handle)
        with contextlib.suppress(RefactError):
            async with aclosing(completion_events(self._app, model, nothing, purpose)) as events:
                async for _ in events:
                    pass

    async def _idle(self, target: Target) -> None:
        """Wait while a chat uses the same runtime: two prompts at once would slow down both."""
        if target.locality == "machine":
            await self._app.turns.quiet(target.model.partition("/")[0])

    def _prepare(self, snapshot: Snapshot) -> None:
        """Let context be ranked for a cursor, where a model is there that takes it."""
        target = self._view()[1]
        if not isinstance(target, Problem) and not target.embedded:
            self._context.prepare(snapshot)

    def _gather(self, snapshot: Snapshot, budget_tokens: int) -> Sequence[Snippet]:
        """Give context as it stands, less what may not go to the target's provider."""
        target = self._view()[1]
        if isinstance(target, Problem):
            return ()
        provider = target.model.partition("/")[0]
        return [
            snippet
            for snippet in self._context.gather(snapshot, budget_tokens)
            if self.guard.check(snippet.path, provider, target.locality).allowed
        ]

    def _excluded(self, snapshot: Snapshot, target: Target) -> str | None:
        if snapshot.path is None:
            return None
        provider = target.model.partition("/")[0]
        verdict = self.guard.check(snapshot.path, provider, target.locality)
        return None if verdict.allowed else verdict.rule or "unreadable rule"

    def _readable(self, path: str) -> bool:
        """Say whether a file may be read at all on this machine."""
        return self.guard.check(path, None, "machine").allowed

    def _save_settings(self, changes: Mapping[str, object]) -> None:
        def write(connection: Connection) -> None:
            for name, value in changes.items():
                set_setting(connection, name, value)

        self._app.start(self._app.change(write))

    def _tell_reading(self) -> None:
        first = self._workspace.model.tokens == 0
        self._app.set_busy(busy=first and self._workspace.progress is not None)

    async def _follow_rules(self) -> None:
        seen = self.guard.revision
        while True:
            await asyncio.sleep(RULES_S)
            await self.guard.refresh()
            if self.guard.revision != seen:
                seen = self.guard.revision
                await self._workspace.reconsider()
                await self._context.reconsider()

    async def _flush(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_S)
            await self.engine.flush()


def iso(at: datetime) -> str:
    """A time as the protocol writes it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

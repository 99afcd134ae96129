"""The App: opens, holds and closes what lives as long as the process.

Nothing here knows what the product does with it. Background work runs in the app's task group; a
failed task is reported, never fatal.
"""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from refact_lsp.app.lessons import Lessons
from refact_lsp.app.turns import ChatTurns
from refact_lsp.app.worker import Worker
from refact_lsp.app.world import make_world
from refact_lsp.auth.secrets import Secrets
from refact_lsp.core.ledger import LedgerEntry
from refact_lsp.core.nouns import Health, Model
from refact_lsp.core.paths import Folders, folders
from refact_lsp.core.problems import Problem
from refact_lsp.core.settings import EditorSettings
from refact_lsp.core.types import Usage
from refact_lsp.llm.client import Client
from refact_lsp.registry.catalog import Catalog
from refact_lsp.registry.compiled import open_catalog
from refact_lsp.store import ledger
from refact_lsp.store.budgets import BudgetGuard, budgets
from refact_lsp.store.configuration import read_configuration
from refact_lsp.store.database import Database, open_database
from refact_lsp.store.usage import record_usage

if TYPE_CHECKING:
    from refact_lsp.store.rows import Connection

T = TypeVar("T")

log = logging.getLogger(__name__)


class App:
    """Holds the long-lived objects; `world` is the present view of what is set up."""

    def __init__(
        self,
        *,
        folders: Folders,
        database: Database,
        secrets: Secrets,
        catalog: Catalog,
        tasks: asyncio.TaskGroup,
    ) -> None:
        self.folders = folders
        self.database = database
        self.secrets = secrets
        self.catalog = catalog
        self.health: dict[str, Health] = {}
        self.editor = EditorSettings()
        self.budgets = BudgetGuard()
        self.turns = ChatTurns()
        self.client = Client(
            record=self._record,
            memory=Lessons(self),
            local_only=self._local_only,
            environ=os.environ,
        )
        self.world = make_world(database.read_now(read_configuration), catalog, self.editor, 1)
        self.worker = Worker()
        self.busy = False
        self._tasks = tasks
        self._running: set[asyncio.Task[Any]] = set()
        self._listeners: list[Callable[[], None]] = []

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T | None]:
        """Run work in the background until it ends or the app closes."""
        task = self._tasks.create_task(self._guarded(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        # One that was cancelled before it began would complain that it never ran.
        task.add_done_callback(lambda _: work.close())
        return task

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run work in the background like `start`, for callers that wait for it or cancel it."""
        return self.start(work)

    async def change(self, statement: "Callable[[Connection], T]") -> T:
        """Write to the store and see it at once."""
        result = await self.database.write(statement)
        await self.reload()
        return result

    async def reload(self) -> None:
        """Read again what is set up."""
        configuration = await self.database.read(read_configuration)
        self.world = make_world(configuration, self.catalog, self.editor, self.world.revision + 1)
        self._tell()

    def use_editor_settings(self, settings: EditorSettings) -> None:
        """Let an editor's settings override the store for this session."""
        self.editor = settings
        self.world = make_world(
            self.world.configuration, self.catalog, settings, self.world.revision + 1
        )
        self._tell()

    def set_busy(self, *, busy: bool) -> None:
        """Say that long work is under way, or over."""
        self.busy = busy
        self._tell()

    def set_health(self, provider: str, problem: Problem | None) -> None:
        """Remember what the last real request to a provider said."""
        before = self.health.get(provider)
        self.health[provider] = Health(
            state="ok" if problem is None else "error",
            checked_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            error=problem,
        )
        if before is None or before.error != problem:
            self._tell()

    def count(self, model: Model, role: str, usage: Usage, cost: int | None, ticket: int) -> None:
        """Write down what a request used, and free what was reserved for it (see `budgets`)."""
        self.start(self._count(model, role, usage, cost, ticket))

    def listen(self, listener: Callable[[], None]) -> None:
        """Call the listener after every change of what is set up or of what is in the way."""
        self._listeners.append(listener)

    def problems(self) -> tuple[Problem, ...]:
        """What is in the way, whatever the role."""
        return self.catalog.problems

    def index_state(self) -> dict[str, Any] | None:
        """State of the search index; absent while there is none."""
        return None

    async def watch(self) -> None:
        """Follow changes that other windows make."""
        async for _ in self.database.changes():
            await self.reload()

    async def close(self) -> None:
        """End background work, connections and the database."""
        for task in tuple(self._running):
            task.cancel()
        await self.worker.close()
        await self.client.close()
        self.database.close()

    async def _guarded(self, work: Coroutine[Any, Any, T]) -> T | None:
        try:
            return await work
        except Exception:
            log.exception("background work failed")
            return None

    async def _count(
        self, model: Model, role: str, usage: Usage, cost: int | None, ticket: int
    ) -> None:
        now = datetime.now(UTC)
        await self.database.write(
            lambda connection: record_usage(
                connection,
                at=now,
                provider=model.provider,
                model=model.name,
                role=role,
                usage=usage,
                cost_micros=cost,
            )
        )
        self.budgets.refresh(await self.database.read(lambda c: budgets(c, at=now)))
        self.budgets.release(ticket)

    def _local_only(self) -> bool:
        wanted = self.editor.privacy.local_only
        return bool(self.world.configuration.settings.get("privacy.localOnly")) or bool(wanted)

    def _record(self, entry: LedgerEntry) -> None:
        row = ledger.LedgerEntry(
            at=entry.at,
            provider=entry.provider,
            host=entry.host,
            role=entry.role,
            model=entry.model,
            bytes_out=entry.bytes_out,
            bytes_in=entry.bytes_in,
            files=entry.files,
            status=entry.error or str(entry.status),
        )
        self.start(self.database.write(lambda c: ledger.record_request(c, row)))

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()


@asynccontextmanager
async def open_app(env: Mapping[str, str]) -> AsyncGenerator[App]:
    """Open everything, and close it at the end."""
    places = folders(env)
    catalog = open_catalog(
        cache_folder=places.cache / "registry", user_folder=places.config / "registry"
    )
    database = open_database(places.database)
    failure: Exception | None = None
    async with asyncio.TaskGroup() as tasks:
        app = App(
            folders=places,
            database=database,
            secrets=Secrets(places, env),
            catalog=catalog,
            tasks=tasks,
        )
        try:
            yield app
        except Exception as error:  # noqa: BLE001  — raised below, out of the group's wrapping
            failure = error
        finally:
            await app.close()
    if failure is not None:
        raise failure

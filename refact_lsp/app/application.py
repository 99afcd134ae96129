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
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from refact_lsp.app.calibrations import Calibrations
from refact_lsp.app.lessons import Lessons
from refact_lsp.app.privacy_guard import PrivacyGuard
from refact_lsp.app.spending import Spending
from refact_lsp.app.turns import ChatTurns
from refact_lsp.app.worker import Worker
from refact_lsp.app.world import make_world
from refact_lsp.auth.secrets import Secrets
from refact_lsp.auth.sign_in import SignIns
from refact_lsp.auth.tokens import Tokens
from refact_lsp.core.ledger import LedgerEntry, LedgerRow
from refact_lsp.core.nouns import Health, Model
from refact_lsp.core.paths import Folders, folders
from refact_lsp.core.problems import Problem, RefactError
from refact_lsp.core.settings import EditorSettings
from refact_lsp.core.tokens import Calibration, Vocabularies
from refact_lsp.core.types import Usage
from refact_lsp.llm.client import Client, Pause
from refact_lsp.registry.catalog import Catalog
from refact_lsp.registry.compiled import open_catalog
from refact_lsp.store import ledger
from refact_lsp.store.calibrations import all_calibrations, keep_calibration
from refact_lsp.store.configuration import read_configuration
from refact_lsp.store.database import Database, open_database
from refact_lsp.store.models import learn

if TYPE_CHECKING:
    from refact_lsp.store.rows import Connection

T = TypeVar("T")

log = logging.getLogger(__name__)

# The most that closing waits for rows of the ledger still on their way to the disk.
_COUNT_S = 2.0
# Book-keeping waits until the answer that it is about had time to leave the process.
_ANSWER_FIRST_S = 0.01
# How often, and how long each time, closing waits for background work that it has cancelled.
_TRIES_TO_END, _END_S = 3, 0.3


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
        pause: Pause,
    ) -> None:
        self.folders = folders
        self.database = database
        self.secrets = secrets
        self.tokens = Tokens(secrets, folders.locks)
        self.sign_ins = SignIns(self.tokens)
        self.catalog = catalog
        self.health: dict[str, Health] = {}
        self.editor = EditorSettings()
        self.budgets = Spending(database, self._write_down)
        self.guard = PrivacyGuard()
        self.turns = ChatTurns()
        self.vocabularies = Vocabularies(_vocabulary_folders(folders, os.environ))
        self.client = Client(
            record=self.record,
            memory=Lessons(self._learned, self._learn),
            local_only=lambda: self.local_only,
            environ=os.environ,
            pause=pause,
        )
        configuration, spent, known = database.read_now(
            lambda c: (read_configuration(c), self.budgets.read(c), all_calibrations(c))
        )
        self.calibrations = Calibrations(known, self._keep_calibration)
        self.world = make_world(configuration, catalog, self.editor)
        self.budgets.refresh(spent)
        self.guard.set_zones(configuration.privacy.zones, configuration.privacy.problem)
        self.worker = Worker()
        self.busy = False
        self._tasks = tasks
        self._running: set[asyncio.Task[Any]] = set()
        self._counting: set[asyncio.Task[Any]] = set()
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
        configuration, spent = await self.database.read(
            lambda c: (read_configuration(c), self.budgets.read(c))
        )
        self.budgets.refresh(spent)
        if configuration.privacy != self.world.configuration.privacy:
            self.guard.set_zones(configuration.privacy.zones, configuration.privacy.problem)
        self.world = make_world(configuration, self.catalog, self.editor, self.world)
        self._tell()

    def use_editor_settings(self, settings: EditorSettings) -> None:
        """Let an editor's settings override the store for this session."""
        self.editor = settings
        self.world = make_world(self.world.configuration, self.catalog, settings, self.world)
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

    def count(
        self,
        model: Model,
        role: str,
        usage: Usage,
        cost: int | None,
        ticket: int,
        *,
        estimated: Callable[[], int] | None = None,
    ) -> None:
        """Write down what a request used, and free what was reserved for it (see `budgets`).

        `estimated` measures the text that was sent, so that later estimates come nearer.
        """
        if estimated is not None:
            self._write_down(self._compare(model, estimated, usage.input_tokens))
        self._write_down(self.budgets.settle(ticket, model.provider, model.name, role, usage, cost))

    def listen(self, listener: Callable[[], None]) -> None:
        """Call the listener after every change of what is set up or of what is in the way."""
        self._listeners.append(listener)

    def problems(self) -> tuple[Problem, ...]:
        """What is in the way, whatever the role."""
        unread = self.world.configuration.privacy.problem
        if unread is None:
            return self.catalog.problems
        hint = "Write them again with refact-lsp privacy; until then no file goes anywhere."
        return (*self.catalog.problems, Problem(kind="privacy", message=unread, hint=hint))

    def index_state(self) -> dict[str, Any] | None:
        """State of the search index; absent while there is none."""
        return None

    async def counted(self) -> None:
        """Wait until every request so far is written down."""
        if self._counting:
            await asyncio.wait(tuple(self._counting), timeout=_COUNT_S)

    async def watch(self) -> None:
        """Follow changes that other windows make."""
        async for _ in self.database.changes():
            await self.reload()

    async def close(self) -> None:
        """End background work, connections and the database."""
        await self.counted()
        self.calibrations.keep_all()
        await self.counted()
        await self._end_background()
        await self.sign_ins.close()
        await self.worker.close()
        await self.client.close()
        self.database.close()

    async def _end_background(self) -> None:
        """Cancel all tasks and see them end: what they still do needs the database."""
        for _ in range(_TRIES_TO_END):
            running = tuple(self._running)
            if not running:
                return
            for task in running:
                task.cancel()
            await asyncio.wait(running, timeout=_END_S)

    async def _guarded(self, work: Coroutine[Any, Any, T]) -> T | None:
        try:
            return await work
        except RefactError as error:
            log.warning("%s %s", error.problem.message, error.problem.hint or "")
        except Exception:
            log.exception("background work failed")
        return None

    async def _compare(self, model: Model, estimated: Callable[[], int], reported: int) -> None:
        prior = self.catalog.tokenizer(model.capabilities.tokenizer).factor
        self.calibrations.learn(
            model.provider, model.name, prior, estimated=estimated(), reported=reported
        )

    @property
    def local_only(self) -> bool:
        """Whether only this machine may be asked: the store or the editor says so."""
        return self.world.configuration.privacy.local_only or bool(self.editor.privacy.local_only)

    def _learned(self, provider: str, model: str) -> Mapping[str, object]:
        row = self.world.configuration.models.get(provider, {}).get(model)
        return row.learned if row else {}

    def _learn(self, provider: str, model: str, lessons: dict[str, Any]) -> None:
        self.start(self.change(lambda c: learn(c, provider, model, lessons)))

    def _keep_calibration(self, provider: str, model: str, calibration: Calibration) -> None:
        self._write_down(
            self.database.write(lambda c: keep_calibration(c, provider, model, calibration))
        )

    def record(self, entry: LedgerEntry) -> None:
        """Write down a request that left the process."""
        row = LedgerRow(
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
        self._write_down(self.database.write(lambda c: ledger.record_request(c, row)))

    def _write_down(self, work: Coroutine[Any, Any, None]) -> None:
        async def soon() -> None:
            try:
                await asyncio.sleep(_ANSWER_FIRST_S)
            finally:
                await work  # closing cuts the wait short, never the writing

        task = self.start(soon())
        task.add_done_callback(lambda _: work.close())  # cancelled before it began
        self._counting.add(task)
        task.add_done_callback(self._counting.discard)

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()


def _vocabulary_folders(folders: Folders, env: Mapping[str, str]) -> tuple[Path, ...]:
    """Where vocabularies may be: our own folder, and tiktoken's where the user named one."""
    shared = env.get("TIKTOKEN_CACHE_DIR") if folders.home is None else None
    return (folders.vocabularies, *((Path(shared),) if shared else ()))


@asynccontextmanager
async def open_app(env: Mapping[str, str], *, pause: Pause = asyncio.sleep) -> AsyncGenerator[App]:
    """Open everything, and close it at the end; `pause` waits before a request is repeated."""
    places = folders(env)
    catalog = open_catalog(
        cache_folder=places.cache / "registry", user_folder=places.config / "registry"
    )
    database = open_database(places.database)
    failure: Exception | None = None
    async with asyncio.TaskGroup() as tasks:
        try:
            app = App(
                folders=places,
                database=database,
                secrets=Secrets(places, env),
                catalog=catalog,
                tasks=tasks,
                pause=pause,
            )
            try:
                yield app
            finally:
                await app.close()
        except Exception as error:  # noqa: BLE001  — raised below, out of the group's wrapping
            failure = error
        finally:
            database.close()
    if failure is not None:
        raise failure

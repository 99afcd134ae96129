"""A small real world for the engine: a model that says what it is told, an editor, a clock."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from refact_lsp.core.events import Event, Finished, TextDelta
from refact_lsp.core.problems import Problem, RefactError
from refact_lsp.core.requests import ChatRequest, CompletionRequest
from refact_lsp.core.text import Snapshot
from refact_lsp.core.types import CompletionSupport
from refact_lsp.features.completion.engine import Engine
from refact_lsp.features.completion.ports import Ports, Settings, Target
from refact_lsp.features.completion.session import snapshot_with
from refact_lsp.features.completion.values import Guess, Request, Suggestion
from refact_lsp.features.counting.lines import LineCount
from tests.features.snapshots import URI, snapshot_of
from tests.llm.wire.reading import able


class Clock:
    """Time that passes only when told to."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def clock_s(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now_s + seconds, future))
        await future

    async def advance(self, seconds: float) -> None:
        """Let time pass and everything that waits for it run."""
        await settle()
        self.now_s += seconds
        for wake_s, future in self._sleepers:
            if wake_s <= self.now_s and not future.done():
                future.set_result(None)
        self._sleepers = [entry for entry in self._sleepers if not entry[1].done()]
        await settle()


async def settle() -> None:
    """Let every task run until it waits for something from outside."""
    for _ in range(30):
        await asyncio.sleep(0)


@dataclass
class Call:
    """One request as the model saw it."""

    request: Any
    pieces: asyncio.Queue[str | Problem | None]
    read: int = 0
    open: bool = True

    def say(self, *pieces: str, end: bool = True) -> None:
        for piece in pieces:
            self.pieces.put_nowait(piece)
        if end:
            self.pieces.put_nowait(None)

    def fail(self, problem: Problem) -> None:
        self.pieces.put_nowait(problem)


@dataclass
class Model:
    """Answers from a function of the request, or waits for the test to speak."""

    answer: Callable[[Any], str | None] | None = None
    calls: list[Call] = field(default_factory=list[Call])
    fails: Problem | None = None
    most_open: int = 0

    async def stream(
        self,
        target: Target,  # noqa: ARG002  — the port has it
        request: CompletionRequest | ChatRequest,
        *,
        files: Sequence[str],  # noqa: ARG002  — the port has them
    ) -> AsyncGenerator[Event]:
        call = Call(request, asyncio.Queue())
        self.calls.append(call)
        self.most_open = max(self.most_open, sum(one.open for one in self.calls))
        try:
            if self.fails is not None:
                raise RefactError(self.fails)
            if self.answer is not None:
                call.say(self.answer(request) or "")
            while (piece := await call.pieces.get()) is not None:
                if isinstance(piece, Problem):
                    raise RefactError(piece)
                call.read += len(piece)
                yield TextDelta(delta=piece)
            yield Finished(reason="stop")
        finally:
            call.open = False


CAPABILITIES = able(
    context_window=8192, max_output=256, completion=CompletionSupport(method="chat")
)
TARGET = Target(
    model="local/fim",
    name="fim",
    method="suffix",
    locality="cloud",
    context_window=8192,
    max_tokens=256,
    revision="1",
)


@dataclass
class Editor:
    """A document and a cursor; tells the engine of each change as a client does."""

    engine: Engine
    text: str
    language: str = "python"
    uri: str = URI
    version: int = 1
    cursor: int = 0

    def __post_init__(self) -> None:
        if "|" in self.text:
            self.cursor = self.text.index("|")
            self.text = self.text.replace("|", "", 1)

    def snapshot(self) -> Snapshot:
        return snapshot_of(
            self.text, self.cursor, uri=self.uri, language=self.language, version=self.version
        )

    def change(self, text: str, cursor: int) -> None:
        self.text, self.cursor, self.version = text, cursor, self.version + 1
        self.engine.changed(self.uri, self.snapshot().lines)

    def type(self, text: str) -> None:
        at = self.cursor
        self.change(self.text[:at] + text + self.text[at:], at + len(text))

    def delete(self, count: int) -> None:
        at = self.cursor - count
        self.change(self.text[:at] + self.text[self.cursor :], at)

    def accept(self, item: Suggestion) -> None:
        here = self.snapshot()
        replaced = item.end_column - here.column
        after = snapshot_with(here, item.text, replaced)
        text = "".join(after.lines)
        cursor = sum(map(len, after.lines[: after.line])) + after.column
        self.change(text, cursor)

    def at_once(self) -> list[Suggestion]:
        """Ask for what is known; fails where a model would be waited for."""
        served = self.engine.complete(self.snapshot(), Request())
        if not isinstance(served, list):
            served.close()
        assert isinstance(served, list)
        return served

    async def ask(self, **request: object) -> list[Suggestion]:
        served = self.engine.complete(self.snapshot(), Request(**request))  # pyright: ignore[reportArgumentType]  # tests pass fields by name
        return served if isinstance(served, list) else await served


@dataclass
class Desk:
    engine: Engine
    model: Model
    clock: Clock
    group: asyncio.TaskGroup
    ports: Ports

    def start(self, work: Callable[[], object]) -> asyncio.Task[list[Suggestion]]:
        return self.group.create_task(work())  # pyright: ignore[reportArgumentType]  # always a coroutine

    async def opened(self, editor: Editor) -> asyncio.Task[list[Suggestion]]:
        """Ask and let the delay pass: the model's stream is open then."""
        task = self.start(editor.ask)
        await self.clock.advance(1)
        return task

    async def begun(self, editor: Editor, *said: str) -> asyncio.Task[list[Suggestion]]:
        """Ask, let the delay pass, and let the model begin to speak."""
        task = self.start(editor.ask)
        await self.clock.advance(1)
        if said:
            self.model.calls[-1].say(*said, end=False)
            await settle()
        return task

    async def answered(self, editor: Editor, **request: object) -> list[Suggestion]:
        """Ask and let as much time pass as a patient user has."""
        task = self.start(lambda: editor.ask(**request))
        for _ in range(8):
            await settle()
            if task.done():
                break
            await self.clock.advance(0.15)
        return await task


def _rough(text: str) -> int:
    return len(text) // 4 + 1


@asynccontextmanager
async def open_desk(
    *,
    answer: Callable[[Any], str | None] | str | None = None,
    target: Target | Problem = TARGET,
    settings: Settings | None = None,
    guess: Callable[[Snapshot, float], Guess | None] | None = None,
    **ports: object,
):
    say = (lambda _request: answer) if isinstance(answer, str) else answer
    model, clock = Model(say), Clock()
    wishes = settings or Settings()
    async with asyncio.TaskGroup() as group:
        made = Ports(
            target=lambda: target,
            stream=model.stream,
            settings=lambda: wishes,
            spawn=group.create_task,
            sleep=clock.sleep,
            clock_s=clock.clock_s,
            now=lambda: "2026-01-02T03:04:05Z",
            excluded=lambda _snapshot, _target: None,
            count_tokens=lambda _target: LineCount(_rough, _rough),
            guess=guess,
        )
        made = msgspec.structs.replace(made, **ports)
        desk = Desk(Engine(made), model, clock, group, made)
        try:
            yield desk
        finally:
            for task in asyncio.all_tasks():
                if task is not asyncio.current_task() and task in group._tasks:
                    task.cancel()

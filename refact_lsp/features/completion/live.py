"""One stream of a model while it is read: stopped at its useful end, joined or closed early."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress

from refact_lsp.core.events import Event, Finished, TextDelta, UsageReported
from refact_lsp.core.problems import Problem, RefactError
from refact_lsp.core.text import Snapshot
from refact_lsp.core.types import Usage
from refact_lsp.features.completion.cache import Entry
from refact_lsp.features.completion.chat_hole import repair_echo
from refact_lsp.features.completion.cut.context import GOES_ON, Cut, CutContext
from refact_lsp.features.completion.cut.cutter import Cutter
from refact_lsp.features.completion.cut.memory import Memory
from refact_lsp.features.completion.outcomes import followed
from refact_lsp.features.completion.ports import Target
from refact_lsp.features.completion.prompt import Prompt
from refact_lsp.features.completion.typed import typed_by_user, without_closers
from refact_lsp.features.completion.values import Answer, Lines

TURNS_TO_SEND = 10  # of the loop, until what was just decided is on its way
_MOST_BEYOND = 600  # characters beyond the useful end that are taken because they are here
_LONGEST_CHAT = 6000  # characters; a chat model that says more is not answering the question


class Live:
    """What was read so far of the answer to one request.

    `settle` is called once, when the useful text is known and before anybody who waits wakes up,
    `ready` while the model thinks. `beyond` is what came with the useful text and goes on after it;
    `kept` says that the useful text is in the cache.
    `ahead` is a text that the document is expected to gain before `anchor` is reached (an answer
    that is shown and not yet accepted), `base` the document without it.
    """

    def __init__(
        self,
        *,
        anchor: Snapshot,
        scope: int,
        target: Target,
        prompt: Prompt,
        context: Callable[[], CutContext],
        settle: Callable[["Live"], None],
        ready: Callable[[], None],
        memory: Memory | None = None,
        base: Snapshot | None = None,
        ahead: Answer | None = None,
    ) -> None:
        self.anchor = anchor
        self.scope = scope
        self.target = target
        self.prompt = prompt
        self.base = base
        self.ahead = ahead.text if ahead else ""
        self.replaced = ahead.replaced if ahead else 0
        self.raw = ""
        self.beyond = ""
        self.cut: Cut | None = None
        self.entry: Entry | None = None
        self.usage: Usage | None = None
        self.problem: Problem | None = None
        self.truncated = False
        self.kept = False
        self.first_text_s: float | None = None
        self.over = asyncio.Event()
        self.expected = ""
        self.task: asyncio.Task[None] | None = None
        self._context = context
        self._memory = memory
        self._cutter: Cutter | None = None
        self._settle = settle
        self._ready = ready

    @property
    def cutter(self) -> Cutter:
        """The cutter; made at first use, since it reads the document around the cursor."""
        if self._cutter is None:
            self._cutter = Cutter(self._context(), self._memory)
        return self._cutter

    def continued_by(self, snapshot: Snapshot, scope: int) -> str | None:
        """Give what was typed since the anchor where the stream says the same, else None."""
        if scope != self.scope:
            return None
        typed = typed_by_user(self.anchor, snapshot)
        return typed if typed is not None and self._says(typed) else None

    def still_ahead_of(self, snapshot: Snapshot, scope: int) -> bool:
        """Say whether the text expected before the anchor is what is being typed."""
        if self.base is None or scope != self.scope:
            return False
        typed = typed_by_user(self.base, snapshot)
        return typed is not None and self.ahead.startswith(typed)

    def survives(self, lines: Lines) -> bool:
        """Say whether a changed document may still come to where this stream is of use."""
        text = self.ahead + ("" if self.prompt.hole is not None else self.raw)
        put = followed(self.base or self.anchor, self.replaced, text, lines)
        if put is not None and self.base is None:
            # Closers may be the editor's own: they say nothing about the text before them.
            self.expected = without_closers(put)
        return put is not None

    async def read(self, events: AsyncGenerator[Event], clock_s: Callable[[], float]) -> None:
        """Read to the useful end, then close the stream. Never raises but when cancelled."""
        try:
            async with aclosing(events):
                ended = False
                async for event in events:
                    match event:
                        case TextDelta():
                            if self.first_text_s is None:
                                self.first_text_s = clock_s()
                            self._take(event.delta)
                        case UsageReported():
                            self.usage = event.usage
                        case Finished():
                            self.truncated = event.reason == "length"
                            ended = self._end()
                        case _:
                            pass
                    if self.over.is_set():
                        await turns(TURNS_TO_SEND)  # whoever waits goes first
                        # A stream that ended is read to its last byte: its connection serves again.
                        if not ended:
                            await self._take_beyond(events)
                            break
            self._end()
        except RefactError as error:
            self.problem = error.problem
        finally:
            self.over.set()

    async def prepare(self) -> None:
        """Make the cutter while the model thinks: a few turns of the loop let the request out."""
        await turns(TURNS_TO_SEND)
        if not self.over.is_set():
            _ = self.cutter
        await asyncio.sleep(0)
        if not self.over.is_set():
            self._ready()

    def close(self) -> None:
        """Stop reading; the socket is closed as the task unwinds."""
        self.over.set()
        if self.task is not None:
            self.task.cancel()

    def _take(self, delta: str) -> None:
        self.raw += delta
        if self.prompt.hole is not None:
            if len(self.raw) > _LONGEST_CHAT:
                self._finish()
                self.over.set()
            return
        self.cut = self.cutter.feed(delta)
        if self.cut is not None:
            self._settle(self)
        if self.cut is not None or not _agree(self.raw, self.expected):
            self.over.set()

    async def _take_beyond(self, events: AsyncGenerator[Event]) -> None:
        """Take what came in the same read as the useful end; nothing is waited for."""
        if self.cut is None or self.cut.reason not in GOES_ON:
            return
        with suppress(TimeoutError, RefactError):
            async with asyncio.timeout(0):
                async for event in events:
                    if isinstance(event, TextDelta):
                        self.beyond += event.delta
                    if len(self.beyond) > _MOST_BEYOND:
                        return

    def _end(self) -> bool:
        """Settle what was said by a stream that ends by itself; whoever waits need not wait on."""
        if self.cut is None and not self.over.is_set():
            self._finish()
            self.over.set()
            return True
        return False

    def _finish(self) -> None:
        """Close an answer that ended by itself; a chat model's is first freed of its echo."""
        if self.prompt.hole is None:
            self.cut = self.cutter.finish()
        else:
            anchor = self.anchor
            text = repair_echo(
                self.raw, anchor.prefix, anchor.suffix, anchor.language, self.prompt.hole
            )
            self.cut = self.cutter.feed(text) or self.cutter.finish()
        self._settle(self)

    def _says(self, typed: str) -> bool:
        return self.prompt.hole is not None or _agree(self.raw, typed)


async def turns(count: int) -> None:
    """Let everything that can run now run, some times over."""
    for _ in range(count):
        await asyncio.sleep(0)


def _agree(raw: str, typed: str) -> bool:
    return raw.startswith(typed) or typed.startswith(raw)

"""The turns under way, one a thread, so that one can be stopped."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

import msgspec

from refact_lsp.core.problems import refuse


class Place(msgspec.Struct):
    """A thread's running turn; `task` streams the answer once that has begun."""

    stopped: bool = False
    task: asyncio.Task[None] | None = None


class Running:
    """Holds a place for each thread that is answering."""

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}

    @contextmanager
    def turn(self, thread: str) -> Generator[Place]:
        """Take the thread's place; refuses a second turn while one runs."""
        if thread in self._places:
            raise refuse(
                "invalidRequest",
                "This thread is answering already.",
                "Wait for the answer, or stop it first.",
                field="threadId",
            )
        place = self._places[thread] = Place()
        try:
            yield place
        finally:
            del self._places[thread]

    def stop(self, thread: str) -> None:
        """Stop the turn of a thread; one that is not running is stopped already."""
        place = self._places.get(thread)
        if place is not None:
            place.stopped = True
            if place.task is not None:
                place.task.cancel()

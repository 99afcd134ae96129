"""Who may talk to a provider now: a bound on what runs at a time, and an order among the waiting.

Completion goes first and always finds a place beside running chats; background work goes last but
not never. Lives on one event loop and needs no lock.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from itertools import count

import msgspec

_RANKS = {"completion": 0, "embedding": 2, "index": 2, "models": 2}
_USUAL_RANK = 1
_PASSED_OVER = 4  # so often the first in line of a rank lets others by


class _Waiting(msgspec.Struct):
    rank: int
    number: int
    turn: asyncio.Future[None]
    passed: int = 0


class _Line(msgspec.Struct):
    running: list[int] = msgspec.field(default_factory=list[int])  # ranks
    waiting: list[_Waiting] = msgspec.field(default_factory=list[_Waiting])


class Turns:
    """The lines before all providers."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}
        self._numbers = count()

    @contextlib.asynccontextmanager
    async def turn(self, provider: str, limit: int, role: str) -> AsyncGenerator[None]:
        """Wait for a place among `limit`, hold it for the time of the block."""
        line = self._lines.setdefault(provider, _Line())
        rank = _RANKS.get(role, _USUAL_RANK)
        if line.waiting or not _fits(line, rank, limit):
            await self._wait(line, rank, limit)
        else:
            line.running.append(rank)
        try:
            yield
        finally:
            line.running.remove(rank)
            _admit(line, limit)

    async def _wait(self, line: _Line, rank: int, limit: int) -> None:
        turn = asyncio.get_running_loop().create_future()
        waiting = _Waiting(rank, next(self._numbers), turn)
        line.waiting.append(waiting)
        _admit(line, limit)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it came in the same moment: hand it on
                line.running.remove(rank)
            else:
                line.waiting.remove(waiting)
            _admit(line, limit)
            raise


def _fits(line: _Line, rank: int, limit: int) -> bool:
    """Leave one place of several to completion."""
    free = limit - len(line.running)
    others = sum(1 for running in line.running if running > 0)
    return free > 0 and (rank == 0 or limit == 1 or others < limit - 1)


def _admit(line: _Line, limit: int) -> None:
    """Let in whoever is next, as long as there are places; who has just given up is not asked."""
    while True:
        ahead = sorted(
            (one for one in line.waiting if not one.turn.done()),
            key=lambda one: (0 if one.passed >= _PASSED_OVER else one.rank, one.number),
        )
        chosen = next((one for one in ahead if _fits(line, one.rank, limit)), None)
        if chosen is None:
            return
        for one in line.waiting:
            one.passed += one.number < chosen.number
        line.waiting.remove(chosen)
        line.running.append(chosen.rank)
        chosen.turn.set_result(None)

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from refact_lsp.llm.turns import Turns


class Line:
    """Tasks before one provider, and the order in which they were let in."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.turns = Turns()
        self.began: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def come(self, *names: str) -> None:
        """Let `role:name` come, one after the other."""
        for name in names:
            self.ends[name] = asyncio.Event()
            self.tasks[name] = asyncio.get_running_loop().create_task(self._run(name))
            await settled()

    async def end(self, *names: str) -> None:
        for name in names:
            self.ends[name].set()
            await self.tasks[name]
            await settled()

    async def _run(self, name: str) -> None:
        async with self.turns.turn("p", self.limit, name.partition(":")[0]):
            self.began.append(name)
            await self.ends[name].wait()


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def everything_ends(line: Line) -> None:
    for _ in range(len(line.tasks)):
        for name in list(line.began):
            if not line.tasks[name].done():
                await line.end(name)
    assert all(task.done() for task in line.tasks.values())


async def test_no_more_than_the_limit_run_and_one_place_is_completion_s():
    line = Line(3)
    await line.come("chat:1", "chat:2", "chat:3", "completion:1")
    assert line.began == ["chat:1", "chat:2", "completion:1"]
    await line.end("chat:1")
    assert line.began[-1] == "chat:3"
    await everything_ends(line)


async def test_completion_goes_before_chat_and_background_work_last():
    line = Line(1)
    await line.come("chat:1", "embedding:1", "chat:2", "completion:1")
    await everything_ends(line)
    assert line.began == ["chat:1", "completion:1", "chat:2", "embedding:1"]


async def test_background_work_gets_its_turn_in_the_end():
    line = Line(1)
    await line.come("chat:0", "embedding:1")
    for number in range(1, 9):
        await line.come(f"chat:{number}")
        await line.end(line.began[-1])
    assert "embedding:1" in line.began
    await everything_ends(line)


@pytest.mark.parametrize("limit", [1, 2])
async def test_who_gives_up_waiting_leaves_no_gap(limit: int):
    line = Line(limit)
    await line.come("chat:1", "chat:2", "chat:3")
    line.tasks["chat:2"].cancel()
    await settled()
    await line.end("chat:1")
    assert line.began == ["chat:1", "chat:3"]
    await line.end("chat:3")


async def test_who_gives_up_in_the_moment_of_being_let_in_hands_it_on():
    line = Line(1)
    await line.come("chat:1", "chat:2", "chat:3")
    line.ends["chat:1"].set()
    give_up: Callable[[], Awaitable[object]] = settled
    await asyncio.sleep(0)
    line.tasks["chat:2"].cancel()
    await give_up()
    assert line.began[-1] in ("chat:2", "chat:3")
    await line.end("chat:3")
    assert line.tasks["chat:2"].cancelled()


@pytest.mark.parametrize("order", [("chat:1", "chat:2"), ("chat:2", "chat:1")])
async def test_who_gives_up_as_a_place_becomes_free_takes_none(order: tuple[str, str]):
    line = Line(1)
    await line.come("chat:1", "chat:2", "chat:3")
    for name in order:
        line.tasks[name].cancel()
    await settled()
    assert [line.tasks[name].cancelled() for name in order] == [True, True]
    assert line.began == ["chat:1", "chat:3"]
    await line.come("chat:4")
    await everything_ends(line)
    assert line.began == ["chat:1", "chat:3", "chat:4"]


async def test_providers_do_not_wait_for_one_another():
    turns = Turns()
    async with turns.turn("a", 1, "chat"), turns.turn("b", 1, "chat"):
        pass

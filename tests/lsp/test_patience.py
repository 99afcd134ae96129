"""Long work in an editor: not at once, not too often, and gone at its end."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator

import pytest

from refact_lsp.lsp.patience import PACE_S, PATIENCE_S, patient


class Area:
    """An editor's status area, and a clock that goes on only when told."""

    def __init__(self) -> None:
        self.log: list[object] = []
        self._sleepers: list[tuple[float, asyncio.Event]] = []
        self._now = 0.0

    async def sleep(self, seconds: float) -> None:
        event = asyncio.Event()
        self._sleepers.append((self._now + seconds, event))
        await event.wait()

    async def go_on(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self._now += seconds
        for at, event in self._sleepers:
            if at <= self._now:
                event.set()
        for _ in range(3):
            await asyncio.sleep(0)

    @contextlib.asynccontextmanager
    async def show(self, title: str) -> AsyncGenerator["Area"]:
        self.log.append(title)
        try:
            yield self
        finally:
            self.log.append("end")

    def report(self, message: str, percent: int | None = None) -> None:
        self.log.append((message, percent))


async def test_work_that_ends_soon_is_not_shown():
    area = Area()
    async with patient(area.show, sleep=area.sleep)("Reading") as note:
        note(0.5, "half")
        await area.go_on(PATIENCE_S / 2)
    assert area.log == []


async def test_long_work_is_shown_with_its_newest_state_until_it_ends():
    area = Area()
    async with patient(area.show, sleep=area.sleep)("Reading") as note:
        note(0.1, "1 of 10 files")
        note(0.2, "2 of 10 files")
        await area.go_on(PATIENCE_S)
        for number in range(3, 8):
            note(number / 10, f"{number} of 10 files")
        await area.go_on(PACE_S)
        await area.go_on(PACE_S)  # nothing new
    assert area.log == ["Reading", ("2 of 10 files", 20), ("7 of 10 files", 70), "end"]


async def fail_late(area: Area) -> None:
    async with patient(area.show, sleep=area.sleep)("Reading"):
        await area.go_on(PATIENCE_S)
        raise OSError("gone")


async def test_work_that_fails_is_taken_away_too():
    area = Area()
    with pytest.raises(OSError, match="gone"):
        await fail_late(area)
    assert area.log == ["Reading", ("", 0), "end"]


async def test_an_editor_that_cannot_show_it_does_not_stop_the_work():
    @contextlib.asynccontextmanager
    async def broken(_title: str) -> AsyncGenerator[Area]:
        raise OSError
        yield area

    area = Area()
    async with patient(broken, sleep=area.sleep)("Reading") as note:
        await area.go_on(PATIENCE_S)
        note(1.0, "done")

"""The app opens and closes in the right order."""

import asyncio
from pathlib import Path

import pytest

from refact_lsp.app.application import App, open_app
from refact_lsp.store.configuration import read_configuration


async def test_background_work_ends_before_the_database_closes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    begun = asyncio.Event()
    stored: list[object] = []

    async def work(app: App) -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            stored.append(await app.database.read(read_configuration))

    async with open_app({"REFACT_HOME": str(tmp_path), "REFACT_KEYRING": "off"}) as app:
        app.start(app.watch())
        app.start(work(app))
        await begun.wait()
        await app.database.write(lambda _connection: None)
    assert stored
    assert not caplog.records

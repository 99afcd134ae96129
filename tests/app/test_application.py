"""The app opens and closes in the right order."""

import asyncio
from pathlib import Path

import pytest

from refact_lsp.app.application import App, open_app
from refact_lsp.core.problems import RefactError, refuse
from refact_lsp.store.configuration import read_configuration
from refact_lsp.store.database import open_database
from refact_lsp.store.rows import Connection


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


@pytest.mark.parametrize("value", ["{", "3"])
async def test_a_row_that_cannot_be_read_is_told_plainly(tmp_path: Path, value: str):
    env = {"REFACT_HOME": str(tmp_path), "REFACT_KEYRING": "off"}
    database = open_database(tmp_path / "data/refact.db")

    def spoil(connection: Connection) -> None:
        connection.execute(
            "INSERT INTO providers VALUES ('p', 'openai', 'P', 1, ?1, '2026-01-01', '2026-01-01')",
            (value,),
        )

    await database.write(spoil)
    database.close()
    with pytest.raises(RefactError, match="holds a row that cannot be read") as caught:
        async with open_app(env):
            pass
    assert "backup" in (caught.value.problem.hint or "")


async def test_background_work_that_fails_says_why_without_a_traceback(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    async def work() -> None:
        raise refuse("internal", "The disk is full.", "Free some space.")

    async with open_app({"REFACT_HOME": str(tmp_path), "REFACT_KEYRING": "off"}) as app:
        await app.start(work())
    (record,) = caplog.records
    assert record.getMessage() == "The disk is full. Free some space."
    assert record.exc_info is None

"""Completion's settings are one set, whether `settings` or `configure` writes them."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from refact_lsp.features.completion.service import Completion
from refact_lsp.rpc.session import Session
from tests.rpc.conftest import Ask, asker


@pytest.fixture
def editing(session: Session) -> Ask:
    """Call methods as a client with documents."""
    return asker(replace(session, completion=Completion(session.app, [])))


async def test_stored_settings_reach_completion(editing: Ask):
    stored = {"completion.debounceMs": 120, "completion.quiet": True}
    await editing("refact/settings/set", values=stored)
    configured = await editing("refact/completion/configure")
    assert (configured["debounceMs"], configured["quiet"]) == (120, True)


async def test_what_configure_switched_is_stored_as_a_setting(editing: Ask):
    await editing("refact/completion/configure", quiet=True, debounceMs=0, multiline="never")
    wanted = {"quiet": True, "debounceMs": 0, "multiline": "never"}
    assert wanted.items() <= (await _stored(editing, wanted)).items()
    await editing("refact/completion/configure", debounceMs="auto")
    assert (await _stored(editing, {"debounceMs": "auto"}))["debounceMs"] == "auto"


async def _stored(ask: Ask, wanted: dict[str, Any]) -> dict[str, Any]:
    """Read the settings until they are as wanted; they are written in the background."""
    async with asyncio.timeout(10):
        while True:
            found = (await ask("refact/settings/get"))["settings"]["completion"]
            if wanted.items() <= found.items():
                return found
            await asyncio.sleep(0.01)  # a busy wait would hold up the thread that writes

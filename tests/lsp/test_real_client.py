"""A session with an independent client, which checks every message against LSP's types."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from tests.lsp.real_client import RealClient

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=["neovim", "visual_studio_code"]
)
async def client(request: pytest.FixtureRequest) -> AsyncGenerator[RealClient]:
    from tests.lsp.real_client import real_client

    async with real_client(request.param) as client:
        yield client


async def test_ghost_text_is_asked_for_and_accepted(client: RealClient):
    with client.opened("abc\n"):
        item = await client.ghost_text(0, 1)
    assert item.insert_text == "ghost_text()"
    assert str(item.range) == "0:1-0:3"
    await client.accept(item)


async def test_the_menu_has_the_same_text(client: RealClient):
    with client.opened("gho\n"):
        items = await client.menu(0, 3)
    assert items[0].label == "ghoghost_text()"


async def test_a_cancelled_request_is_told_so(client: RealClient):
    with client.opened("# slow\n"), pytest.raises(Exception, match="cancelled"):
        await client.ask_and_cancel(0, 2)

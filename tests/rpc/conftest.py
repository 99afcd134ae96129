"""A session of the front door with a home of its own, and a provider on loopback."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from refact_lsp.rpc.methods import TABLE
from refact_lsp.rpc.session import Session, open_session
from refact_lsp.rpc.table import call
from tests.rpc.chatting import Client, at_once
from tests.servers.openai_like import OpenAiLike
from tests.servers.scripted import Scripted, scripted

Ask = Callable[..., Awaitable[Any]]


@pytest.fixture(autouse=True)
def at_home(furnished: Path) -> Path:
    return furnished


@pytest.fixture
async def session() -> AsyncGenerator[Session]:
    async with open_session(pause=at_once) as opened:
        yield opened


def asker(session: Session) -> Ask:
    """Call a method and give its result as the JSON that a client sees."""

    async def asked(method: str, /, **params: Any) -> Any:
        result = await call(TABLE, session, method, msgspec.json.encode(params))
        return msgspec.json.decode(msgspec.json.encode(result))

    return asked


@pytest.fixture
def ask(session: Session) -> Ask:
    return asker(session)


@pytest.fixture
async def client() -> AsyncGenerator[Client]:
    told: list[Any] = []
    heard = asyncio.Event()

    def notify(method: str, params: msgspec.Struct) -> None:
        assert method == "refact/chat/event"
        told.append(msgspec.json.decode(msgspec.json.encode(params)))
        heard.set()

    async with open_session(notify, pause=at_once) as session:
        yield Client(session, told, heard)


@pytest.fixture
async def server() -> AsyncGenerator[Scripted]:
    async with scripted(OpenAiLike()) as running:
        yield running

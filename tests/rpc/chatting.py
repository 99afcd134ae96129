"""A client of chat in tests: what it asks, what it hears, and providers that answer by script."""

import asyncio
import json
from typing import Any

import msgspec
import pytest

from refact_lsp.core.problems import RefactError
from refact_lsp.rpc.methods import TABLE
from refact_lsp.rpc.session import Session
from refact_lsp.rpc.table import call
from tests.servers.scripted import Exchange, Reply, Scripted, chat_chunks, sse

MODEL = "custom/qwen2.5-coder-7b"


async def at_once(_seconds: float) -> None:
    """Wait no time before a request is repeated."""
    await asyncio.sleep(0)


class Client:
    """Calls methods as JSON and keeps what it is told."""

    def __init__(self, session: Session, told: list[Any], heard: asyncio.Event) -> None:
        self.session = session
        self.told = told
        self.heard = heard

    async def hears(self, kind: str) -> None:
        """Wait for an event of that type."""
        while not self.events(kind):
            self.heard.clear()
            await self.heard.wait()

    async def ask(self, method: str, **params: Any) -> Any:
        result = await call(TABLE, self.session, method, msgspec.json.encode(params))
        return msgspec.json.decode(msgspec.json.encode(result))

    async def send(self, content: Any, **params: Any) -> Any:
        return await self.ask("refact/chat/send", content=content, **params)

    async def add(self, server: Scripted, provider: str = "custom", **settings: Any) -> str:
        given = {"baseUrl": server.url, **settings}
        saved = await self.ask(
            "refact/providers/save", id=provider, template="custom", settings=given
        )
        return saved["provider"]["id"]

    async def model(self, name: str, **capabilities: Any) -> str:
        saved = await self.ask("refact/models/save", model=name, capabilities=capabilities)
        return saved["model"]["id"]

    def events(self, *types: str) -> list[Any]:
        events = [told["event"] for told in self.told]
        return [event for event in events if not types or event["type"] in types]


class Desk:
    """A provider that answers each request with the next reply, and remembers what it was sent."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.asked: list[Any] = []

    async def __call__(self, exchange: Exchange) -> None:
        self.asked.append(exchange.request.json)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        await exchange.reply(reply)


def says(*pieces: str, **usage: int) -> Reply:
    chunks = chat_chunks(*pieces)
    if usage:
        chunks = [*chunks[:-1], *sse({"choices": [], "usage": usage})]
    return Reply(body=chunks, content_type="text/event-stream")


def calls(*names: str) -> Reply:
    deltas = [
        {"index": n, "id": f"c{n}", "function": {"name": name, "arguments": json.dumps({"n": n})}}
        for n, name in enumerate(names)
    ]
    body = sse(
        {"choices": [{"index": 0, "delta": {"tool_calls": deltas}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
    )
    return Reply(body=body, content_type="text/event-stream")


def text_of(message: Any) -> str:
    return "".join(part["text"] for part in message["content"] if part["type"] == "text")


async def problem_of(asked: Any) -> Any:
    with pytest.raises(RefactError) as caught:
        await asked
    return caught.value.problem


async def half(exchange: Exchange) -> None:
    """Say half an answer, then nothing until the client goes."""
    await exchange.start(200, {"content-type": "text/event-stream"})
    await exchange.chunk(chat_chunks("The first half")[0])
    await exchange.gone.wait()
    exchange.keep = False

"""A real endpoint in the provider's place: what passes through is noted, nothing is changed.

It stands on loopback between server and endpoint, so that the same scripts can count calls and
look at sockets. The server sends its own headers, a key among them; they are passed on, not kept.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.bench.figure import UnmeasuredError
from tests.bench.stdio import Call, Endpoint, Provider
from tests.servers.scripted import Exchange

_OWN_HEADERS = {"host", "content-length", "connection", "transfer-encoding", "accept-encoding"}
_BETWEEN_S = 600.0


class Relay(Provider):
    """Passes requests on to the endpoint's host."""

    def __init__(self, host: str) -> None:
        super().__init__()
        self._host = host

    async def handle(self, exchange: Exchange) -> None:
        request = exchange.request
        body = request.json if request.body[:1] == b"{" else {}
        if isinstance(body, dict) and _asks_for_text(body):
            await self.record(exchange, _prompt_of(body))
        else:
            await self._pass_on(exchange, None)

    async def say(self, exchange: Exchange, call: Call) -> None:
        """Pass the answer back as it comes, and drop it when the server has gone."""
        loop = asyncio.get_running_loop()
        passing = loop.create_task(self._pass_on(exchange, call))
        gone = loop.create_task(exchange.gone.wait())
        try:
            await asyncio.wait({passing, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            passing.cancel()
        if passing.done() and not passing.cancelled():
            passing.result()

    async def _pass_on(self, exchange: Exchange, call: Call | None) -> None:
        async with self._asked(exchange) as answer:
            kind = answer.headers.get("content-type", "application/json")
            await exchange.start(answer.status_code, {"content-type": kind})
            async for piece in answer.aiter_bytes():
                await exchange.chunk(piece)
                if call is not None:
                    call.sent.append((perf_counter(), piece.decode("utf-8", "replace")))
        await exchange.finish()
        if call is not None:
            call.answered_s = perf_counter()

    @asynccontextmanager
    async def _asked(self, exchange: Exchange) -> AsyncGenerator[httpx.Response]:
        request = exchange.request
        headers = {n: v for n, v in request.headers.items() if n not in _OWN_HEADERS}
        async with (
            httpx.AsyncClient(timeout=_BETWEEN_S) as client,
            client.stream(
                request.method,
                f"{self._host}{request.target}",
                headers=headers,
                content=request.body,
            ) as answer,
        ):
            yield answer


def endpoint_at(url: str, model: str, template: str, key_variable: str | None) -> Endpoint:
    """Set a real endpoint up; its key stays in the environment and is named there."""
    parts = urlsplit(url)
    settings: Mapping[str, object] = {}
    if key_variable is not None:
        if not os.environ.get(key_variable):
            raise UnmeasuredError(f"the variable {key_variable} is not set")
        settings = {"apiKey": f"env:{key_variable}"}
    make = partial(Relay, f"{parts.scheme}://{parts.netloc}")
    return Endpoint(make, template, model, parts.path.rstrip("/"), settings, scripted=False)


def _asks_for_text(body: Mapping[str, Any]) -> bool:
    """Say whether a request is for a completion, and not for warmth, tokens or a list."""
    asks = "prompt" in body or "messages" in body or "input_prefix" in body
    return asks and body.get("n_predict") != 0 and body.get("max_tokens") != 0


def _prompt_of(body: Mapping[str, Any]) -> str:
    """Give what the model reads, the stable parts first."""
    files = "".join(str(each.get("text", "")) for each in body.get("input_extra", ()))
    said = "".join(str(each.get("content", "")) for each in body.get("messages", ()))
    return f"{files}{said}{body.get('input_prefix', '')}{body.get('prompt', '')}"

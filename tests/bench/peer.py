"""A peer on the same scripts: a Tabby agent as a language server, its model scripted on loopback.

It has a home of its own whose configuration names the loopback server, switches reports about its
use off and takes its delay away, as it is taken away for the server that it is compared with. Its
language server knows the completion menu only: what was shown or accepted cannot be told to it,
nor can a request be cancelled but by the next one. It reads whole answers, not streams, and sends
text around the cursor, not a prompt: stop rules, prompt order and prefetching have no figure here.
"""

import asyncio
import json
import shlex
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.bench.figure import Figure, UnmeasuredError, latency
from tests.bench.over_stdio import OPENING, STDLIB, TEXT, large, overheads, second_accepts, timed_ms
from tests.bench.stdio import (
    Call,
    Document,
    Hole,
    Provider,
    Server,
    initialization,
    running,
    until,
)
from tests.bench.typing_figures import typed
from tests.bench.typists import oracle, sessions
from tests.servers.scripted import Exchange, Reply, scripted

NO_DELAY = '[completion.debounce]\nmode = "fixed"\ninterval = 0\n'
SESSIONS, ACCEPTS = 3, 20
HEALTH = (
    b'{"model":"scripted","device":"cpu","arch":"","cpu_info":"","cpu_count":1,'
    b'"cuda_devices":[],"version":{"build_date":"","build_timestamp":"","git_sha":"",'
    b'"git_describe":""}}'
)


class Whole(Provider):
    """The model as this peer asks it: two texts in, one text out."""

    async def handle(self, exchange: Exchange) -> None:
        if not exchange.request.target.startswith("/v1/completions"):
            known = exchange.request.target.startswith("/v1/health")
            await exchange.reply(Reply(body=HEALTH) if known else Reply(status=404))
            return
        parts = exchange.request.json["segments"]
        await self.record(exchange, f"{parts['prefix']}\0{parts.get('suffix') or ''}")

    async def say(self, exchange: Exchange, call: Call) -> None:
        """Think for as long as the scripts want, and say all at once."""
        text = "".join(self.answer(Hole(*call.prompt.split("\0", 1))))
        if self.first_s:
            try:
                await asyncio.wait_for(exchange.gone.wait(), self.first_s)
            except TimeoutError:
                pass
            else:
                return
        body = json_of(text)
        await exchange.reply(Reply(body=body))
        call.answered_s = time.perf_counter()
        call.sent.append((call.answered_s, text))


class MenuDocument(Document):
    """A document completed by the menu; what it gives is written as ghost text."""

    async def complete(self, *, explicit: bool = False) -> list[dict[str, Any]]:
        asked = self.request(explicit=explicit)
        found = await self.server.ask("textDocument/completion", asked)
        return [self._inline(item["textEdit"]) for item in found["items"] if "textEdit" in item]

    def accept(self, item: dict[str, Any]) -> None:
        """Take the text; there is nobody to tell."""
        start, end = (self.offset(item["range"][name]) for name in ("start", "end"))
        self.replace(start, end, item["insertText"])

    def _inline(self, edit: dict[str, Any]) -> dict[str, Any]:
        """Leave out the word that the menu's text begins with and that already stands there."""
        head = edit["range"]["start"]["character"]
        here = self.position(self.at)
        there = here["character"] - head
        text: str = edit["newText"]
        return {"insertText": text[there:], "range": {"start": here, "end": edit["range"]["end"]}}


async def figures(command: str) -> list[Figure]:
    """Time the peer where its protocol allows; nothing of this has a goal."""
    async with _opened(command, NO_DELAY) as (server, provider):
        found = [
            *await _typed_through(server, provider),
            *await _superseded(server, provider),
            *await _cached(server, provider, "without its delay"),
            latency(
                "peer: everything but the model, 5,000 lines, without its delay",
                await overheads(server, provider, document=MenuDocument),
            ),
            *await _second_accepts(server, provider),
        ]
    async with _opened(command, "") as (server, provider):
        found += await _cached(server, provider, "as it comes")
        found += await _sessions(server, provider)
    return found


@asynccontextmanager
async def _opened(command: str, settings: str) -> AsyncGenerator[tuple[Server, Provider]]:
    provider = Whole()
    async with scripted(provider.handle) as listening:
        with tempfile.TemporaryDirectory() as home:
            folder = Path(home) / ".tabby-client" / "agent"
            folder.mkdir(parents=True)
            (folder / "config.toml").write_text(
                f'[server]\nendpoint = "{listening.url}"\n'
                f"[anonymousUsageTracking]\ndisable = true\n{settings}"
            )
            async with running(shlex.split(command), {"HOME": home}) as server:
                hello = initialization(None, "bench", {})
                hello["capabilities"]["textDocument"]["completion"] = {}
                able = (await server.ask("initialize", hello))["capabilities"]
                if "completionProvider" not in able:
                    raise UnmeasuredError("the peer completes nothing")
                server.notify("initialized", {})
                yield server, provider


async def _typed_through(server: Server, provider: Provider) -> list[Figure]:
    provider.answer = lambda _hole: [TEXT]
    document = MenuDocument(server, OPENING)
    calls = len(provider.calls)
    empty = 0 if await document.complete() else 1
    for char in TEXT[:-1]:
        document.type(char)
        empty += not await document.complete()
    document.close()
    return [
        _count("calls while a text is typed through", len(provider.calls) - calls),
        _count("empty frames between", empty),
    ]


async def _superseded(server: Server, provider: Provider) -> list[Figure]:
    """Type something else while the model thinks: the next request ends the one before."""
    provider.answer = lambda _hole: ["x"]
    provider.first_s = 0.3
    document = MenuDocument(server, "value = ", "file:///bench/streams.py")
    closed_ms: list[float] = []
    for index in range(10):
        document.type(f"v{index} ")
        calls = len(provider.calls)
        _, first = server.start("textDocument/completion", document.request())
        await until(lambda calls=calls: len(provider.calls) > calls)
        call = provider.calls[calls]
        document.type("zz ")
        ended_s = time.perf_counter()
        _, second = server.start("textDocument/completion", document.request())
        await until(lambda call=call: not call.open)
        closed_ms.append(((call.gone_s or time.perf_counter()) - ended_s) * 1000)
        await asyncio.gather(first, second)
    provider.first_s = 0.0
    document.close()
    return [
        _count("live requests per document, most", provider.most_open),
        latency("peer: socket closed after the next request", closed_ms),
    ]


async def _cached(server: Server, provider: Provider, how: str) -> list[Figure]:
    provider.answer = lambda _hole: [TEXT]
    document, place = large(server, f"file:///bench/{how}.py", MenuDocument)
    document.at = place
    document.type("value = ")
    if not await document.complete():
        return []
    took: list[float] = []
    for _ in range(4):
        for char in TEXT[:-1]:
            document.type(char)
            took.append(await timed_ms(document.complete))
        document.replace(document.at - len(TEXT) + 1, document.at, "")
    document.close()
    return [latency(f"peer: cached answer, 5,000 lines, {how}", took)]


async def _second_accepts(server: Server, provider: Provider) -> list[Figure]:
    hits, tries = await second_accepts(server, provider, ACCEPTS, ACCEPTS, MenuDocument)
    return [Figure(f"peer: second accept from cache, of {tries}", str(hits), "", None)]


async def _sessions(server: Server, provider: Provider) -> list[Figure]:
    asked = spared = 0
    provider.first_s = 0.05
    for session in sessions(STDLIB, SESSIONS):
        model = oracle(session)
        provider.answer = lambda hole, model=model: model(hole.prefix, hole.suffix)
        asked_here, served_here = await typed(server, provider, session, MenuDocument)
        asked, spared = asked + asked_here, spared + served_here
    share = f"{100 * spared / max(1, asked):.1f} %"
    return [Figure(f"peer: of {asked} automatic requests served alone", share, "", None)]


def json_of(text: str) -> bytes:
    """Write the peer's answer to a completion request."""
    return json.dumps({"id": "c", "choices": [{"index": 0, "text": text}]}).encode()


def _count(name: str, value: int) -> Figure:
    return Figure(f"peer: {name}", str(value), "", None)

"""What the way to a provider costs beside the bare socket: `python -m tests.bench.overhead`.

One run against a stub provider in a process of its own: raw HTTP on an open socket, httpx's client,
our client, and an inline completion through the server over stdio, taking turns; then the answer
that the server has cached. First with the fixed 100 ms answer that counts, then with none, where
the difference shows. Every completion is asked for in a text of its own and with a debounce of 0,
so that neither the cache nor the debounce takes part.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from pathlib import Path

from refact_lsp.core.events import Event, Finished, TextDelta
from refact_lsp.core.ledger import Purpose
from refact_lsp.llm.client import Client
from refact_lsp.llm.endpoint import Endpoint
from refact_lsp.llm.wire.base import HttpRequest
from tests.bench.editor import Editor, editor
from tests.bench.stub import stub

BODY = b'{"model":"m","prompt":"' + b"x" * 8000 + b'","stream":true}'
HEADERS = {"content-type": "application/json", "authorization": "Bearer key"}
ROUNDS = {100: 60, 0: 400}
WARM_UP = 3  # rounds that open connections and import
TEXT = "".join(f"def function_{n}(value):\n    return value * {n}\n\n\n" for n in range(80))
TEXT_LINES = TEXT.count("\n")
Once = Callable[[], Awaitable[object]]


class Reader:
    """The plainest parser: the client is measured here, not a wire format."""

    def feed(self, data: bytes) -> Sequence[Event]:
        end = [Finished(reason="stop")] if b"[DONE]" in data else []
        return [TextDelta(delta=data.decode()), *end]

    def close(self) -> Sequence[Event]:
        return []


async def raw(url: str) -> Once:
    """Write the bytes, read the bytes."""
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    start = f"POST /v1 HTTP/1.1\r\nhost: {host}\r\n{head}content-length: {len(BODY)}\r\n\r\n"

    async def once() -> None:
        writer.write(start.encode() + BODY)
        await reader.readuntil(b"\r\n0\r\n\r\n")

    return once


async def plain_httpx(url: str) -> Once:
    """The client that most programs use."""
    import httpx

    client = httpx.AsyncClient(trust_env=False)

    async def once() -> None:
        async with client.stream("POST", f"{url}/v1", content=BODY, headers=HEADERS) as response:
            async for _ in response.aiter_bytes():
                pass

    return once


async def ours(url: str) -> Once:
    """`llm.client`, with a ledger that forgets."""

    async def authorize(_: bool) -> dict[str, str]:
        return {"authorization": "Bearer key"}

    to = Endpoint(
        provider="stub",
        wire="openai-chat",
        locality="machine",
        addresses={"chat": f"{url}/v1"},
        authorize=authorize,
    )
    client = Client(record=lambda _: None)
    asked, purpose = HttpRequest(route="chat", path="", body=BODY), Purpose(role="chat", model="m")

    async def once() -> None:
        async for _ in client.stream(to, asked, Reader, purpose):
            pass

    return once


async def served(url: str, one: Editor) -> Once:
    """The server as an editor uses it, with the stub as its completion model."""
    settings = {"wire": "openai-completions", "baseUrl": f"{url}/v1"}
    saved = await one.request("refact/providers/save", {"template": "custom", "settings": settings})
    model = f"{saved['provider']['id']}/qwen2.5-coder:7b"
    await one.request("refact/models/save", {"model": model})
    await one.request("refact/completion/configure", {"debounceMs": 0})
    await one.request("refact/defaults/set", {"role": "completion", "model": model})
    document = {"uri": "file:///bench/file.py", "languageId": "python", "version": 0, "text": TEXT}
    one.notify("textDocument/didOpen", {"textDocument": document})
    versions, line = count(1), TEXT_LINES

    async def once() -> None:
        version = next(versions)
        start = {"line": line, "character": 0}
        end = {"line": line, "character": 1000}
        change = {"range": {"start": start, "end": end}, "text": f"total_{version} = value"}
        asked = {"uri": document["uri"], "version": version}
        one.notify("textDocument/didChange", {"textDocument": asked, "contentChanges": [change]})
        await ask_again(one, version, line)

    return once


async def ask_again(one: Editor, version: int, line: int) -> None:
    """Ask for the completion at the end of the text; nothing at all fails the benchmark."""
    result = await one.request(
        "textDocument/inlineCompletion",
        {
            "textDocument": {"uri": "file:///bench/file.py"},
            "position": {"line": line, "character": len(f"total_{version} = value")},
            "context": {"triggerKind": 2},
        },
    )
    items = result["items"] if isinstance(result, dict) else result
    if not items:
        why = await one.request("refact/completion/explain", {})
        raise RuntimeError(f"no completion: {why}")


WAYS = {"raw": raw, "httpx": plain_httpx, "client": ours}


async def measure(wait_ms: int, rounds: int) -> dict[str, list[float]]:
    """Take turns; milliseconds of each request by way."""
    with tempfile.TemporaryDirectory() as home:
        async with stub(wait_ms) as url, editor(Path(home)) as one:
            ways = {name: await make(url) for name, make in WAYS.items()}
            ways["server"] = await served(url, one)
            taken: dict[str, list[float]] = {name: [] for name in ways}
            for number in range(rounds + WARM_UP):
                for name, once in ways.items():
                    start = time.perf_counter()
                    await once()
                    if number >= WARM_UP:
                        taken[name].append((time.perf_counter() - start) * 1000)
            taken["cached"] = []
            for _ in range(rounds):
                start = time.perf_counter()
                await ask_again(one, rounds + WARM_UP, TEXT_LINES)
                taken["cached"].append((time.perf_counter() - start) * 1000)
    return taken


async def main() -> None:
    for wait_ms, rounds in ROUNDS.items():
        taken = await measure(wait_ms, rounds)
        base = {p: statistics.quantiles(taken["raw"], n=100)[p - 1] for p in (50, 95)}
        for name, times in taken.items():
            p50, p95 = (statistics.quantiles(times, n=100)[p - 1] for p in (50, 95))
            print(
                f"answer of {wait_ms:3} ms  {name:6}  p50 {p50:8.3f} ms ({p50 / base[50]:.3f}x raw)"
                f"  p95 {p95:8.3f} ms ({p95 / base[95]:.3f}x raw)"
            )


if __name__ == "__main__":
    asyncio.run(main())

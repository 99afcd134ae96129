"""What the way to a provider costs beside the bare socket: `python -m tests.bench.overhead`.

One run against a stub provider in a process of its own: raw HTTP on an open socket, httpx's client,
and ours, taking turns. First with the fixed 100 ms answer that counts, then with none, where the
difference shows.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence

from refact_lsp.core.events import Event, Finished, TextDelta
from refact_lsp.core.ledger import Purpose
from refact_lsp.llm.client import Client
from refact_lsp.llm.endpoint import Endpoint
from refact_lsp.llm.wire.base import HttpRequest
from tests.bench.stub import stub

BODY = b'{"model":"m","prompt":"' + b"x" * 8000 + b'","stream":true}'
HEADERS = {"content-type": "application/json", "authorization": "Bearer key"}
ROUNDS = {100: 60, 0: 400}
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


WAYS = {"raw": raw, "httpx": plain_httpx, "client": ours}


async def measure(wait_ms: int, rounds: int) -> dict[str, list[float]]:
    """Take turns; milliseconds of each request by way."""
    async with stub(wait_ms) as url:
        ways = {name: await make(url) for name, make in WAYS.items()}
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(rounds + 3):
            for name, once in ways.items():
                start = time.perf_counter()
                await once()
                if number >= 3:  # the first ones open connections and import
                    taken[name].append((time.perf_counter() - start) * 1000)
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

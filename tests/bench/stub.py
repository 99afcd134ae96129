"""A provider for benchmarks, in a process of its own: one fixed stream after a fixed wait.

Used as `async with stub(wait_ms=100) as url`.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncGenerator

from tests.servers.scripted import Exchange, scripted, sse

# Twenty tokens of a completion, in the manner of OpenAI's legacy route.
WORDS = [f" + word{number}" for number in range(20)]
CHUNKS = sse(
    *[{"choices": [{"index": 0, "text": word}]} for word in WORDS],
    {"choices": [{"index": 0, "text": "", "finish_reason": "stop"}]},
)


@contextlib.asynccontextmanager
async def stub(wait_ms: int) -> AsyncGenerator[str]:
    """Run it for the time of the block; gives its address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.stub", str(wait_ms)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    assert process.stdin
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.stdin.close()
        await process.wait()


async def _serve(wait_s: float) -> None:
    body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in CHUNKS) + b"0\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    answer = head + b"transfer-encoding: chunked\r\n\r\n" + body

    async def handler(exchange: Exchange) -> None:
        await asyncio.sleep(wait_s)
        await exchange.raw(answer)

    async with scripted(handler) as server:
        print(server.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]) / 1000))

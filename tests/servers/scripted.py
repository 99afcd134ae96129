"""A small scripted HTTP/1.1 server on loopback: it says exactly what a test tells it to say.

    async with scripted(Reply(body=b"{}")) as server:          # every request gets this
    async with scripted([Reply(status=429), Reply()]) as ...:  # one each; the last one repeats
    async with scripted(handler) as server:                    # async def handler(exchange)

`server.url`, `server.requests`, `server.connections` and `server.closed_sockets` (the connections
that the client closed while its answer was still under way) are there to assert on.
"""

import asyncio
import contextlib
import json
import socket
import ssl
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

PHRASES = {200: "OK", 302: "Found", 307: "Temporary Redirect", 429: "Too Many Requests"}


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came; header names are lower case, `connection` counts sockets from 0."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One scripted answer.

    `body` as bytes is sent with its length; as a sequence of bytes each piece is a chunk of its
    own. `raw` replaces everything. Afterwards the connection is kept, unless `end` says `close`
    (a clean close, body cut where it stands), `reset` (RST) or `hang` (silence until the client
    goes). `pause_s` waits before each chunk and before the head.
    """

    status: int = 200
    body: bytes | Sequence[bytes] = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content_type: str | None = "application/json"
    raw: bytes | None = None
    end: str = "keep"
    pause_s: float = 0.0


class Exchange:
    """One request and the way to answer it by hand."""

    def __init__(self, request: Request, writer: asyncio.StreamWriter, gone: asyncio.Event) -> None:
        self.request = request
        self.writer = writer
        self.gone = gone  # set when the client closed or reset the connection
        self.keep = True

    async def raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def start(self, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Send the head of a chunked answer; `chunk` and `finish` follow."""
        await self.raw(_head(status, {"transfer-encoding": "chunked", **(headers or {})}))

    async def chunk(self, data: bytes) -> None:
        if data:
            await self.raw(b"%x\r\n%b\r\n" % (len(data), data))

    async def finish(self) -> None:
        await self.raw(b"0\r\n\r\n")

    async def reply(self, reply: Reply) -> None:
        """Say what `reply` says."""
        await self._pause(reply.pause_s)
        types = {"content-type": reply.content_type} if reply.content_type else {}
        headers = {**types, **reply.headers}
        if reply.raw is not None:
            await self.raw(reply.raw)
        elif isinstance(reply.body, bytes) and reply.end == "keep":
            head = _head(reply.status, {"content-length": str(len(reply.body)), **headers})
            await self.raw(head + reply.body)
        else:
            await self.start(reply.status, headers)
            for piece in [reply.body] if isinstance(reply.body, bytes) else reply.body:
                await self._pause(reply.pause_s)
                await self.chunk(piece)
            if reply.end == "keep":
                await self.finish()
        match reply.end:
            case "hang":
                await self.gone.wait()
                self.keep = False
            case "reset":
                self.reset()
            case "close":
                self.keep = False
            case _:
                pass

    def reset(self) -> None:
        """Drop the connection with RST."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
        self.keep = False

    async def _pause(self, seconds: float) -> None:
        if seconds:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.gone.wait(), seconds)


Handler = Callable[[Exchange], Awaitable[None]]
Script = Handler | Reply | Sequence[Reply]


class Scripted:
    """The running server and what it saw."""

    def __init__(self, handler: Handler, *, tls: bool) -> None:
        self.handler = handler
        self.requests: list[Request] = []
        self.connections = 0
        self.closed_sockets: list[int] = []
        self.port = 0
        self.tls = tls
        self.tasks: set[asyncio.Task[Any]] = set()
        self._changed = asyncio.Event()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    async def until(self, condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
        """Wait until `condition` holds; it is looked at whenever something happened here."""
        async with asyncio.timeout(timeout_s):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def note(self) -> None:
        self._changed.set()

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gone: asyncio.Event
    ) -> None:
        """Answer the requests of one connection until it ends."""
        number, self.connections = self.connections, self.connections + 1
        self.note()
        keep = True
        while keep and (request := await _read_request(reader, number)):
            self.requests.append(request)
            self.note()
            exchange = Exchange(request, writer, gone)
            try:
                await self.handler(exchange)
            finally:
                if gone.is_set():
                    self.closed_sockets.append(number)
                    self.note()
            keep = exchange.keep


class _Watched(asyncio.StreamReaderProtocol):
    """A stream protocol that notices at once when the peer goes, also while nothing is read."""

    def __init__(self, server: Scripted) -> None:
        self.gone = asyncio.Event()
        self.server = server
        super().__init__(asyncio.StreamReader(), self._run)

    async def _run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self.server.tasks.add(task)
        try:
            await self.server.serve(reader, writer, self.gone)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.server.tasks.discard(task)
            writer.close()

    def eof_received(self) -> bool | None:
        self.gone.set()
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set()
        super().connection_lost(exc)


@contextlib.asynccontextmanager
async def scripted(
    script: Script, *, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[Scripted]:
    """Run a server on a free loopback port for the time of the block."""
    server = Scripted(_handler(script), tls=tls is not None)
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(lambda: _Watched(server), "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in list(server.tasks):
            task.cancel()
        await asyncio.gather(*server.tasks, return_exceptions=True)


def plain_browser() -> httpx.AsyncClient:
    """A browser for these pages: without the system's certificates, which take long to read."""
    return httpx.AsyncClient(trust_env=False, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


def sse(*data: object, done: bool = True) -> list[bytes]:
    """Make the chunks of an event stream in the OpenAI manner from values or strings."""
    texts = [item if isinstance(item, str) else json.dumps(item) for item in data]
    return [f"data: {text}\n\n".encode() for text in [*texts, *(["[DONE]"] if done else [])]]


def chat_chunks(*pieces: str, finish: str = "stop") -> list[bytes]:
    """Make a whole `openai-chat` stream that says `pieces`."""
    deltas: Iterable[Any] = [{"choices": [{"index": 0, "delta": {"content": p}}]} for p in pieces]
    return sse(*deltas, {"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})


def _handler(script: Script) -> Handler:
    if callable(script):
        return script
    replies = [script] if isinstance(script, Reply) else list(script)

    async def answer(exchange: Exchange) -> None:
        await exchange.reply(replies.pop(0) if len(replies) > 1 else replies[0])

    return answer


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} {PHRASES.get(status, 'Status')}\r\n{lines}\r\n".encode("latin-1")


async def _read_request(reader: asyncio.StreamReader, connection: int) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    method, target, _ = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    if headers.get("transfer-encoding") == "chunked":
        body = await _read_chunked(reader)
    else:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, target, headers, body, connection)


async def _read_chunked(reader: asyncio.StreamReader) -> bytes:
    pieces: list[bytes] = []
    while size := int((await reader.readline()).split(b";")[0], 16):
        pieces.append((await reader.readexactly(size + 2))[:-2])
    await reader.readline()
    return b"".join(pieces)

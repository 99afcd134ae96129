"""A server over stdio, a scripted provider beside it, and an editor between: what benches share."""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from refact_lsp.core.text import split_lines
from tests.servers.scripted import Exchange, scripted

MODEL = "qwen2.5-coder-7b"
URI = "file:///bench/work.py"
PREFIX, SUFFIX, MIDDLE = "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"


class Hole(NamedTuple):
    """What a prompt asks for."""

    prefix: str
    suffix: str


@dataclass
class Call:
    """One completion request as the provider saw it; times are those of `perf_counter`."""

    prompt: str
    asked_s: float
    body: dict[str, Any] = field(default_factory=dict[str, Any])
    answered_s: float = 0.0
    sent: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    done: bool = False
    gone_s: float | None = None

    @property
    def open(self) -> bool:
        return not self.done and not self.gone.is_set()

    @property
    def hole(self) -> Hole:
        before, _, rest = self.prompt.rpartition(PREFIX)[2].partition(SUFFIX)
        suffix, _, begun = rest.partition(MIDDLE)
        return Hole(before + begun, suffix)


@dataclass
class Provider:
    """Says what `answer` makes of a hole, in pieces; `first_s` and `piece_s` are its slowness."""

    answer: Callable[[Hole], Sequence[str]] = lambda _hole: ["pass"]
    first_s: float = 0.0
    piece_s: float = 0.0
    calls: list[Call] = field(default_factory=list[Call])
    most_open: int = 0
    url: str = ""

    async def handle(self, exchange: Exchange) -> None:
        request = exchange.request
        if request.target.endswith("/models"):
            body = {"object": "list", "data": [{"id": MODEL, "object": "model"}]}
            await _whole(exchange, body)
            return
        if not request.body:
            await _whole(exchange, {})  # what else a runtime may be asked about itself
            return
        await self.record(exchange, request.json["prompt"])

    async def record(self, exchange: Exchange, prompt: str) -> None:
        """Answer a completion request, and note when what happens to it."""
        now_s = time.perf_counter()
        call = Call(prompt, now_s, exchange.request.json, gone=exchange.gone)
        self.calls.append(call)
        self.most_open = max(self.most_open, sum(one.open for one in self.calls))
        watch = asyncio.get_running_loop().create_task(_note_end(call))
        try:
            await self.say(exchange, call)
        finally:
            watch.cancel()
            if exchange.gone.is_set() and call.gone_s is None:  # it was woken before the watch
                call.gone_s = time.perf_counter()
            call.done = True
            exchange.keep = not exchange.gone.is_set()

    async def say(self, exchange: Exchange, call: Call) -> None:
        """Stream the pieces of the answer."""
        pieces = self.answer(call.hole)
        await _pause(exchange, self.first_s)
        await exchange.start(headers={"content-type": "text/event-stream"})
        for piece in pieces:
            if exchange.gone.is_set():
                return
            await exchange.chunk(_event({"choices": [{"index": 0, "text": piece}]}))
            call.sent.append((time.perf_counter(), piece))
            await _pause(exchange, self.piece_s)
        await exchange.chunk(
            _event({"choices": [{"index": 0, "text": "", "finish_reason": "stop"}]})
        )
        await exchange.chunk(b"data: [DONE]\n\n")
        await exchange.finish()
        call.answered_s = time.perf_counter()


class Endpoint(NamedTuple):
    """What the server completes with: `make` starts it, or what stands between, on loopback."""

    make: Callable[[], Provider]
    template: str
    model: str
    path: str
    settings: Mapping[str, object] = {}
    scripted: bool = True


SCRIPTED = Endpoint(Provider, "vllm", MODEL, "/v1")


class Server:
    """A `refact-lsp` process as a client sees it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self._next = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}

    async def read(self) -> None:
        stdout = self.process.stdout
        assert stdout is not None
        while header := await stdout.readline():
            length = int(header.split(b":")[1])
            while (await stdout.readline()).strip():
                pass
            message = json.loads(await stdout.readexactly(length))
            if "method" not in message:
                waiting = self._waiting.pop(message["id"], None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(message)
            elif "id" in message:
                self._send({"id": message["id"], "result": None})

    @property
    def processor_s(self) -> float | None:
        """The processor time it has taken so far, its threads included; None but on Linux."""
        about = Path(f"/proc/{self.process.pid}/stat")
        if not about.exists():
            return None
        fields = about.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def notify(self, method: str, params: object) -> None:
        self._send({"method": method, "params": params})

    def start(self, method: str, params: object) -> tuple[int, asyncio.Future[Any]]:
        """Send a request; its answer comes through the future, errors included."""
        self._next += 1
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[self._next] = future
        self._send({"id": self._next, "method": method, "params": params})
        return self._next, future

    async def ask(self, method: str, params: object) -> Any:
        """Send a request and give its result."""
        _, future = self.start(method, params)
        message = await asyncio.wait_for(future, 60)
        if "error" in message:
            raise RuntimeError(f"{method}: {message['error']}")
        return message["result"]

    def _send(self, message: dict[str, object]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))


class Document:
    """One open document and its cursor, told to the server edit by edit; its lines end in LF."""

    def __init__(self, server: Server, text: str, uri: str = URI, language: str = "python") -> None:
        self.server, self.uri, self.language = server, uri, language
        self.text, self.at, self.version = text, len(text), 1
        item = {"uri": uri, "languageId": language, "version": 1, "text": text}
        server.notify("textDocument/didOpen", {"textDocument": item})

    def close(self) -> None:
        self.server.notify("textDocument/didClose", {"textDocument": {"uri": self.uri}})

    def position(self, at: int) -> dict[str, int]:
        """Give it in UTF-16; in microseconds, since it is part of what is timed."""
        start = self.text.rfind("\n", 0, at) + 1
        head = self.text[start:at]
        return {
            "line": self.text.count("\n", 0, start),
            "character": len(head.encode("utf-16-le")) // 2,
        }

    def replace(self, start: int, end: int, text: str) -> None:
        """Edit, and leave the cursor behind the new text."""
        span = {"start": self.position(start), "end": self.position(end)}
        self.text = self.text[:start] + text + self.text[end:]
        self.at, self.version = start + len(text), self.version + 1
        self.server.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": self.uri, "version": self.version},
                "contentChanges": [{"range": span, "text": text}],
            },
        )

    def type(self, text: str) -> None:
        self.replace(self.at, self.at, text)

    def accept(self, item: dict[str, Any]) -> None:
        """Do with an item what an editor does."""
        start, end = (self.offset(item["range"][name]) for name in ("start", "end"))
        self.replace(start, end, item["insertText"])
        self.server.start("workspace/executeCommand", item["command"])

    def offset(self, position: dict[str, int]) -> int:
        lines = split_lines(self.text)
        line = lines[position["line"]].encode("utf-16-le")[: 2 * position["character"]]
        return sum(map(len, lines[: position["line"]])) + len(line.decode("utf-16-le"))

    def request(self, *, explicit: bool = False) -> dict[str, Any]:
        return {
            "textDocument": {"uri": self.uri},
            "position": self.position(self.at),
            "context": {"triggerKind": 1 if explicit else 2},
        }

    async def complete(self, *, explicit: bool = False) -> list[dict[str, Any]]:
        result = await self.server.ask(
            "textDocument/inlineCompletion", self.request(explicit=explicit)
        )
        return result["items"] if isinstance(result, dict) else result


@asynccontextmanager
async def bench(
    endpoint: Endpoint = SCRIPTED,
    *,
    home: Path | None = None,
    root: Path | None = None,
    client: str = "bench",
    completion: dict[str, Any] | None = None,
) -> AsyncGenerator[tuple[Server, Provider]]:
    """Run provider and server, the one set up as the other's completion model.

    Where no home is given the server starts for the first time, in a new one.
    """
    provider = endpoint.make()
    async with scripted(provider.handle) as listening:
        provider.url = listening.url
        with nullcontext(home) if home else tempfile.TemporaryDirectory() as folder:
            settings = {"REFACT_HOME": str(folder), "REFACT_KEYRING": "off"}
            program = [sys.executable, "-m", "refact_lsp"]
            async with running(program, settings) as server:
                await server.ask("initialize", initialization(root, client, completion or {}))
                server.notify("initialized", {})
                await set_up(server, provider, endpoint)
                yield server, provider


@asynccontextmanager
async def running(program: Sequence[str], environment: Mapping[str, str]) -> AsyncGenerator[Server]:
    """Run a language server until the end of the block."""
    process = await asyncio.create_subprocess_exec(
        *program,
        env={**os.environ, **environment},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    server = Server(process)
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(server.read())
        try:
            yield server
            await server.ask("shutdown", None)
            server.notify("exit", None)
            await process.wait()
        finally:
            reading.cancel()
            if process.returncode is None:
                process.kill()


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, at most ten seconds."""
    deadline_s = time.perf_counter() + 10
    while not holds():
        if time.perf_counter() > deadline_s:
            raise TimeoutError
        await asyncio.sleep(0.001)


def initialization(root: Path | None, client: str, completion: Mapping[str, Any]) -> dict[str, Any]:
    """Give what an editor of that name says first."""
    folders = [{"uri": root.as_uri(), "name": root.name}] if root else None
    return {
        "processId": os.getpid(),
        "clientInfo": {"name": client},
        "rootUri": root.as_uri() if root else None,
        "workspaceFolders": folders,
        "capabilities": {"textDocument": {"inlineCompletion": {}}},
        "initializationOptions": {"completion": completion},
    }


async def set_up(server: Server, provider: Provider, endpoint: Endpoint) -> None:
    """Make what the provider serves the server's completion model."""
    template, model = endpoint.template, f"{endpoint.template}/{endpoint.model}"
    settings = {"baseUrl": f"{provider.url}{endpoint.path}", **endpoint.settings}
    await server.ask("refact/providers/save", {"template": template, "settings": settings})
    listed = await server.ask("refact/models/refresh", {"provider": template})
    if model not in {one["id"] for one in listed["models"]}:
        await server.ask("refact/models/save", {"model": model})
    await server.ask("refact/models/enable", {"models": [model], "enabled": True})
    await server.ask("refact/defaults/set", {"role": "completion", "model": model})


async def _note_end(call: Call) -> None:
    await call.gone.wait()
    call.gone_s = time.perf_counter()


async def _whole(exchange: Exchange, body: object) -> None:
    await exchange.start(headers={"content-type": "application/json"})
    await exchange.chunk(json.dumps(body).encode())
    await exchange.finish()


async def _pause(exchange: Exchange, seconds: float) -> None:
    if seconds:
        try:
            await asyncio.wait_for(exchange.gone.wait(), seconds)
        except TimeoutError:
            return


def _event(data: object) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()

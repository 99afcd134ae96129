"""Inline completion's figures over stdio: a real server, a provider behind it, an editor before.

The scripts are the same for a scripted provider and for a real endpoint. What to type comes from
what was suggested; what a scripted provider says is known beforehand.
"""

import asyncio
import itertools
import statistics
import sys
import sysconfig
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.bench.figure import Figure, UnmeasuredError, at_least, at_most, beside, exactly, latency
from tests.bench.stdio import Document, Endpoint, Provider, Server, bench, until
from tests.bench.typists import oracle, sessions

STDLIB = Path(sysconfig.get_path("stdlib"))
AT_ONCE: dict[str, Any] = {"debounceMs": 0}
TEXT = "compute_total(first, second)"
OPENING = "def f(first, second):\n    value = "
LARGE_LINES = 5000
BLANK = " " * 8
LOOK_S = 0.35  # at a suggestion, before it is accepted
ACCEPTS = 200
INDEXED_FILES = 10_000
REQUESTS, WARM_UP = 60, 10
_PLACES = 40
_SHORTEST = 8
_LATE_S = 0.05


async def typed_through(endpoint: Endpoint) -> list[Figure]:
    """Type a suggested text character by character."""
    async with bench(endpoint, completion=AT_ONCE) as (server, provider):
        provider.answer = lambda _hole: [TEXT]
        async for document, text, calls in _suggested(server, provider):
            empty = 0
            for char in text[:-1]:
                document.type(char)
                empty += not await document.complete()
            asked = len(provider.calls) - calls
            return [
                exactly(f"provider calls while {len(text)} characters are typed", asked, 1),
                exactly("empty frames between them", empty, 0),
            ]
    raise UnmeasuredError(_SILENT)


async def streams(endpoint: Endpoint) -> list[Figure]:
    """Type something else while streams run, and cancel every other one."""
    late = 0
    closed_ms: list[float] = []
    async with bench(endpoint, completion=AT_ONCE) as (server, provider):
        provider.answer = lambda _hole: ["x"] * 400
        provider.piece_s = 0.005
        document = Document(server, "value = ")
        for index in range(20):
            document.type(f"v{index} ")
            calls = len(provider.calls)
            key, answer = server.start("textDocument/inlineCompletion", document.request())
            await until(lambda calls=calls: len(provider.calls) > calls)
            call = provider.calls[calls]
            await until(lambda call=call: bool(call.sent) or not call.open)
            if not call.open:
                await answer
                continue
            ended_s = time.perf_counter()
            if index % 2:
                document.type("zz ")
            else:
                server.notify("$/cancelRequest", {"id": key})
            await answer
            await until(lambda call=call: not call.open)
            closed_ms.append(((call.gone_s or time.perf_counter()) - ended_s) * 1000)
            late += sum(sent_s > ended_s + _LATE_S for sent_s, _ in call.sent)
        most = provider.most_open
    if not closed_ms:
        raise UnmeasuredError("every answer was over before it could be cancelled")
    of = f"{len(closed_ms)} cancels"
    return [
        exactly("live upstream streams per document, most", most, 1),
        exactly(f"pieces taken later than 50 ms after {of}", late, 0),
        at_most(f"socket closed after {of}, worst", max(closed_ms), 50, "ms"),
    ]


async def cached(endpoint: Endpoint) -> list[Figure]:
    """Ask again and again for what is known, in a file of 5,000 lines.

    A pipe's echo is timed in turns with it: it says how much of the times is this machine's load.
    """
    async with bench(endpoint, completion=AT_ONCE) as (server, provider), _echo() as echo:
        provider.answer = lambda _hole: [TEXT]
        document, place = large(server)
        document.at = place
        document.type("value = ")
        items = await document.complete()
        text = items[0]["insertText"].split("\n")[0] if items else ""
        if len(text) < 2:
            raise UnmeasuredError(_SILENT)
        took: list[float] = []
        echoed: list[float] = []
        before_s = server.processor_s
        for _ in range(500 // len(text)):
            for char in text[:-1]:
                document.type(char)
                took.append(await timed_ms(document.complete))
                echoed.append(await timed_ms(echo))
            document.replace(document.at - len(text) + 1, document.at, "")
        after_s = server.processor_s
    spent_ms = 1000 * ((after_s or 0) - (before_s or 0)) / len(took)
    return [
        latency("cached answer, 5,000 lines", took, (1.0, 5.0)),
        latency("a bare echo through a pipe, in turns with it", echoed),
        beside("the server's processor time for one, typing included", spent_ms, "ms"),
    ]


async def overhead(endpoint: Endpoint) -> list[Figure]:
    """Ask at places that were never asked for; the model's own time is taken off."""
    took = await _idle_overheads(endpoint)
    return [latency("everything but the model, 5,000 lines", took, (5.0, 20.0))]


async def overhead_while_indexing(endpoint: Endpoint) -> list[Figure]:
    """Measure the same while a workspace of 10,000 files is read, and idle before and after."""
    alone = await _idle_overheads(endpoint)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        body = "def function_{0}(first, second):\n    return first * {0} + second\n\n\n" * 20
        for index in range(INDEXED_FILES):
            (root / f"m{index}.py").write_text(body.format(index))
        async with bench(endpoint, completion=AT_ONCE, root=root) as (server, provider):
            busy: list[float] = []
            while len(busy) < REQUESTS and await _is_indexing(server):
                busy += await overheads(server, provider, requests=WARM_UP + 10)
    if not busy:
        raise UnmeasuredError("the workspace was read before anything could be asked")
    alone += await _idle_overheads(endpoint)
    ratio = statistics.median(busy) / statistics.median(alone)
    name = f"the same while {INDEXED_FILES:,} files are indexed ({len(busy)} requests)"
    return [at_most(name, ratio, 1.5, "times")]


async def _idle_overheads(endpoint: Endpoint) -> list[float]:
    async with bench(endpoint, completion=AT_ONCE) as (server, provider):
        return await overheads(server, provider)


async def second_accept(endpoint: Endpoint) -> list[Figure]:
    """Look at a suggestion for a moment, accept it, and ask for the next."""
    async with bench(endpoint, completion=AT_ONCE) as (server, provider):
        places = 3 * ACCEPTS if endpoint.scripted else _PLACES
        hits, tries = await second_accepts(server, provider, places, ACCEPTS)
    if not tries:
        raise UnmeasuredError(_SILENT)
    return [at_least(f"second accept served from cache, of {tries}", 100 * hits / tries, 80)]


async def second_accepts(
    server: Server, provider: Provider, places: int, most: int, kind: type[Document] = Document
) -> tuple[int, int]:
    """Accept at so many places; give how often the next answer needed no call, and the tries."""
    hits = tries = 0
    provider.first_s = 0.08
    for number, session in enumerate(sessions(STDLIB, places)):
        model = oracle(session, right=1.0)
        provider.answer = lambda hole, model=model: model(hole.prefix, hole.suffix)
        document = kind(server, session.text, f"file:///bench/accept{number}.py")
        document.at = session.at
        items = await document.complete()
        if items:
            await asyncio.sleep(LOOK_S)
            document.accept(items[0])
            if document.text != session.goal:
                calls = len(provider.calls)
                found = await document.complete()
                tries += 1
                hits += bool(found) and len(provider.calls) == calls
        document.close()
        if tries == most:
            break
    return hits, tries


async def overheads(
    server: Server,
    provider: Provider,
    *,
    requests: int = REQUESTS,
    document: type[Document] = Document,
) -> list[float]:
    """Time requests at new places, in milliseconds without what the provider took."""
    provider.answer = lambda _hole: ["compute", "(first", ", second)"]
    provider.first_s = 0.04
    opened, place = large(server, f"file:///bench/large_{len(provider.calls)}.py", document)
    opened.at = place
    took: list[float] = []
    for index in range(requests):
        opened.type(f"value_{index} = ")
        calls = len(provider.calls)
        elapsed_ms = await timed_ms(opened.complete)
        if len(provider.calls) > calls:
            call = provider.calls[calls]
            last_s = call.answered_s or (call.sent[-1][0] if call.sent else call.asked_s)
            took.append(elapsed_ms - (last_s - call.asked_s) * 1000)
        opened.type("1\n        ")
    opened.close()
    return took[WARM_UP:]


def large(
    server: Server, uri: str = "file:///bench/large.py", document: type[Document] = Document
) -> tuple[Document, int]:
    """Open a file of 5,000 lines; give a place in the middle, on a blank line of a function."""
    source = (STDLIB / "_pydecimal.py").read_text()
    text = "".join(source.splitlines(keepends=True)[:LARGE_LINES])
    text = text[: text.rfind("\n    def ")] + "\n"
    statement = text.index("        return", len(text) // 2)
    text = f"{text[:statement]}{BLANK}\n{text[statement:]}"
    return document(server, text, uri), statement + len(BLANK)


async def timed_ms(ask: Callable[[], Awaitable[object]]) -> float:
    began_s = time.perf_counter()
    await ask()
    return (time.perf_counter() - began_s) * 1000


_SILENT = "the model suggested nothing that could be used"


async def _suggested(
    server: Server, provider: Provider
) -> AsyncIterator[tuple[Document, str, int]]:
    """Find a place where a text is suggested that can be typed; with the calls before it."""
    places = [(OPENING, len(OPENING))]
    places += [(session.text, session.at) for session in sessions(STDLIB, _PLACES)]
    for number, (text, at) in enumerate(places):
        document = Document(server, text, f"file:///bench/{number}.py")
        document.at = at
        calls = len(provider.calls)
        items = await document.complete()
        line = items[0]["insertText"].split("\n")[0] if items else ""
        if len(line) >= _SHORTEST:
            yield document, line, calls
        document.close()


@asynccontextmanager
async def _echo() -> AsyncGenerator[Callable[[], Awaitable[object]]]:
    """Start what gives back each line at once."""
    code = "import os, sys\nfor line in sys.stdin.buffer: os.write(1, line)"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    stdin, stdout = process.stdin, process.stdout
    assert stdin is not None
    assert stdout is not None

    async def once() -> bytes:
        stdin.write(b"x" * 400 + b"\n")
        return await stdout.readline()

    yield once
    stdin.close()
    await process.wait()


async def _is_indexing(server: Server) -> bool:
    return (await server.ask("refact/status", {}))["state"] == "busy"


def pairwise_beginnings(prompts: Sequence[str]) -> list[float]:
    """Give the share of each prompt that the last one shared, from its beginning on."""
    shares: list[float] = []
    for before, after in itertools.pairwise(prompts):
        pairs = enumerate(zip(before, after, strict=False))
        least = min(len(before), len(after))
        same = next((at for at, (left, right) in pairs if left != right), least)
        shares.append(same / len(after))
    return shares

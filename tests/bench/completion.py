"""Inline completion's figures: `python -m tests.bench.completion [FIGURE ...]`.

A real server over stdio and a scripted provider on loopback; one line a figure, with its goal.
Without arguments all figures are measured; `--list` names them. With `--folders` (checked-out git
repositories) a small sample of the figures that need other people's code is measured too.
"""

import argparse
import ast
import asyncio
import itertools
import re
import statistics
import sys
import sysconfig
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench import folders
from tests.bench.figure import Figure
from tests.bench.stdio import Document, Provider, Server, bench, until
from tests.bench.typists import Session, keys, oracle, sessions
from tests.features.completion import scripts

STDLIB = Path(sysconfig.get_path("stdlib"))
GAP_S = 0.06  # between the keys of the typist that the benches play
AT_ONCE: dict[str, Any] = {"debounceMs": 0}
LARGE_LINES = 5000
SCRIPTS, SCRIPTS_BOX_S = 100_000, 300.0
# About what a tokenizer makes of code: a word with the blank before it, a sign, an indentation.
TOKEN = re.compile(r"\n[ \t]*| ?\w{1,8}| ?[^\w\s]{1,2}|[ \t]+|\s")
BLANK = " " * 8


async def typed_through() -> list[Figure]:
    """Type a recorded completion character by character."""
    text = "compute_total(first, second)"
    async with bench(completion=AT_ONCE) as (server, provider):
        provider.answer = lambda _hole: [text]
        document = Document(server, "def f(first, second):\n    value = ")
        empty = 0 if await document.complete() else 1
        for char in text[:-1]:
            document.type(char)
            empty += not await document.complete()
        calls = len(provider.calls)
    return [
        Figure("provider calls while typing through", str(calls), "1", calls == 1),
        Figure("empty frames while typing through", str(empty), "0", empty == 0),
    ]


async def streams() -> list[Figure]:
    """Type something else while streams run, and cancel every other one."""
    read_after: list[int] = []
    closed_ms: list[float] = []
    async with bench(completion=AT_ONCE) as (server, provider):
        provider.answer = lambda _hole: ["x"] * 400
        provider.piece_s = 0.005
        document = Document(server, "value = ")
        for index in range(20):
            document.type(f"v{index} ")
            key, answer = server.start("textDocument/inlineCompletion", document.request())
            await until(lambda index=index: len(provider.calls) > index)
            call = provider.calls[index]
            await until(lambda call=call: bool(call.sent))
            ended_s = time.perf_counter()
            if index % 2:
                document.type("zz ")
            else:
                server.notify("$/cancelRequest", {"id": key})
            await answer
            await until(lambda call=call: not call.open)
            closed_ms.append(((call.gone_s or time.perf_counter()) - ended_s) * 1000)
            read_after.append(sum(sent_s > ended_s + 0.05 for sent_s, _ in call.sent))
        most = provider.most_open
    worst = max(closed_ms)
    return [
        Figure("live upstream streams per document, most", str(most), "1", most <= 1),
        Figure(
            "pieces sent later than 50 ms after a cancel",
            str(sum(read_after)),
            "0",
            not any(read_after),
        ),
        Figure("socket closed after a cancel, worst", f"{worst:.1f} ms", "50 ms", worst <= 50),
    ]


async def cached() -> list[Figure]:
    """Ask again and again for what is known, in a file of 5,000 lines."""
    text = "compute_total(first, second)"
    async with bench(completion=AT_ONCE) as (server, provider):
        provider.answer = lambda _hole: [text]
        document, place = _large(server)
        document.at = place
        document.type("value = ")
        await document.complete()
        took: list[float] = []
        for _ in range(20):
            for char in text[:-1]:
                document.type(char)
                took.append(await _timed_ms(document.complete))
            document.replace(document.at - len(text) + 1, document.at, "")
    return [_latency("cached answer over stdio, 5,000 lines", took, 1.0, 5.0)]


async def overhead(
    root: Path | None = None, name: str = "all but the model, 5,000 lines"
) -> list[Figure]:
    """Ask at places that were never asked for; the model's own time is taken off."""
    async with bench(completion=AT_ONCE, root=root) as (server, provider):
        took = await _overheads(server, provider)
    return [_latency(name, took, 5.0, 20.0)]


async def overhead_while_indexing() -> list[Figure]:
    """Measure the same while a workspace of 10,000 files is read, beside an idle server."""
    async with bench(completion=AT_ONCE) as (server, provider):
        alone = statistics.median(await _overheads(server, provider))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        body = "def function_{0}(first, second):\n    return first * {0} + second\n\n\n" * 20
        for index in range(10_000):
            (root / f"m{index}.py").write_text(body.format(index))
        async with bench(completion=AT_ONCE, root=root) as (server, provider):
            busy = statistics.median(await _overheads(server, provider))
    ratio = busy / alone
    return [
        Figure(
            "the same while 10,000 files are indexed",
            f"{ratio:.2f} times",
            "1.5 times",
            ratio <= 1.5,
        )
    ]


async def typing_sessions() -> list[Figure]:
    """Replay typing sessions: what the provider was spared, and how its prompts begin."""
    asked = spared = 0
    shares: list[float] = []
    async with bench(completion={}) as (server, provider):
        provider.first_s = 0.05
        for session in sessions(STDLIB, 6):
            model = oracle(session)
            provider.answer = lambda hole, model=model: model(hole.prefix, hole.suffix)
            first = len(provider.calls)
            asked_here, served_here = await _type(server, provider, session)
            asked, spared = asked + asked_here, spared + served_here
            shares += _common_beginnings([call.prompt for call in provider.calls[first:]])
    share, common = 100 * spared / asked, 100 * statistics.mean(shares)
    return [
        Figure(
            "automatic requests served without the provider", f"{share:.1f} %", "50 %", share >= 50
        ),
        Figure("common beginning of consecutive prompts", f"{common:.1f} %", "90 %", common >= 90),
    ]


async def second_accept() -> list[Figure]:
    """Look at a suggestion for a moment, accept it, and ask for the next."""
    hits = tries = 0
    async with bench(completion=AT_ONCE) as (server, provider):
        provider.first_s = 0.08
        for session in sessions(STDLIB, 20):
            model = oracle(session, right=1.0)
            provider.answer = lambda hole, model=model: model(hole.prefix, hole.suffix)
            uri = f"file:///bench/{tries}.py"
            document = Document(server, session.text, uri)
            document.at = session.at
            items = await document.complete()
            if not items:
                continue
            await asyncio.sleep(0.6)
            document.accept(items[0])
            if document.text == session.goal:
                continue
            calls = len(provider.calls)
            found = await document.complete()
            tries += 1
            hits += bool(found) and len(provider.calls) == calls
            document.close()
    share = 100 * hits / tries
    return [
        Figure(f"second accept served from cache ({tries})", f"{share:.0f} %", "80 %", share >= 80)
    ]


async def edit_scripts(box_s: float = SCRIPTS_BOX_S) -> list[Figure]:
    """Run random edit scripts against the cache, in this process, as many as the time allows."""
    wrong = served = count = 0
    ends_s = time.perf_counter() + box_s
    while count < SCRIPTS and time.perf_counter() < ends_s:
        script = scripts.run(count)
        count += 1
        wrong += len(script.wrong)
        served += script.served.total() - script.served["model"]
    name = f"wrong answers in {count:,} of {SCRIPTS:,} edit scripts ({served:,} served)"
    return [Figure(name, str(wrong), "0", wrong == 0 and count == SCRIPTS)]


async def tokens_after_end() -> list[Figure]:
    """Count the tokens that the server read of a stream after the end of what it showed of it."""
    waste: list[int] = []
    async with bench(completion=AT_ONCE) as (server, provider):
        provider.piece_s = 0.004
        for number, session in enumerate(sessions(STDLIB, 60)):
            line = session.typed.split("\n")[0]
            if not _is_statement(line):
                continue
            pieces = [*_tokens(line), "\n", *_tokens("other = thing(1)\n" * 30)]
            provider.answer = lambda _hole, pieces=pieces: pieces
            document = Document(server, session.text, f"file:///bench/{number}.py")
            document.at = session.at
            items = await document.complete()
            asked = await server.ask("refact/completion/explain", {})
            shown = len(items[0]["insertText"]) if items else 0
            starts = itertools.accumulate(map(len, pieces), initial=0)
            waste.append(sum(shown <= start < len(asked["raw"]) for start in starts))
            document.close()
    middle, worst = statistics.median(waste), _quantile(waste, 0.9)
    return [
        Figure("tokens after the useful end, median", f"{middle:g}", "3", middle <= 3),
        Figure("tokens after the useful end, p90", f"{worst:g}", "20", worst <= 20),
    ]


FIGURES: dict[str, Callable[[], Awaitable[list[Figure]]]] = {
    "typed-through": typed_through,
    "streams": streams,
    "cached": cached,
    "overhead": overhead,
    "indexing": overhead_while_indexing,
    "sessions": typing_sessions,
    "second-accept": second_accept,
    "edit-scripts": edit_scripts,
    "tokens": tokens_after_end,
}

WITH_FOLDERS: dict[str, Callable[[Sequence[Path]], Awaitable[list[Figure]]]] = {
    "holes": folders.hole_figures,
    "context": folders.context_figures,
    "workspace": folders.workspace_figures,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "figures", nargs="*", choices=[*FIGURES, *WITH_FOLDERS, []], metavar="FIGURE"
    )
    parser.add_argument("--list", action="store_true", help="name the figures")
    parser.add_argument("--folders", nargs="+", type=Path, help="real code to measure with")
    parser.add_argument(
        "--seconds", type=float, default=SCRIPTS_BOX_S, help="at most, for the edit scripts"
    )
    options = parser.parse_args()
    figures = {**FIGURES, "edit-scripts": partial(edit_scripts, options.seconds)}
    if options.folders:
        figures |= {name: partial(of, options.folders) for name, of in WITH_FOLDERS.items()}
    if options.list:
        print("\n".join([*FIGURES, *WITH_FOLDERS]))
        return
    missed = 0
    for name in options.figures or figures:
        if name not in figures:
            parser.error(f"{name} needs --folders")
        for figure in asyncio.run(_measured(figures[name])):
            missed += not figure.holds
            mark = "ok  " if figure.holds else "MISS"
            print(f"{mark} {figure.name}: {figure.value} (goal {figure.goal})", flush=True)
    sys.exit(bool(missed))


async def _measured(figure: Callable[[], Awaitable[list[Figure]]]) -> list[Figure]:
    return await figure()


async def _type(server: Server, provider: Provider, session: Session) -> tuple[int, int]:
    """Play one typist; give the automatic requests and how many needed no provider."""
    document = Document(server, session.text, f"file:///bench/{session.name}")
    document.at = session.at
    asked = spared = skip = 0
    looks = 0
    pending: asyncio.Task[Any] | None = None
    for key in keys(session):
        if skip and key.text and not key.deleted:
            skip -= 1
            continue
        await asyncio.sleep(GAP_S * key.wait)
        if key.deleted:
            document.replace(document.at - key.deleted, document.at, "")
        else:
            document.type(key.text)
        before = len(provider.calls)
        pending = asyncio.ensure_future(document.complete())  # noqa: TID251  — a bench has no App
        asked += 1
        done, _ = await asyncio.wait({pending}, timeout=GAP_S * key.wait)
        items = pending.result() if done else []
        spared += bool(done and items) and len(provider.calls) == before
        rest = session.goal[document.at :][: len(session.typed)]
        if items and rest.startswith(items[0]["insertText"]) and len(items[0]["insertText"]) > 8:
            looks += 1
            if looks % 3 == 0:
                document.accept(items[0])
                skip = len(items[0]["insertText"])
    document.close()
    return asked, spared


async def _overheads(server: Server, provider: Provider) -> list[float]:
    provider.answer = lambda _hole: ["compute", "(first", ", second)"]
    provider.first_s = 0.04
    document, place = _large(server)
    document.at = place
    took: list[float] = []
    for index in range(60):
        document.type(f"value_{index} = ")
        elapsed_ms = await _timed_ms(document.complete)
        call = provider.calls[-1]
        last_s = call.answered_s or call.sent[-1][0]
        took.append(elapsed_ms - (last_s - call.asked_s) * 1000)
        document.type("1\n        ")
    return took[10:]


def _large(server: Server) -> tuple[Document, int]:
    """Open a file of 5,000 lines; give a place in the middle, on a blank line of a function."""
    source = (STDLIB / "_pydecimal.py").read_text()
    text = "".join(source.splitlines(keepends=True)[:LARGE_LINES])
    text = text[: text.rfind("\n    def ")] + "\n"
    statement = text.index("        return", len(text) // 2)
    text = f"{text[:statement]}{BLANK}\n{text[statement:]}"
    return Document(server, text, "file:///bench/large.py"), statement + len(BLANK)


def _common_beginnings(prompts: Sequence[str]) -> list[float]:
    """Give the share of each prompt's tokens, counted by 4 characters, that the last one shared."""
    shares: list[float] = []
    for before, after in itertools.pairwise(prompts):
        same = next(
            (
                at
                for at, (left, right) in enumerate(zip(before, after, strict=False))
                if left != right
            ),
            min(len(before), len(after)),
        )
        shares.append(same / len(after))
    return shares


def _is_statement(line: str) -> bool:
    try:
        ast.parse(line)
    except SyntaxError:
        return False
    return True


def _tokens(text: str) -> list[str]:
    return TOKEN.findall(text)


async def _timed_ms(ask: Callable[[], Awaitable[object]]) -> float:
    began_s = time.perf_counter()
    await ask()
    return (time.perf_counter() - began_s) * 1000


def _latency(name: str, took_ms: Sequence[float], p50: float, p95: float) -> Figure:
    middle, high = statistics.median(took_ms), _quantile(took_ms, 0.95)
    return Figure(
        f"{name}, p50 / p95",
        f"{middle:.2f} / {high:.2f} ms",
        f"{p50:g} / {p95:g} ms",
        middle <= p50 and high <= p95,
    )


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


if __name__ == "__main__":
    main()

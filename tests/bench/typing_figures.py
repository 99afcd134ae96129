"""What typing costs a provider: replayed typing sessions, and streams that go on for too long."""

import ast
import asyncio
import itertools
import re
import statistics
from collections.abc import Sequence
from typing import Any

from tests.bench.figure import Figure, UnmeasuredError, at_least, at_most, quantile
from tests.bench.over_stdio import AT_ONCE, STDLIB, pairwise_beginnings
from tests.bench.stdio import Document, Endpoint, Provider, Server, bench
from tests.bench.typists import Session, keys, oracle, sessions

GAP_S = 0.06  # between the keys of the typist that the benches play
SESSIONS, STREAMS = 24, 60
REAL_SESSIONS = 4  # where little is accepted, every key is typed
# About what a tokenizer makes of code: a word with the blank before it, a sign, an indentation.
TOKEN = re.compile(r"\n[ \t]*| ?\w{1,8}| ?[^\w\s]{1,2}|[ \t]+|\s")
_TOO_MUCH = "other = thing(1)\n" * 30


async def typing_sessions(endpoint: Endpoint) -> list[Figure]:
    """Replay typing sessions: what the provider was spared, and how its prompts begin."""
    asked = spared = 0
    shares: list[float] = []
    async with bench(endpoint, completion={}) as (server, provider):
        provider.first_s = 0.05
        count = SESSIONS if endpoint.scripted else REAL_SESSIONS
        for session in sessions(STDLIB, count):
            model = oracle(session)
            provider.answer = lambda hole, model=model: model(hole.prefix, hole.suffix)
            first = len(provider.calls)
            asked_here, served_here = await typed(server, provider, session)
            asked, spared = asked + asked_here, spared + served_here
            shares += pairwise_beginnings([call.prompt for call in provider.calls[first:]])
    if not shares:
        raise UnmeasuredError("the provider was asked less than twice")
    of_prompts = f"common beginning of {len(shares)} consecutive prompts"
    return [
        at_least(f"of {asked} automatic requests served alone", 100 * spared / asked, 50),
        at_least(of_prompts, 100 * statistics.mean(shares), 90),
    ]


async def typed(
    server: Server, provider: Provider, session: Session, kind: type[Document] = Document
) -> tuple[int, int]:
    """Play one typist; give the automatic requests and how many needed no provider."""
    document = kind(server, session.text, f"file:///bench/{session.name}")
    document.at = session.at
    asked = spared = skip = looks = 0
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
        request = asyncio.ensure_future(document.complete())  # noqa: TID251  — a bench has no App
        asked += 1
        done, _ = await asyncio.wait({request}, timeout=GAP_S * key.wait)
        items: list[dict[str, Any]] = request.result() if done else []
        spared += bool(items) and len(provider.calls) == before
        rest = session.goal[document.at :][: len(session.typed)]
        if items and rest.startswith(items[0]["insertText"]) and len(items[0]["insertText"]) > 8:
            looks += 1
            if looks % 3 == 0:
                document.accept(items[0])
                skip = len(items[0]["insertText"])
    document.close()
    return asked, spared


async def tokens_after_end(endpoint: Endpoint) -> list[Figure]:
    """Count the tokens that the server read of a stream after the end of what it showed of it."""
    waste: list[int] = []
    async with bench(endpoint, completion=AT_ONCE) as (server, provider):
        provider.piece_s = 0.004
        for number, session in enumerate(sessions(STDLIB, STREAMS)):
            line = session.typed.split("\n")[0]
            if not _is_statement(line):
                continue
            pieces = [*_tokens(line), "\n", *_tokens(_TOO_MUCH)]
            provider.answer = lambda _hole, pieces=pieces: pieces
            document = Document(server, session.text, f"file:///bench/{number}.py")
            document.at = session.at
            items = await document.complete()
            raw = (await server.ask("refact/completion/explain", {}))["raw"]
            shown = len(items[0]["insertText"]) if items else 0
            if endpoint.scripted or items:
                read = pieces if endpoint.scripted else _tokens(raw)
                starts = itertools.accumulate(map(len, read), initial=0)
                waste.append(sum(shown <= start < len(raw) for start in starts))
            document.close()
    if not waste:
        raise UnmeasuredError("the model suggested nothing that could be used")
    of = f"tokens read after the useful end of {len(waste)} streams"
    return [
        at_most(f"{of}, median", statistics.median(waste), 3, ""),
        at_most(f"{of}, p90", quantile(waste, 0.9), 20, ""),
    ]


def _is_statement(line: str) -> bool:
    try:
        ast.parse(line)
    except SyntaxError:
        return False
    return True


def _tokens(text: str) -> Sequence[str]:
    return TOKEN.findall(text)

"""The HTTP client: the one way by which requests to models leave the process.

It asks the switches (local-only, budget) before sending, writes every request that left to the
ledger, repeats only while nothing has reached the caller, and closes the socket when the caller
stops reading. It knows no wire format: a builder's bytes go out, a parser gets the bytes that come.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

from refact_lsp.core.events import Event, Finished
from refact_lsp.core.ledger import LedgerEntry, Outgoing, Purpose
from refact_lsp.core.problems import Problem, RefactError, refuse
from refact_lsp.core.program_spec import ProgramSpec
from refact_lsp.llm.adjustments import Memory, Remembered
from refact_lsp.llm.endpoint import Endpoint
from refact_lsp.llm.exchange import Answer, Call, Limits, Surroundings, Timeouts, answered, failed
from refact_lsp.llm.heads import cleaned
from refact_lsp.llm.proxies import proxy_for, proxy_host
from refact_lsp.llm.retry import BRIEF, PATIENT, Patience, delay_ms
from refact_lsp.llm.targets import Target, parse_target, refusal
from refact_lsp.llm.turns import Turns
from refact_lsp.llm.wire.base import HttpRequest, Parser

if TYPE_CHECKING:
    from refact_lsp.llm.network import Pool

_CONCURRENCY = {"machine": 4, "network": 8, "cloud": 16}
_QUOTED_BYTES = 2048
_SETTLE_S = 0.25  # after the end of an answer: time for its body to end, so that the socket is kept
_STREAM_BEGINS = (b"{", b"[", b"data", b"event", b"id", b":", b"retry")
_WANTED_LATER = ("failures", "learning", "transport_errors")
# Their debug logs hold headers, keys included.
_TALKATIVE = ("httpcore", "hpack", "h2")

OnRetry = Callable[[int, int, Problem], None]
Pause = Callable[[float], Awaitable[None]]


class Client:
    """Holds the connections to all providers; one on the App, closed with it.

    `record` is called once for every request that left, `gate` before each is sent (it raises to
    refuse). `local_only` is asked each time. `memory` keeps learned adjustments; `environ` is
    where proxy variables are looked up (none by default), `pause` waits before another try.
    """

    def __init__(
        self,
        *,
        record: Callable[[LedgerEntry], None],
        gate: Callable[[Outgoing], Awaitable[None]] | None = None,
        local_only: Callable[[], bool] = lambda: False,
        memory: Memory | None = None,
        environ: Mapping[str, str] | None = None,
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
        chance: Callable[[], float] | None = None,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._around = Surroundings(
            pool=self._pool,
            gate=gate,
            record=record,
            memory=memory or Remembered(),
            timeouts=timeouts or Timeouts(),
            limits=limits or Limits(),
        )
        self._local_only = local_only
        self._environ = environ or {}
        self._chance = chance or _chance
        self._wait = pause
        self._turns = Turns()
        # By proxy and file of more certificates: "" for none, None for connections without TLS.
        self._pools: dict[tuple[str | None, str | None], Pool] = {}
        self._opening = asyncio.Lock()

    async def stream(
        self,
        endpoint: Endpoint,
        request: HttpRequest,
        parser: Callable[[], Parser],
        purpose: Purpose,
        *,
        patience: Patience = PATIENT,
        on_retry: OnRetry | None = None,
    ) -> AsyncGenerator[Event]:
        """Send, and give the answer's events; `parser` makes a new parser for each try.

        `on_retry(tries so far, wait in ms, why)` is told before each wait. Cancelling the task
        closes the socket at once; a reader that may stop early wraps this in
        `contextlib.aclosing` for the same effect. Raises `RefactError`.
        """
        if endpoint.program is not None:
            running = self._run(endpoint.program, endpoint, request, parser(), purpose)
            async with aclosing(running) as events:
                async for event in events:
                    yield event
            return
        call = self._call(endpoint, request, purpose, encoding="identity")
        tried, shown = 0, False
        while True:
            tried += 1
            try:
                async with aclosing(self._events(call, parser())) as events:
                    async for event in events:
                        shown = True
                        yield event
            except RefactError as error:
                problem = error.problem
            else:
                return
            await self._pause(call, tried, problem, patience, on_retry, final=shown)
            call = self._call(endpoint, request, purpose, encoding="identity")

    async def fetch(
        self,
        endpoint: Endpoint,
        route: str,
        path: str = "",
        *,
        purpose: Purpose,
        method: str = "GET",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        patience: Patience = BRIEF,
    ) -> bytes:
        """Send, and give the whole body; for lists, probes and what else is small."""
        from refact_lsp.llm.failures import is_html

        request = HttpRequest(
            route=route, path=path, method=method, body=body, headers=headers or {}
        )
        tried = 0
        while True:
            call = self._call(endpoint, request, purpose, encoding="gzip, deflate")
            tried += 1
            try:
                async with self._turn(call), answered(call, self._around) as answer:
                    whole = b"".join([piece async for piece in answer.pieces()])
                    if not is_html(whole):
                        return whole
                    problem = failed(answer, whole)
            except RefactError as error:
                problem = error.problem
            await self._pause(call, tried, problem, patience, None, final=False)

    async def close(self) -> None:
        """Close every connection."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            await pool.aclose()

    async def _run(
        self,
        program: ProgramSpec,
        endpoint: Endpoint,
        request: HttpRequest,
        parser: Parser,
        purpose: Purpose,
    ) -> AsyncGenerator[Event]:
        """Ask a vendor's program; it speaks to its vendor, so local-only refuses it too."""
        from refact_lsp.llm.program import run_program

        if self._local_only():
            raise refuse(
                "privacy",
                f"Local-only is on, so {program.name} was not run.",
                "Choose a model that runs on this machine, or turn local-only off.",
                provider=endpoint.provider,
            )
        record = self._around.record
        events = run_program(program, endpoint, request, parser, purpose, record)
        async with aclosing(events):
            async for event in events:
                yield event

    def _call(
        self, endpoint: Endpoint, request: HttpRequest, purpose: Purpose, *, encoding: str
    ) -> Call:
        timeouts, own_ms = self._around.timeouts, endpoint.timeout_ms
        return Call(
            endpoint=endpoint,
            request=request,
            purpose=purpose,
            encoding=encoding,
            target=parse_target(endpoint.url(request.route, request.path), endpoint.provider),
            body=request.body,
            first_byte_s=(own_ms or timeouts.first_byte_ms) / 1000,
            idle_s=(own_ms or timeouts.idle_ms) / 1000,
        )

    async def _events(self, call: Call, parser: Parser) -> AsyncGenerator[Event]:
        from refact_lsp.llm.failures import is_html

        async with self._turn(call), answered(call, self._around) as answer:
            begun, shown, finished = b"", False, False
            async with aclosing(answer.pieces()) as pieces:
                async for piece in pieces:
                    if len(begun) < _QUOTED_BYTES:
                        begun += piece[:_QUOTED_BYTES]
                        if not shown and is_html(begun):
                            raise RefactError(failed(answer, await answer.beginning(pieces, begun)))
                    for event in _fed(parser, piece):
                        shown, finished = True, finished or isinstance(event, Finished)
                        yield event
                    if finished:
                        await _settle(pieces)
                        return
            for event in _ending(answer, parser, begun, shown=shown):
                finished = finished or isinstance(event, Finished)
                yield event
            if not finished:
                raise refuse(
                    "badResponse",
                    f"The answer of {call.target.host} ended before it was complete.",
                    "Try again; if it stays so, look at the server's log or the proxy in between.",
                )

    def _turn(self, call: Call):  # noqa: ANN202  — the type is contextlib's private one
        limit = call.endpoint.max_concurrency or _CONCURRENCY[call.endpoint.locality]
        return self._turns.turn(call.endpoint.provider, limit, call.purpose.role)

    async def _pause(
        self,
        call: Call,
        tried: int,
        problem: Problem,
        patience: Patience,
        on_retry: OnRetry | None,
        *,
        final: bool,
    ) -> None:
        """Wait until the next try, or raise the problem where there is none."""
        problem = cleaned(problem, call.secrets, call.endpoint.provider)
        wait_ms = None if final else delay_ms(tried, problem, patience, self._chance())
        if wait_ms is None:
            raise RefactError(problem)
        if on_retry:
            on_retry(tried, wait_ms, problem)
        await self._wait(wait_ms / 1000)

    async def _pool(self, endpoint: Endpoint, target: Target) -> "Pool":
        """Give the connections for a target that may be contacted."""
        local_only = self._local_only()
        proxy = proxy_for(target, endpoint.proxy, self._environ)
        refused = refusal(
            target,
            provider=endpoint.provider,
            allow_http=endpoint.allow_http,
            local_only=local_only,
            by_way_of=proxy_host(proxy, endpoint.provider) if proxy else None,
        )
        if refused:
            raise refused
        key = (proxy, endpoint.ca_file or "" if target.scheme == "https" else None)
        if key not in self._pools:
            async with self._opening:
                if key not in self._pools:
                    connect_s = self._around.timeouts.connect_ms / 1000
                    self._pools[key] = await asyncio.to_thread(
                        _open_pool, *key, connect_s=connect_s, provider=endpoint.provider
                    )
        return self._pools[key]


def _open_pool(
    proxy: str | None, ca_file: str | None, *, connect_s: float, provider: str
) -> "Pool":
    """Import what requests need and read the certificates: long enough to want a thread."""
    from importlib import import_module

    from refact_lsp.core.certificates import trusting
    from refact_lsp.llm.network import Pool

    for name in _WANTED_LATER:
        import_module(f"refact_lsp.llm.{name}")
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    context = None if ca_file is None else trusting(ca_file, provider=provider)
    return Pool(context, connect_s=connect_s, proxy=proxy)


def _chance() -> float:
    from random import random

    return random()  # noqa: S311  — spreads retries, guards nothing


def _fed(parser: Parser, piece: bytes) -> Iterator[Event]:
    """Give the events of a piece, and raise the failure that came with them only then."""
    yield from parser.feed(piece)
    yield from parser.feed(b"")


def _ending(answer: Answer, parser: Parser, begun: bytes, *, shown: bool) -> list[Event]:
    """Give what the parser makes of the end; a body that is no answer at all is quoted."""
    try:
        return list(parser.close())
    except RefactError:
        if shown or begun.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(_STREAM_BEGINS):
            raise
    raise RefactError(failed(answer, begun))


async def _settle(pieces: AsyncGenerator[bytes]) -> None:
    """Let the body end after its last event, so that the connection can be used again."""
    with suppress(TimeoutError, RefactError):
        async with asyncio.timeout(_SETTLE_S):
            async for _ in pieces:
                pass

"""One request until its answer begins.

It is sent again where the server's first words ask for it: a fresh token, a moved address, a
parameter left out. Each sending is one ledger entry. What only a request needs is imported by it:
the client itself lies on the way of starting up.
"""

import asyncio
import logging
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Mapping,
)
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import msgspec

from refact_lsp.core.ledger import LedgerEntry, Outgoing, Purpose
from refact_lsp.core.problems import Problem, ProblemKind, RefactError, refuse
from refact_lsp.llm.adjustments import Adjustment, Memory, apply
from refact_lsp.llm.bodies import decoder
from refact_lsp.llm.endpoint import Endpoint
from refact_lsp.llm.heads import Head, head, secrets
from refact_lsp.llm.targets import Target, parse_target, redirected
from refact_lsp.llm.wire.base import HttpRequest

if TYPE_CHECKING:
    import httpcore

    from refact_lsp.llm.network import Pool

log = logging.getLogger(__name__)

_UNAUTHORIZED = 401
_REFUSED = (400, 422)
_MOVED, _MOVED_AS_IT_IS = (301, 302, 303, 307, 308), (307, 308)
_QUOTED_CHARS = 200
_TUNNEL_STEPS = 3  # connecting, CONNECT, TLS
_MOST_HOPS, _MOST_LESSONS = 3, 4


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait; an endpoint's own `timeout_ms` replaces the last two."""

    connect_ms: int = 10_000
    first_byte_ms: int = 300_000  # a local runtime may load the model first
    idle_ms: int = 180_000  # between two pieces: some models think in silence; comments count


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The most that is read of one answer, after decompression."""

    answer_bytes: int = 256 << 20
    refusal_bytes: int = 64 << 10


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What an exchange needs of the client."""

    pool: Callable[[Endpoint, Target], Awaitable["Pool"]]
    gate: Callable[[Outgoing], Awaitable[None]] | None
    record: Callable[[LedgerEntry], None]
    memory: Memory
    timeouts: Timeouts
    limits: Limits


@dataclass(slots=True, kw_only=True)
class Call:
    """A request on its way, as it stands after what the server has said so far."""

    endpoint: Endpoint
    request: HttpRequest
    purpose: Purpose
    encoding: str
    target: Target
    body: bytes
    first_byte_s: float
    idle_s: float
    credentials: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    refreshed: bool = False
    hops: int = 0
    lessons: list[Adjustment] = field(default_factory=list[Adjustment])

    @property
    def secrets(self) -> set[str]:
        layers = (self.endpoint.headers, self.credentials)
        return secrets(layers, (parse_target(self.endpoint.url(*self._place)), self.target))

    @property
    def _place(self) -> tuple[str, str]:
        return self.request.route, self.request.path


class Answer(msgspec.Struct, kw_only=True):
    """An answer whose head has come."""

    call: Call
    around: Surroundings
    response: "httpcore.Response"
    headers: Mapping[str, str]
    bytes_in: int
    error: ProblemKind | None = None

    @property
    def status(self) -> int:
        return self.response.status

    async def pieces(self) -> AsyncGenerator[bytes]:
        """Give the body as it comes, decompressed; raises where it stops coming or is too long."""
        decode = decoder(self.headers.get("content-encoding", ""))
        left = self.around.limits.answer_bytes
        wait_s = self.call.first_byte_s
        source = aiter(cast("AsyncIterable[bytes]", self.response.stream))
        while (raw := await self._next(source, wait_s)) is not None:
            wait_s = self.call.idle_s
            self.bytes_in += len(raw)
            for piece in decode.feed(raw):
                left -= len(piece)
                if left < 0:
                    raise _too_long(self.call)
                yield piece
        if rest := decode.close():
            yield rest

    async def beginning(self, pieces: AsyncGenerator[bytes], first: bytes = b"") -> bytes:
        """Read enough of a refusal to understand it; `first` was read already."""
        body = bytearray(first)
        try:
            async for piece in pieces:
                body += piece
                if len(body) >= self.around.limits.refusal_bytes:
                    break
        except RefactError:
            if not body and self.status < _REFUSED[0]:
                raise
        return bytes(body[: self.around.limits.refusal_bytes])

    async def _next(self, source: AsyncIterator[bytes], wait_s: float) -> bytes | None:
        try:
            async with asyncio.timeout(wait_s):
                return await anext(source, None)
        except Exception as error:
            problem = self._stopped(error, wait_s)
            if problem is None:
                raise
        raise RefactError(problem)

    def _stopped(self, error: Exception, waited_s: float) -> Problem | None:
        """Say why no piece came; None for what is no failure of the connection."""
        from refact_lsp.llm.network import FAILURES
        from refact_lsp.llm.transport_errors import silence, transport_problem

        target, provider = self.call.target, self.call.endpoint.provider
        if isinstance(error, TimeoutError):
            return silence(target, provider, int(waited_s * 1000), begun=self.bytes_in > 0)
        if isinstance(error, FAILURES):
            return transport_problem(error, target, provider)
        return None


@asynccontextmanager
async def answered(call: Call, around: Surroundings) -> AsyncGenerator[Answer]:
    """Send, and give the answer once it is a good one; raises `RefactError` for any other."""
    memory, provider, model = around.memory, call.endpoint.provider, call.purpose.model
    call.body = apply(call.request.body, memory.recall(provider, model))
    call.credentials = await call.endpoint.authorize(call.refreshed)
    while True:
        async with _sent(call, around) as answer:
            if answer.status in range(200, 300):
                for lesson in call.lessons:
                    memory.remember(provider, model, lesson)
                yield answer
                return
            await _react(call, answer)


@asynccontextmanager
async def _sent(call: Call, around: Surroundings) -> AsyncGenerator[Answer]:
    """Send once, give the answer for the time of the block, and write it down."""
    endpoint, target = call.endpoint, call.target
    pool = await around.pool(endpoint, target)
    layers = (call.request.headers, endpoint.headers, call.credentials)
    headers = head(target, call.body, layers, encoding=call.encoding, provider=endpoint.provider)
    outgoing = Outgoing(
        provider=endpoint.provider,
        host=target.host,
        role=call.purpose.role,
        model=call.purpose.model,
        bytes_out=len(call.body) + len(target.path) + _size(headers),
        files=call.purpose.files,
    )
    if around.gate:
        await around.gate(outgoing)
    at, departure = datetime.now(UTC), _Departure(call.first_byte_s)
    answer: Answer | None = None
    error: ProblemKind | None = None
    try:
        response = await _response(call, pool, headers, departure, around.timeouts)
        got = {name.decode().lower(): value.decode("latin-1") for name, value in response.headers}
        answer = Answer(
            call=call,
            around=around,
            response=response,
            headers=got,
            bytes_in=_size(response.headers),
        )
        yield answer
    except RefactError as failure:
        error = failure.problem.kind
        raise
    except (asyncio.CancelledError, GeneratorExit):
        error = "cancelled"
        raise
    finally:
        try:
            if answer:
                await answer.response.aclose()
        finally:
            if departure.left:
                _record(outgoing, at, answer, error, around)


async def _response(
    call: Call, pool: "Pool", headers: Head, departure: "_Departure", timeouts: Timeouts
) -> "httpcore.Response":
    import httpcore

    from refact_lsp.llm.network import FAILURES, Request
    from refact_lsp.llm.transport_errors import silence, transport_problem

    target, provider = call.target, call.endpoint.provider
    connect: dict[str, object] = {"timeout": {"connect": timeouts.connect_ms / 1000}}
    request = Request(
        call.request.method,
        httpcore.URL(
            scheme=target.scheme.encode(),
            host=target.host.encode(),
            port=target.port,
            target=target.path.encode(),
        ),
        headers=headers,
        content=call.body,
        departs=departure.told,
        extensions=connect | {"trace": departure.traced} if pool.proxied else connect,
    )
    try:
        # Dialling is bounded by the pool, but nothing bounds what a proxy does before it.
        tunnel_s = _TUNNEL_STEPS * timeouts.connect_ms / 1000 if pool.proxied else None
        async with asyncio.timeout(tunnel_s) as deadline:
            departure.deadline = deadline
            return await pool.handle_async_request(request)
    except TimeoutError as error:
        waited_ms = int(call.first_byte_s * 1000)
        if departure.left:
            problem = silence(target, provider, waited_ms, begun=False)
        else:
            problem = transport_problem(error, target, provider)
    except FAILURES as error:
        problem = transport_problem(error, target, provider, proxied=pool.proxied)
    raise RefactError(problem)


async def _react(call: Call, answer: Answer) -> None:
    """Change the call so that it may be sent again, or raise what the refusal means."""
    from refact_lsp.llm.failures import classify
    from refact_lsp.llm.learning import learn

    endpoint, status = call.endpoint, answer.status
    body = await answer.beginning(answer.pieces())
    problem = classify(status, answer.headers, body, endpoint.provider, now=datetime.now(UTC))
    answer.error = problem.kind
    if status == _UNAUTHORIZED and not call.refreshed:
        call.refreshed = True
        fresh = await endpoint.authorize(call.refreshed)
        if fresh != call.credentials:
            call.credentials = fresh
            return
    elif status in _MOVED and (place := answer.headers.get("location")):
        keeps_method = call.request.method == "GET" or status in _MOVED_AS_IT_IS
        moved = redirected(call.target, place, endpoint.provider)
        if keeps_method and call.hops < _MOST_HOPS:
            call.target, call.hops = moved, call.hops + 1
            return
    elif status in _REFUSED and call.purpose.model and len(call.lessons) < _MOST_LESSONS:
        lesson = learn(call.body, body)
        if lesson is not None:
            log.info("%s: learned %s", endpoint.provider, type(lesson).__name__)
            call.body = apply(call.body, [lesson])
            call.lessons.append(lesson)
            return
    raise RefactError(problem)


class _Departure:
    """Notices that the request goes out; the wait counts from there."""

    def __init__(self, wait_s: float) -> None:
        self._wait_s = wait_s
        self.left = False
        self.deadline: asyncio.Timeout | None = None

    def told(self) -> None:
        self.left = True
        if self.deadline:
            self.deadline.reschedule(asyncio.get_running_loop().time() + self._wait_s)

    async def traced(self, step: str, details: Mapping[str, object]) -> None:
        """Notice it as httpcore's trace, which tells of the way through a proxy too."""
        tunnel = getattr(details.get("request"), "method", b"") == b"CONNECT"
        if step.endswith("send_request_headers.started") and not tunnel:
            self.told()


def _record(
    outgoing: Outgoing,
    at: datetime,
    answer: Answer | None,
    error: ProblemKind | None,
    around: Surroundings,
) -> None:
    around.record(
        LedgerEntry(
            at=at,
            provider=outgoing.provider,
            host=outgoing.host,
            role=outgoing.role,
            model=outgoing.model,
            bytes_out=outgoing.bytes_out,
            bytes_in=answer.bytes_in if answer else 0,
            files=outgoing.files,
            status=answer.status if answer else None,
            error=error or (answer.error if answer else None),
        )
    )


def _size(headers: Head) -> int:
    return sum(len(name) + len(value) + 4 for name, value in headers)


def _too_long(call: Call) -> RefactError:
    return refuse(
        "badResponse",
        f"The answer of {call.target.host} did not end within what is read of one.",
        "The model seems to run on without end; lower its limit of output tokens.",
        provider=call.endpoint.provider,
    )


def failed(answer: Answer, body: bytes) -> Problem:
    """Say what a body means that came with a good status and is no answer."""
    from refact_lsp.llm.failures import classify

    call, text = answer.call, " ".join(body.decode(errors="replace").split())
    if text and text[0] not in "<{[":
        return Problem(
            kind="badResponse",
            message=f"{call.target.host} answered with words of its own: {text[:_QUOTED_CHARS]}",
            hint="Check the provider's base URL: it seems to lead to another service.",
            status=answer.status,
        )
    provider = call.endpoint.provider
    return classify(answer.status, answer.headers, body, provider, now=datetime.now(UTC))

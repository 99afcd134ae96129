"""HTTP/1.1 on one connection, one request at a time; a drop-in for httpcore's own.

h11 writes and reads the heads. Bodies are read by `llm.frames`: an answer of twenty tokens is one
piece where it came in one, and costs a completion no state machine for each of them. Imports
httpcore, so it is imported where it is first needed.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Literal, cast

import h11
import httpcore  # noqa: TID253  — this module is imported at first use

from refact_lsp.llm.frames import FramingError, frames_of

_READ_BYTES = 64 * 1024
_LONGEST_HEAD_BYTES = 100 * 1024

Trace = Callable[[str, Mapping[str, object]], Awaitable[None]]


class Http1(httpcore.AsyncConnectionInterface):
    """Waits so many seconds for another request after one that left the connection in order."""

    def __init__(
        self, origin: httpcore.Origin, stream: httpcore.AsyncNetworkStream, keepalive_expiry: float
    ) -> None:
        self._origin = origin
        self._line = stream
        self._keep_s = keepalive_expiry
        self._state: Literal["new", "busy", "idle", "closed"] = "new"
        self._idle_until_s = 0.0

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        if self._state not in ("new", "idle"):
            raise httpcore.ConnectionNotAvailable
        self._state = "busy"
        try:
            head, begun = await self._asked(request)
        except (h11.ProtocolError, FramingError) as failure:
            await self.aclose()
            raise httpcore.RemoteProtocolError(failure) from None
        except BaseException:
            await self.aclose()
            raise
        body = _Body(self, self._line, head, begun)
        return httpcore.Response(head.status_code, headers=head.headers.raw_items(), content=body)

    async def finished(self, *, in_order: bool) -> None:
        """Take the end of an answer: the next request may come, or the connection is closed."""
        if in_order and self._state == "busy":
            self._state = "idle"
            self._idle_until_s = time.monotonic() + self._keep_s
            await asyncio.sleep(0)  # a close that comes right behind the answer is seen in time
        else:
            await self.aclose()

    async def aclose(self) -> None:
        self._state = "closed"
        await self._line.aclose()

    def info(self) -> str:
        return f"HTTP/1.1, {self._state}"

    def can_handle_request(self, origin: httpcore.Origin) -> bool:
        return origin == self._origin

    def is_available(self) -> bool:
        return self._state == "idle"

    def has_expired(self) -> bool:
        # Whatever can be read of an idle connection is its end.
        return self._state == "idle" and (
            time.monotonic() > self._idle_until_s or self._line.get_extra_info("is_readable")
        )

    def is_idle(self) -> bool:
        return self._state == "idle"

    def is_closed(self) -> bool:
        return self._state == "closed"

    async def _asked(self, request: httpcore.Request) -> tuple[h11.Response, bytes]:
        """Send a request; give the head of its answer and what came behind that."""
        trace = cast("Trace", request.extensions["trace"])  # pyright: ignore[reportUnknownMemberType]  # httpcore leaves it open
        await trace("http11.send_request_headers.started", {})
        state = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD_BYTES)
        sent = h11.Request(
            method=request.method, target=request.url.target, headers=request.headers
        )
        with suppress(httpcore.WriteError):  # who answers before all is read says why
            await self._line.write(state.send(sent) or b"")
            async for piece in cast("AsyncIterable[bytes]", request.stream):
                await self._line.write(piece)
        while True:
            event = state.next_event()
            if isinstance(event, h11.Response):
                return event, state.trailing_data[0]
            if event is h11.NEED_DATA:
                data = await self._line.read(_READ_BYTES)
                if not data:
                    raise FramingError("the server closed the connection without an answer")
                state.receive_data(data)


class _Body:
    """The body of one answer, in the pieces in which it comes."""

    def __init__(
        self, connection: Http1, line: httpcore.AsyncNetworkStream, head: h11.Response, begun: bytes
    ) -> None:
        headers = dict(head.headers)
        self._connection = connection
        self._line = line
        self._begun = begun
        self._frames = frames_of(head.status_code, headers)
        closes = b"close" in headers.get(b"connection", b"").lower()
        self._keeps = head.http_version == b"1.1" and not closes

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        frames, data = self._frames, self._begun
        try:
            while True:
                if data and (piece := frames.feed(data)):
                    yield piece
                if frames.ended:
                    return
                data = await self._line.read(_READ_BYTES)
                if not data:
                    frames.close()
        except FramingError as error:
            if error.body:
                yield error.body
            raise httpcore.RemoteProtocolError(error) from None

    async def aclose(self) -> None:
        frames = self._frames
        await self._connection.finished(in_order=self._keeps and frames.ended and not frames.rest)

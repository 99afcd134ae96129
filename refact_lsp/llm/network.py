"""Sockets and connection pools under `llm.client`, on httpcore, the engine of httpx.

Imports httpcore, so it is imported where it is first needed. What httpx does not give and a
language server needs is here: a cancel that drops the socket at once, and on HTTP/2 one that tells
the server (RST_STREAM): httpcore forgets a cancelled stream silently, and the model would go on
generating at the user's cost.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any, cast

import h11
import httpcore  # noqa: TID253  — this module is imported at first use
from h2.errors import ErrorCodes  # noqa: TID253  — as above
from h2.exceptions import ProtocolError  # noqa: TID253  — as above

from refact_lsp.llm import by_proxy
from refact_lsp.llm.targets import is_loopback

_MOST_KEPT = 20  # connections; llm.turns bounds what runs at a time
KEEP_IDLE_S = 120.0  # shorter than what home routers and load balancers forget silently
_HIGH_WATER_BYTES = 1 << 20
_EYEBALLS_S = 0.25  # RFC 8305: head start of one address family over the other
_PROBES = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
# Without a look-up: /etc/hosts and resolvers are not trusted with what counts as this machine.
_LOOPBACK = ("127.0.0.1", "::1")

FAILURES: tuple[type[Exception], ...] = (
    OSError,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
    ProtocolError,  # httpcore lets those of an HTTP/2 answer's body through
)

Dial = Callable[[httpcore.Origin], Awaitable["Line"]]


class Line(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """One TCP or TLS connection. Timeouts are the caller's: a cancelled wait leaves it usable."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._unsent: list[bytes] = []
        self._ended = False
        self._error: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        line = self._transport.get_extra_info("socket")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _PROBES.items():  # a network that died is noticed in a minute
            if hasattr(socket, name):
                line.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._transport and len(self._buffer) > _HIGH_WATER_BYTES:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended, self._error = True, exc
        self._writable.set()
        self._wake()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    @property
    def ended(self) -> bool:
        """True once the other side has closed."""
        return self._ended

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  — httpcore's interface
        self._flush()  # the writer comes to wait
        async with asyncio.timeout(timeout):
            while not self._buffer and not self._ended:
                self._reader = asyncio.get_running_loop().create_future()
                await self._reader
        if self._buffer:
            data = bytes(self._buffer[:max_bytes])
            del self._buffer[:max_bytes]
            if self._transport and not self._ended and len(self._buffer) <= _HIGH_WATER_BYTES:
                self._transport.resume_reading()
            return data
        if self._error:
            raise httpcore.ReadError(self._error)
        return b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109  — httpcore's interface
        if not buffer:
            return
        if self._transport is None or self._transport.is_closing():
            raise httpcore.WriteError(self._error or "closed")
        if not self._unsent:  # head and body go out together
            asyncio.get_running_loop().call_soon(self._flush)
        self._unsent.append(buffer)
        if len(buffer) > _HIGH_WATER_BYTES:
            self._flush()
        if not self._writable.is_set():
            async with asyncio.timeout(timeout):
                await self._writable.wait()

    async def aclose(self) -> None:
        self._unsent.clear()
        if self._transport:
            self._transport.abort()

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401  — httpcore's interface
        if info == "is_readable":  # asked of idle connections: anything to read means it is over
            return self._ended or bool(self._buffer)
        return self._transport.get_extra_info(info) if self._transport else None

    @property
    def speaks_http2(self) -> bool:
        tls = self.get_extra_info("ssl_object")
        return tls is not None and tls.selected_alpn_protocol() == "h2"

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        if unsent and self._transport and not self._transport.is_closing():
            self._transport.write(b"".join(unsent))

    def _wake(self) -> None:
        if self._reader and not self._reader.done():
            self._reader.set_result(None)


class Request(httpcore.Request):
    """Calls `departs` when it goes out; httpcore's own connections tell that to its `trace`."""

    def __init__(
        self,
        method: str,
        url: httpcore.URL,
        headers: Sequence[tuple[bytes, bytes]],
        content: bytes,
        *,
        departs: Callable[[], None],
        extensions: dict[str, object],
    ) -> None:
        super().__init__(method, url, headers=headers, content=content, extensions=extensions)
        self.departs = departs


def _tell(request: httpcore.Request) -> None:
    if isinstance(request, Request):
        request.departs()


class _Http1(httpcore.AsyncHTTP11Connection):
    """Gives the pieces of a body that came together as one: a server's tokens are chunks of it.

    Leans on five private names of httpcore 1.0; tests/llm/test_client.py fails where they change.
    """

    def __init__(self, origin: httpcore.Origin, line: Line, keep_s: float) -> None:
        super().__init__(origin, line, keep_s)
        self._state_lock = contextlib.nullcontext()  # what is done under it takes no turn

    async def _send_request_headers(self, request: httpcore.Request) -> None:
        _tell(request)
        await super()._send_request_headers(request)

    async def _response_closed(self) -> None:
        await super()._response_closed()
        if self.is_idle():
            await asyncio.sleep(0)  # a close that comes right behind the answer is seen in time

    async def _receive_response_body(self, request: httpcore.Request) -> AsyncGenerator[bytes]:  # noqa: ARG002  — httpcore's interface
        failure: Exception | None = None
        event = await self._receive_event()
        while isinstance(event, h11.Data):
            pieces: list[bytes | bytearray] = []
            try:
                while isinstance(event, h11.Data):
                    pieces.append(event.data)
                    event = self._h11_state.next_event()
            except h11.RemoteProtocolError as error:
                failure = httpcore.RemoteProtocolError(error)
            yield b"".join(pieces)
            if failure:
                raise failure
            if event is h11.NEED_DATA:
                event = await self._receive_event()


class _Http2(httpcore.AsyncHTTP2Connection):
    """Tells the server about a stream that nobody reads on, and notices that the server has gone.

    Leans on six private names of httpcore 1.0; tests/llm/test_http2.py fails where they change.
    """

    def __init__(self, origin: httpcore.Origin, line: Line, keep_s: float) -> None:
        super().__init__(origin, line, keep_s)
        # As above; cancelled in a turn for it, the connection would stay busy with nothing.
        self._state_lock = contextlib.nullcontext()

    async def _send_request_headers(self, request: httpcore.Request, stream_id: int) -> None:
        _tell(request)
        await super()._send_request_headers(request, stream_id)

    async def _response_closed(self, stream_id: int) -> None:
        state = self._h2_state
        stream = state.streams.get(stream_id)
        try:
            if stream is not None and not stream.closed:
                # Who said goodbye (GOAWAY) is told nothing more: h2 refuses.
                with contextlib.suppress(ProtocolError, httpcore.WriteError):
                    state.reset_stream(stream_id, error_code=ErrorCodes.CANCEL)
                    await self._network_stream.write(state.data_to_send())
        finally:
            await super()._response_closed(stream_id)

    @property
    def _gone(self) -> bool:
        return isinstance(self._network_stream, Line) and self._network_stream.ended

    def is_available(self) -> bool:
        return not self._gone and super().is_available()

    def has_expired(self) -> bool:
        # What came before the end may still be read.
        return super().has_expired() or (self._gone and not self._events)


class _Connection(httpcore.AsyncConnectionInterface):
    """One entry of the pool: dials for the request that it was made for, then serves any.

    Until then it is not available, so that no other request waits for that one's dialling.
    """

    def __init__(self, origin: httpcore.Origin, dial: Dial) -> None:
        self._origin = origin
        self._dial = dial
        self._inner: httpcore.AsyncConnectionInterface | None = None
        self._failed = False

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        if self._inner is None:
            try:
                line = await self._dial(self._origin)
            except BaseException:
                self._failed = True
                raise
            kind = _Http2 if line.speaks_http2 else _Http1
            self._inner = kind(self._origin, line, KEEP_IDLE_S)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        if self._inner is not None:
            await self._inner.aclose()

    def info(self) -> str:
        return self._inner.info() if self._inner else "connecting"

    def can_handle_request(self, origin: httpcore.Origin) -> bool:
        return origin == self._origin

    def is_available(self) -> bool:
        return self._inner.is_available() if self._inner else False

    def has_expired(self) -> bool:
        return self._inner.has_expired() if self._inner else False

    def is_idle(self) -> bool:
        return self._inner.is_idle() if self._inner else False

    def is_closed(self) -> bool:
        return self._inner.is_closed() if self._inner else self._failed


class Pool(httpcore.AsyncConnectionPool):
    """The connections that share one way of dialling: same certificates, HTTP version and proxy.

    Through a proxy, httpcore's own connections are used, with HTTP/1.1: a cancel then closes.
    """

    def __init__(
        self, context: ssl.SSLContext | None, *, connect_s: float, proxy: str | None = None
    ) -> None:
        if context and proxy is None:
            context.set_alpn_protocols(["h2", "http/1.1"])
        self._context = context
        self._connect_s = connect_s
        super().__init__(
            ssl_context=context,
            proxy=by_proxy.proxy_at(proxy) if proxy else None,
            keepalive_expiry=KEEP_IDLE_S,
        )

    def create_connection(self, origin: httpcore.Origin) -> httpcore.AsyncConnectionInterface:
        if self._proxy is not None:
            return by_proxy.Connection(super().create_connection(origin))
        return _Connection(origin, self._dialled)

    @property
    def proxied(self) -> bool:
        return self._proxy is not None

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send on a connection that stands open, else on a new one, past httpcore's queue.

        That bounds connections, and keeps for good what is cancelled while its answer is put away.
        """
        await self._put_away()
        while True:
            # Not available after all: the server said goodbye and did not take it.
            with contextlib.suppress(httpcore.ConnectionNotAvailable):
                connection = self._free(request.url.origin)
                return await connection.handle_async_request(request)

    def _free(self, origin: httpcore.Origin) -> httpcore.AsyncConnectionInterface:
        for connection in self._connections:
            if connection.can_handle_request(origin) and connection.is_available():
                return connection
        connection = self.create_connection(origin)
        self._connections.append(connection)
        return connection

    async def _put_away(self) -> None:
        """Close what is over, and idle connections beyond the most that are kept.

        One after the other: a cancel in between leaves the rest to the next request.
        """
        for connection in self.connections:
            if connection not in self._connections:  # closed meanwhile, for another request
                continue
            closed = connection.is_closed()
            surplus = connection.is_idle() and len(self._connections) > _MOST_KEPT
            if closed or surplus or connection.has_expired():
                self._connections.remove(connection)
                if not closed:
                    await connection.aclose()

    async def _dialled(self, origin: httpcore.Origin) -> Line:
        try:
            async with asyncio.timeout(self._connect_s):
                return await self._dial(origin)
        except TimeoutError:
            raise httpcore.ConnectTimeout from None

    async def _dial(self, origin: httpcore.Origin) -> Line:
        host = origin.host.decode("ascii")
        tls = self._context if origin.scheme == b"https" else None
        numeric = ":" in host or host.replace(".", "").isdigit()
        here_by_name = is_loopback(host) and not numeric
        refused: OSError | None = None
        for address in _LOOPBACK if here_by_name else (host,):
            try:
                _, line = await asyncio.get_running_loop().create_connection(
                    Line,
                    address,
                    origin.port,
                    ssl=tls,
                    server_hostname=host if tls else None,
                    # A race of one would lose its socket where it is cancelled as it is won.
                    happy_eyeballs_delay=None if here_by_name or numeric else _EYEBALLS_S,
                )
            except OSError as error:
                refused = refused or error
            else:
                return line
        raise refused or OSError("no address")

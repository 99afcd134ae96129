"""A small HTTP/2 server over TLS: begins every answer, ends those that it is told to end."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
import h2.exceptions


@dataclass
class Http2Server:
    """`begin` is sent at once; a stream is ended only where `ends`.

    Where it `leaves` it says goodbye to the next request instead, and serves that connection no
    more.
    """

    begin: bytes
    ends: bool
    leaves: bool = False
    port: int = 0
    connections: int = 0
    streams: int = 0
    resets: list[int] = field(default_factory=list[int])
    open: "list[_Connection]" = field(default_factory=list["_Connection"])
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def end_connections(self, *, late: bytes = b"") -> None:
        """Say goodbye (GOAWAY) on every connection and close it; `late` comes behind for each."""
        for connection in self.open:
            for stream in connection.state.streams if late else ():
                connection.state.send_data(stream, late)
            behind = connection.state.data_to_send()
            connection.state.close_connection()
            connection.transport.write(connection.state.data_to_send() + behind)
        self.close_connections()

    def close_connections(self) -> None:
        for connection in self.open:
            connection.transport.close()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not condition():
                self.changed.clear()
                await self.changed.wait()


class _Connection(asyncio.Protocol):
    def __init__(self, server: Http2Server) -> None:
        self.server = server
        config = h2.config.H2Configuration(client_side=False)
        self.state = h2.connection.H2Connection(config=config)
        self.left = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.server.connections += 1
        self.server.open.append(self)
        self.state.initiate_connection()
        self.transport.write(self.state.data_to_send())

    def data_received(self, data: bytes) -> None:
        for event in () if self.left else self.state.receive_data(data):
            match event:
                case h2.events.RequestReceived(stream_id=int(number)) if self.server.leaves:
                    self.server.leaves, self.left = False, True
                    self.state.close_connection(last_stream_id=number - 2)
                    break
                case h2.events.RequestReceived(stream_id=int(number)):
                    self.server.streams += 1
                    self.server.changed.set()
                    with contextlib.suppress(h2.exceptions.StreamClosedError):
                        self._answer(number)  # its reset may have come along with it
                case h2.events.StreamReset(stream_id=number):
                    self.server.resets.append(number)
                    self.server.changed.set()
                case _:
                    pass
        self.transport.write(self.state.data_to_send())

    def _answer(self, stream: int) -> None:
        begin, most = self.server.begin, self.state.max_outbound_frame_size
        self.state.send_headers(stream, [(":status", "200")])
        for at in range(0, len(begin), most):
            self.state.send_data(stream, begin[at : at + most])
        if self.server.ends:
            self.state.end_stream(stream)


@contextlib.asynccontextmanager
async def http2_server(
    tls: ssl.SSLContext, begin: bytes, *, ends: bool
) -> AsyncGenerator[Http2Server]:
    server = Http2Server(begin, ends)
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(lambda: _Connection(server), "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()

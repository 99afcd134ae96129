"""Requests by way of a proxy, on httpcore's own connections, for `llm.network`.

Those wait in turn for locks, safe from httpcore's cancellation but not from that of a task: one
that is cancelled in such a turn leaves its connection taken for good, and the socket open. So a
connection is closed here whose request is over without having given it back.
"""

from collections.abc import AsyncIterable, AsyncIterator
from typing import cast
from urllib.parse import unquote, urlsplit

import httpcore  # noqa: TID253  — this module is imported at first use


def proxy_at(url: str) -> httpcore.Proxy:
    """Give the proxy at an address that may hold a name and a password."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    port = f":{parts.port}" if parts.port else ""
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return httpcore.Proxy(f"{parts.scheme}://{host}{port}", auth=auth)


class Connection(httpcore.AsyncConnectionInterface):
    """One entry of the pool: from the moment that it is chosen it serves one request alone.

    httpcore's own takes a request only some turns later, in which it would be chosen once more.
    """

    def __init__(self, inner: httpcore.AsyncConnectionInterface) -> None:
        self._inner = inner
        self._taken = False
        self._closed = False

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        self._taken = True
        try:
            response = await self._inner.handle_async_request(request)
        except BaseException:
            await self.aclose()
            raise
        body = _Body(self, response)
        return httpcore.Response(response.status, headers=response.headers, content=body)

    async def give_back(self) -> None:
        """Serve others from now on, or close where the answer was not read to its end."""
        if self._inner.is_idle():
            self._taken = False
        else:
            await self.aclose()

    async def aclose(self) -> None:
        self._closed = True
        await self._inner.aclose()

    def info(self) -> str:
        return self._inner.info()

    def can_handle_request(self, origin: httpcore.Origin) -> bool:
        return self._inner.can_handle_request(origin)

    def is_available(self) -> bool:
        return not self._taken and not self.is_closed() and self._inner.is_available()

    def has_expired(self) -> bool:
        return not self._taken and self._inner.has_expired()

    def is_idle(self) -> bool:
        return not self._taken and self._inner.is_idle()

    def is_closed(self) -> bool:
        return self._closed or self._inner.is_closed()


class _Body:
    """The body of an answer; once it is closed, its connection is idle or closed as well."""

    def __init__(self, connection: Connection, response: httpcore.Response) -> None:
        self._connection = connection
        self._response = response
        self._open = True

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(cast("AsyncIterable[bytes]", self._response.stream))

    async def aclose(self) -> None:
        if not self._open:  # another request may have the connection by now
            return
        self._open = False
        try:
            await self._response.aclose()
        finally:
            await self._connection.give_back()

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


async def send(
    connection: httpcore.AsyncConnectionInterface, request: httpcore.Request
) -> httpcore.Response:
    """Send a request on a connection that serves one at a time."""
    try:
        response = await connection.handle_async_request(request)
    except httpcore.ConnectionNotAvailable:  # another request has it
        raise
    except BaseException:
        await connection.aclose()
        raise
    body = _Body(connection, response)
    return httpcore.Response(response.status, headers=response.headers, content=body)


class _Body:
    """The body of an answer; once it is closed, its connection is idle or closed as well."""

    def __init__(
        self, connection: httpcore.AsyncConnectionInterface, response: httpcore.Response
    ) -> None:
        self._connection = connection
        self._response = response

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(cast("AsyncIterable[bytes]", self._response.stream))

    async def aclose(self) -> None:
        try:
            await self._response.aclose()
        finally:
            if not self._connection.is_idle():
                await self._connection.aclose()

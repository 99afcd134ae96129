"""The way back from the browser: a server on this machine that takes one good answer."""

import asyncio
import hmac
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

_HEAD_BYTES = 16_384
_PATIENCE_S = 10.0

_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>refact-lsp</title>'
    '<body style="font: 1.1rem/1.5 system-ui, sans-serif; margin: 15vh auto; max-width: 32rem">'
    "<h1>{title}</h1><p>{text}</p></body></html>"
)
_GOOD = ("Thank you", "The answer has arrived. You can close this tab and go back to your editor.")
_REFUSED = ("Not signed in", "The service did not allow the access. Your editor says what to do.")
_STRANGE = ("Nothing to see here", "This address waits for another answer.")


class WayBack(NamedTuple):
    """What the browser brought: a code, or the service's error."""

    code: str | None
    error: str | None


class LoopbackServer:
    """Listens until closed; hands over what came with the right path and state, and only that."""

    def __init__(self, path: str, state: str, arrived: Callable[[WayBack], None]) -> None:
        self._path = path
        self._state = state
        self._arrived = arrived
        self._servers: list[asyncio.Server] = []
        self.port = 0

    async def open(self, port: int | None, *, both: bool) -> bool:
        """Listen on that port or a free one; `both` adds IPv6, which `localhost` may mean."""
        try:
            first = await asyncio.start_server(
                self._serve, "127.0.0.1", port or 0, limit=_HEAD_BYTES
            )
        except OSError:
            return False
        self._servers.append(first)
        self.port = first.sockets[0].getsockname()[1]
        if both:
            with suppress(OSError):
                self._servers.append(
                    await asyncio.start_server(self._serve, "::1", self.port, limit=_HEAD_BYTES)
                )
        return True

    async def close(self) -> None:
        """Stop listening."""
        servers, self._servers = self._servers, []
        for server in servers:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(
            OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError
        ):
            async with asyncio.timeout(_PATIENCE_S):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                status, page, found = self._judge(head)
                writer.write(_response(status, *page))
                await writer.drain()
                if found is not None:
                    self._arrived(found)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    def _judge(self, head: list[str]) -> tuple[str, tuple[str, str], WayBack | None]:
        strange = ("404 Not Found", _STRANGE, None)
        method, _, rest = head[0].partition(" ")
        target = urlsplit(rest.partition(" ")[0])
        # A page elsewhere whose name was bent to this machine says its own name here.
        hosts = [line.partition(":")[2].strip() for line in head if line.lower()[:5] == "host:"]
        names = {f"{name}:{self.port}" for name in ("127.0.0.1", "localhost", "[::1]")}
        if method != "GET" or target.path != self._path or not set(hosts) <= names or not hosts:
            return strange
        query = parse_qs(target.query)
        state, code = query.get("state", [""]), query.get("code", [""])
        if len(state) != 1 or not hmac.compare_digest(state[0].encode(), self._state.encode()):
            return ("400 Bad Request", _STRANGE, None)
        if "error" in query:
            return ("200 OK", _REFUSED, WayBack(None, query["error"][0]))
        if len(code) != 1 or not code[0]:
            return ("400 Bad Request", _STRANGE, None)
        return ("200 OK", _GOOD, WayBack(code[0], None))


def _response(status: str, title: str, text: str) -> bytes:
    page = _PAGE.format(title=title, text=text).encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(page)}\r\nConnection: close\r\nCache-Control: no-store\r\n"
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
        "Referrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n\r\n"
    )
    return head.encode() + page

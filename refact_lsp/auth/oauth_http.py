"""The HTTP of sign-in: one POST to a service, https or loopback only, no redirect followed.

Nothing that was sent or answered is put into a message: both hold secrets.
"""

import asyncio
import ipaddress
import re
import ssl
from collections.abc import Callable, Mapping
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

import msgspec

from refact_lsp.core.certificates import trusting
from refact_lsp.core.problems import RefactError, refuse

_TIMEOUT_S = 20.0
_MOST_BYTES = 1 << 20


class Exchanged(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger is told of a request."""

    host: str
    bytes_out: int
    bytes_in: int
    status: str


class Web(msgspec.Struct, frozen=True, kw_only=True):
    """How requests leave: the provider's proxy and CA file, and who is told of each."""

    proxy: str | None = None
    ca_file: str | None = None
    timeout_s: float = _TIMEOUT_S
    record: Callable[[Exchanged], None] | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A service's answer; `error` is its OAuth error code, whatever the status says."""

    status: int
    fields: dict[str, Any]
    error: str | None

    def text(self, name: str) -> str | None:
        """Give a field where it is a text that is not empty."""
        value = self.fields.get(name)
        return value if isinstance(value, str) and value else None

    def seconds(self, name: str) -> float | None:
        """Give a field where it is a number of seconds, also one written as text."""
        try:
            value = float(self.fields.get(name) or 0)
        except (TypeError, ValueError):
            return None
        return value if 0 < value < float("inf") else None


async def post(
    url: str, fields: Mapping[str, str], *, body: Literal["form", "json"], web: Web
) -> Answer:
    """Send the fields; raises `network`, `timeout` or `badResponse` where no answer came."""
    import httpx

    host = check_address(url)
    content = msgspec.json.encode(fields) if body == "json" else urlencode(fields).encode()
    headers = {
        "Accept": "application/json",
        "Content-Type": f"application/{'json' if body == 'json' else 'x-www-form-urlencoded'}",
    }
    trust = await asyncio.to_thread(_trust, web, urlsplit(url).scheme)
    status, received = "network", b""
    try:
        async with (
            httpx.AsyncClient(
                proxy=web.proxy,
                verify=trust,
                timeout=web.timeout_s,
                follow_redirects=False,
                # A loopback service is never behind the environment's proxy.
                trust_env=not _is_loopback(host),
            ) as client,
            client.stream("POST", url, content=content, headers=headers) as response,
        ):
            status = str(response.status_code)
            async for piece in response.aiter_bytes():
                received += piece
                if len(received) > _MOST_BYTES:
                    raise _unreadable(host, "its answer has no end")
            return _answer(response.status_code, received, host)
    except httpx.TimeoutException as error:
        raise refuse(
            "timeout",
            f"The sign-in service {host} did not answer in time.",
            "Try again; behind a company proxy, set the provider's proxy.",
        ) from error
    except (httpx.HTTPError, OSError) as error:
        raise refuse(
            "network",
            f"The sign-in service {host} could not be reached ({type(error).__name__}).",
            "Look at the network connection; behind a company proxy, set the provider's proxy "
            "and CA file.",
        ) from error
    finally:
        if web.record is not None:
            web.record(
                Exchanged(host=host, bytes_out=len(content), bytes_in=len(received), status=status)
            )


def check_address(url: str) -> str:
    """Refuse an address where a secret must not go; gives its host."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    encrypted = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))
    if host and encrypted and parts.username is None:
        return host
    raise refuse(
        "invalidRequest",
        "The sign-in service's address is neither https nor on this machine.",
        "Correct the address in the provider's settings.",
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _trust(web: Web, scheme: str) -> ssl.SSLContext:
    """Load the certificates to trust, which takes a moment; unencrypted loopback needs none."""
    if scheme == "http":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return trusting(web.ca_file or "")


def _answer(status: int, content: bytes, host: str) -> Answer:
    if 300 <= status < 400:  # noqa: PLR2004  — redirects (RFC 9110, 15.4)
        raise _unreadable(host, "it points elsewhere")
    try:
        fields = msgspec.json.decode(content or b"{}", type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise _unreadable(host, f"it answers {status} without JSON") from error
    found = fields.get("error")
    code = found if isinstance(found, str) and re.fullmatch(r"[a-z_]{1,64}", found) else None
    if code is None and (found or status >= 400):  # noqa: PLR2004  — errors (RFC 9110, 15.5)
        code = f"status {status}"
    return Answer(status=status, fields=fields, error=code)


def _unreadable(host: str, why: str) -> RefactError:
    return refuse(
        "badResponse",
        f"The sign-in service {host} cannot be used: {why}.",
        "Look whether a proxy or a login page stands in between.",
    )

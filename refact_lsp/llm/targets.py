"""Addresses: where a request goes, and whether it may go there. Pure; resolves no name."""

import ipaddress
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote, unquote, urljoin, urlsplit

from refact_lsp.core.problems import RefactError, refuse

_PORTS = {"http": 80, "https": 443}
_KEPT = 256  # addresses whose parts are remembered: each completion asks for the same one
_SAFE = "/%:@!$&'()*+,;=-._~"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One parsed address; `path` has the query, `userinfo` is `user:password` where it has one."""

    scheme: str
    host: str
    port: int
    path: str
    userinfo: str | None = field(default=None, repr=False)

    @property
    def authority(self) -> str:
        """Host and port as the Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def shown(self) -> str:
        """The address as it may be shown: no user, no query, no fragment."""
        return f"{self.scheme}://{self.authority}{self.path.partition('?')[0]}"

    @property
    def loopback(self) -> bool:
        return is_loopback(self.host)


@lru_cache(_KEPT)
def parse_target(url: str, provider: str | None = None) -> Target:
    """Take an http(s) address apart; raises `invalidRequest` for anything else."""
    parts, host, port = urlsplit(""), "", 0
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode() if parts.hostname else ""
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):  # UnicodeError is a ValueError
        host = ""
    if not host:
        raise refuse(
            "invalidRequest",
            "The provider's address is not a web address.",
            "Write it with its scheme and host, for example http://127.0.0.1:8080/v1.",
            field="baseUrl",
            provider=provider,
        )
    query = f"?{quote(parts.query, safe=_SAFE + '?')}" if parts.query else ""
    user, at, _ = parts.netloc.rpartition("@")
    return Target(
        scheme=parts.scheme,
        host=host,
        port=port,
        path=(quote(parts.path, safe=_SAFE) or "/") + query,
        userinfo=unquote(user) if at else None,
    )


def join(base: str, path: str) -> str:
    """Append a path (with or without query) to an address, before the address's own query."""
    parts = urlsplit(base)
    more, _, query = path.partition("?")
    whole = parts.path.rstrip("/") + "/" + more.lstrip("/") if more else parts.path
    queries = "&".join(filter(None, (parts.query, query)))
    return parts._replace(path=whole, query=queries, fragment="").geturl()


@lru_cache(_KEPT)
def is_loopback(host: str) -> bool:
    """Say whether a host is this machine, by itself: no name but `localhost` is believed.

    A name that happens to resolve to 127.0.0.1 is not enough, since it may resolve elsewhere the
    next time (DNS rebinding); `localhost` itself is dialled as 127.0.0.1 and ::1, never looked up.
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def refusal(
    target: Target,
    *,
    provider: str,
    allow_http: bool,
    local_only: bool,
    by_way_of: str | None = None,
) -> RefactError | None:
    """Give the error for a target that must not be contacted; `by_way_of` is the proxy's host."""
    hops = filter(None, (target.host, by_way_of))
    far = next((host for host in hops if not is_loopback(host)), None)
    if local_only and far:
        return refuse(
            "privacy",
            f"Local-only is on, so {far} was not contacted.",
            "Choose a model that runs on this machine, or turn local-only off.",
            provider=provider,
        )
    if target.loopback:
        return None
    if target.scheme == "http" and not allow_http:
        return refuse(
            "invalidRequest",
            f"{target.host} would be contacted without encryption.",
            "Use https://, or set allowHttp for this provider if its network is trusted.",
            field="baseUrl",
            provider=provider,
        )
    return None


def redirected(target: Target, location: str, provider: str) -> Target:
    """Resolve a redirect that stays at the same place; any other one is refused.

    The same place is the same host and port, or the same host's https instead of its http: the
    credentials went there already.
    """
    moved = parse_target(urljoin(f"{target.scheme}://{target.authority}{target.path}", location))
    upgraded = (target.scheme, target.port, moved.scheme, moved.port) == ("http", 80, "https", 443)
    same = (moved.scheme, moved.port) == (target.scheme, target.port)
    if moved.host == target.host and (same or upgraded):
        return moved
    raise refuse(
        "badResponse",
        f"{target.host} redirects to {moved.scheme}://{moved.authority}, which was not followed.",
        f"If you trust that address, set it as the provider's base URL: {moved.shown}",
        field="baseUrl",
        provider=provider,
    )

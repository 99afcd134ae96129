"""Which proxy a request takes: the provider's own, else the environment's. Pure.

The environment is read as curl reads it: `HTTPS_PROXY`, `HTTP_PROXY` (lower case only, since a CGI
server fills the upper case from a header), `ALL_PROXY`, `NO_PROXY`. Loopback never takes one of
these.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from refact_lsp.core.problems import refuse
from refact_lsp.llm.targets import Target

_SCHEMES = ("http", "https", "socks5", "socks5h")
_VARIABLES = {
    "http": ("http_proxy", "all_proxy", "ALL_PROXY"),
    "https": ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"),
}


def proxy_for(target: Target, own: str | None, environ: Mapping[str, str]) -> str | None:
    """Give the proxy's address, or None to connect directly."""
    if own:
        return own
    if target.loopback or _bypassed(target, environ):
        return None
    found = next((environ[name] for name in _VARIABLES[target.scheme] if environ.get(name)), None)
    return found if found is None or "://" in found else f"http://{found}"


def proxy_host(proxy: str, provider: str) -> str:
    """Give the host of a proxy's address; raises `notConfigured` for one that cannot be used."""
    try:
        parts = urlsplit(proxy)
        host = parts.hostname if parts.scheme in _SCHEMES and parts.port != 0 else None
    except ValueError:
        host = None
    if host:
        return host
    raise refuse(
        "notConfigured",
        "The proxy's address cannot be used.",
        "Write it as http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT.",
        field="proxy",
        provider=provider,
    )


def _bypassed(target: Target, environ: Mapping[str, str]) -> bool:
    exceptions = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    for entry in exceptions.lower().replace(",", " ").split():
        if entry == "*":
            return True
        name, _, port = entry.partition(":") if entry.count(":") == 1 else (entry, "", "")
        name = name.removeprefix("*").lstrip(".")
        if port in ("", str(target.port)) and f".{target.host}".endswith(f".{name}"):
            return bool(name)
    return False

"""Resolve where the requests of a provider go, from its template and settings. Pure.

`resolve_addresses(template, settings)` gives every route's full address and the locality. A base
URL may be a host, host:port, a base address with any version or a full endpoint: a path that the
user wrote is kept, a known endpoint at its end is taken off, a missing version is added only where
the path is the beginning of the template's own. Whether plain HTTP is allowed is the client's rule.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

import msgspec

from refact_lsp.core.problems import refuse
from refact_lsp.core.types import Locality, Wire
from refact_lsp.registry.schema import Template
from refact_lsp.registry.templates import by_program, effective, with_defaults

# Settings that hold a full address of one route, used as they are.
ADDRESS_SETTINGS = {
    "chatUrl": "chat",
    "completionUrl": "completion",
    "embeddingUrl": "embedding",
}
SHOWN_ROUTES = ("chat", "completion", "embedding", "models")
# What a bare host gets from the formats that have a version in their path.
_WIRE_PATHS: dict[str, str] = {
    "openai-chat": "/v1",
    "openai-responses": "/v1",
    "openai-completions": "/v1",
    "openai-embeddings": "/v1",
    "anthropic-messages": "/v1",
    "llamacpp": "/v1",
}
_VERSION = re.compile(r"/v\d+(?:(?:alpha|beta)\d*)?$")
# Names of query parameters that carry keys: settings are stored in clear, and addresses are shown.
_SECRET_NAME = re.compile(
    r"(?:\w*[-_.])?(?:api-?)?(?:key|token|sig|signature|secret|password|auth|code)", re.IGNORECASE
)
_SLOT = re.compile(r"\{(\w+)\}")
_LOCAL_SUFFIXES = (".local", ".lan", ".internal", ".home.arpa", ".localdomain", ".home")
_FARTHEST_FIRST: tuple[Locality, ...] = ("cloud", "network", "machine")
# Carrier-grade NAT: what private meshes such as Tailscale hand out.
_SHARED = ipaddress.ip_network("100.64.0.0/10")


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """Full addresses by route, the base that other paths hang on, and how far away all that is."""

    routes: Mapping[str, str]
    base: str | None
    locality: Locality

    @property
    def shown(self) -> dict[str, str]:
        """The four that the protocol shows."""
        return {route: self.routes[route] for route in SHOWN_ROUTES if route in self.routes}

    @property
    def all(self) -> dict[str, str]:
        """Every route and `base`, as an endpoint takes them."""
        return {**({"base": self.base} if self.base else {}), **self.routes}


def resolve_addresses(
    template: Template, settings: Mapping[str, Any], *, wire: Wire | None = None
) -> Addresses:
    """Work out every address; raises `invalidRequest` naming the setting that is no address.

    `wire` is a model's own wire where that is not the provider's.
    """
    chosen = effective(template, settings, wire=wire)
    if by_program(chosen):  # it speaks to its vendor, wherever the settings point
        return Addresses(routes={}, base=None, locality="cloud")
    values = with_defaults(template, settings)
    base, root, query = _bases(chosen, values, _known_paths(template))
    routes: dict[str, str] = {}
    for route, path in chosen.routes.items():
        if path.startswith(("https://", "http://")):
            routes[route] = path
        elif path.startswith("~/") and root is not None:
            routes[route] = root + path[1:] + query
        elif path.startswith("/") and base is not None:
            routes[route] = base + path + query
    names = {field.name for field in chosen.fields}
    for setting, route in ADDRESS_SETTINGS.items():
        if setting in names and values.get(setting):
            routes[route] = _full_address(setting, str(values[setting]))
    return Addresses(routes=routes, base=base, locality=_farthest(template, [*routes.values()]))


def locality_of(host: str) -> Locality:
    """Say how far a host is: this machine, a private network, or elsewhere (the safe answer)."""
    name = host.strip("[]").rstrip(".").lower().partition("%")[0]
    if name == "localhost" or name.endswith(".localhost"):
        return "machine"
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        private = "." not in name or name.endswith(_LOCAL_SUFFIXES)
        return "network" if private and not name.isdigit() and name else "cloud"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback or address.is_unspecified:
        return "machine"
    shared = isinstance(address, ipaddress.IPv4Address) and address in _SHARED
    return "network" if address.is_private or address.is_link_local or shared else "cloud"


def _bases(
    template: Template, values: Mapping[str, Any], known: tuple[str, ...]
) -> tuple[str | None, str | None, str]:
    """Give the base address, the server's root and a query to keep."""
    own = _filled(template.base_url, values) if template.base_url else None
    own_path = urlsplit(own).path.rstrip("/") if own else _WIRE_PATHS.get(template.wires[0], "")
    given = values.get("baseUrl")
    if given:
        parts = _split("baseUrl", str(given), own_port=urlsplit(own).port if own else None)
        path = _base_path(parts.path, own_path, known)
    elif own:
        parts, path = urlsplit(own), own_path
    else:
        return None, None, ""
    origin = f"{parts.scheme}://{parts.netloc}"
    if own_path and path.endswith(own_path):
        root = path.removesuffix(own_path)
    else:
        root = _VERSION.sub("", path)
    base = root if _rooted(template) else path
    return origin + base, origin + root, f"?{parts.query}" if parts.query else ""


def _rooted(template: Template) -> bool:
    """Say whether every route hangs on the root: then a typed version is no part of the base."""
    return all(path.startswith("~/") for path in template.routes.values())


def _base_path(path: str, own_path: str, known: tuple[str, ...]) -> str:
    """Turn the path that the user wrote into a base path."""
    path = re.sub(r"/{2,}", "/", path).rstrip("/")
    for endpoint in known:
        if path.endswith(endpoint.removeprefix("~")):
            rest = path.removesuffix(endpoint.removeprefix("~"))
            return rest + own_path if endpoint.startswith("~") else rest
    if own_path == path or own_path.startswith(path + "/"):
        return own_path
    return path


def _known_paths(template: Template) -> tuple[str, ...]:
    """List the endpoints of the template and its variants, longest first, as they are written."""

    def paths() -> Iterator[str]:
        for routes in (template.routes, *(variant.routes for variant in template.variants)):
            for path in routes.values():
                if path.startswith(("/", "~/")):
                    yield path

    return tuple(sorted(set(paths()), key=lambda path: (-len(path.lstrip("~")), path)))


def _split(setting: str, text: str, *, own_port: int | None = None) -> SplitResult:
    """Read an address; a missing scheme is http for a near host and https for any other.

    A near host named alone, as OLLAMA_HOST may hold it, is meant at the template's own port.
    """
    text = text.strip()
    if "://" not in text:
        netloc, slash, path = text.partition("/")
        host = _host_of(netloc.rpartition("@")[2])
        near = locality_of(host) != "cloud"
        if near and own_port is not None and netloc in (host, f"{host}]"):
            netloc = f"{netloc}:{own_port}"
        text = f"{'http' if near else 'https'}://{netloc}{slash}{path}"
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise _no_address(setting, "it cannot be read as an address") from error
    if parts.scheme not in ("http", "https"):
        raise _no_address(setting, f"{parts.scheme}:// is not HTTP")
    if not parts.hostname or any(c.isspace() or c == "\\" for c in parts.netloc):
        raise _no_address(setting, "it names no host")
    if parts.username is not None or parts.password is not None:
        raise _no_address(setting, "an address must not hold a user name or a password")
    if any(_SECRET_NAME.fullmatch(name) for name, _ in parse_qsl(parts.query)):
        raise _no_address(setting, "a key has no place in an address: give it as a header")
    return parts


def _host_of(netloc: str) -> str:
    if netloc.startswith("["):
        return netloc.partition("]")[0]
    return netloc.rpartition(":")[0] if netloc.rpartition(":")[2].isdigit() else netloc


def _full_address(setting: str, text: str) -> str:
    parts = _split(setting, text)
    return parts._replace(fragment="").geturl()


def _no_address(setting: str, why: str) -> Exception:
    return refuse(
        "invalidRequest",
        f"{setting} is not a usable address: {why}.",
        "Write it as https://host, https://host/v1 or a full endpoint.",
        field=setting,
    )


def _filled(text: str, values: Mapping[str, Any]) -> str:
    """Put settings into an address (`https://copilot-api.{enterpriseHost}`)."""
    return _SLOT.sub(lambda slot: str(values.get(slot.group(1), "")), text)


def _farthest(template: Template, addresses: list[str]) -> Locality:
    """Give the locality of the farthest address; the template's own word where there is none."""
    hosts = {urlsplit(address).hostname or "" for address in addresses}
    found = {locality_of(host) for host in hosts}
    for locality in _FARTHEST_FIRST:
        if locality in found:
            return locality
    return template.locality

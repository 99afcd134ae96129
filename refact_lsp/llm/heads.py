"""The head of a request: headers in their order of precedence, and what in them is secret. Pure."""

import base64
import re
from collections.abc import Collection, Iterable, Mapping
from urllib.parse import parse_qsl, unquote

from refact_lsp.core.problems import Problem, refuse
from refact_lsp.llm.targets import Target
from refact_lsp.version import VERSION

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FORBIDDEN = re.compile(r"[^\t\x20-\x7e\x80-\xff]")
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection"})
_SECRET_CHARS = 6  # a shorter value is no secret, and cutting it out would garble messages
_PUBLIC = frozenset({"bearer", "basic", "application/json"})

Head = list[tuple[bytes, bytes]]


def head(
    target: Target,
    body: bytes,
    layers: Iterable[Mapping[str, str]],
    *,
    encoding: str,
    provider: str,
) -> Head:
    """Lay the headers over one another, later layers winning; framing stays ours."""
    headers = {
        "user-agent": f"refact-lsp/{VERSION}",
        "accept": "*/*",
        "accept-encoding": encoding,
        **({"content-type": "application/json"} if body else {}),
    }
    if target.userinfo:
        headers["authorization"] = f"Basic {base64.b64encode(target.userinfo.encode()).decode()}"
    for layer in layers:
        headers |= {name.lower(): value for name, value in layer.items()}
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or _FORBIDDEN.search(value):
            raise refuse(
                "invalidRequest",
                f"The header {name[:40]!r} holds a character that HTTP forbids.",
                "Check the provider's key and headers for line breaks and odd characters.",
                field="headers",
                provider=provider,
            )
    framing = {"host": target.authority, **({"content-length": str(len(body))} if body else {})}
    kept = {name: value for name, value in headers.items() if name not in _OURS}
    return [(n.encode(), v.encode("latin-1")) for n, v in (framing | kept).items()]


def secrets(layers: Iterable[Mapping[str, str]], urls: Iterable[Target]) -> set[str]:
    """Collect what must not be shown: header values and their words, passwords, query values."""
    found: set[str] = set()
    for layer in layers:
        for value in layer.values():
            found |= {value.strip(), *value.split()}
    for url in urls:
        found |= {value for _, value in parse_qsl(url.path.partition("?")[2])}
        if url.userinfo:
            user, _, password = url.userinfo.partition(":")
            encoded = base64.b64encode(url.userinfo.encode()).decode()
            found |= {url.userinfo, user, password, encoded}
    found |= {unquote(value) for value in found}
    return {one for one in found if len(one) >= _SECRET_CHARS and one.lower() not in _PUBLIC}


def cleaned(problem: Problem, hidden: Collection[str], provider: str) -> Problem:
    """Cut secrets out of what a person will read, and say whose problem it is."""

    def clean(text: str | None) -> str | None:
        for secret in sorted(hidden, key=len, reverse=True):
            text = text and text.replace(secret, "…")
        return text

    return Problem(
        kind=problem.kind,
        message=clean(problem.message) or "",
        hint=clean(problem.hint),
        field=clean(problem.field),
        provider=problem.provider or provider,
        status=problem.status,
        retry_after_ms=problem.retry_after_ms,
        request_id=clean(problem.request_id),
    )

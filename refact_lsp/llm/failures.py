"""From what a server said to a `Problem`: kind, message, hint. Pure; knows shapes, not providers.

Order of trust: the status where it alone decides, the vendor's own word for the failure, phrases in
its message, the status as a fallback. The words themselves stand in `failure_words`.
"""

import math
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import cast

import msgspec

from refact_lsp.core.problems import Problem, ProblemKind
from refact_lsp.llm.failure_words import (
    ADDRESS_HINT,
    KIND_OF_CODE,
    PAGE_HINT,
    PARAMETER,
    PHRASES,
    REDIRECT_HINT,
    STATUS,
    SURE_STATUS,
    WORDING,
)

_TRY_AGAIN = re.compile(
    r"(?:try again|retry) (?:in|after) (\d+(?:\.\d+)?) ?(ms|s|m)\b", re.IGNORECASE
)
_DELAY = re.compile(r'"retryDelay"\s*:\s*"(\d+(?:\.\d+)?)s"')
_KEY_LIKE = re.compile(r"\b(?:sk|pk|gsk|xai|rk|ghp|gho|ghu|github_pat|AIza)[-_]?[\w-]{16,}")
_REQUEST_IDS = ("x-request-id", "request-id", "apim-request-id", "x-amzn-requestid", "cf-ray")
_WEEK_MS = 7 * 24 * 3600 * 1000
_MS = {"ms": 1, "s": 1000, "m": 60_000}
_SHOWN_CHARS = 400
_READ_BYTES = 20_000
_DEPTH = 6
_CLIENT_ERROR, _NOT_FOUND, _WRONG_METHOD, _SERVER_ERROR = 400, 404, 405, 500
_CODE_NAMES = {
    "code": "code",
    "error_code": "code",
    "status_code": "code",
    "type": "code",
    "status": "code",
    "param": "param",
    "request_id": "request",
}
_NESTED_NAMES = (
    *("error", "errors", "message", "msg", "detail", "details", "status_msg", "Message"),
    *("metadata", "raw", "base_resp", "response"),
)


def classify(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    provider: str | None = None,
    *,
    secrets: Collection[str] = (),
    now: datetime | None = None,
) -> Problem:
    """Say what an unwelcome answer means.

    `status` 200 is for errors inside a stream and for bodies that are no answer. Header names are
    lower-case. `secrets` are cut out of whatever the server echoed; `now` serves a `Retry-After`
    that is a date where the server sent no `Date` of its own.
    """
    said = _said(body)
    text = " - ".join(dict.fromkeys(said["message"][:2]))[:_READ_BYTES] or _quotable(body)
    if status in range(200, 300):  # gateways put the real status into the body
        status = next((int(c) for c in said["code"] if re.fullmatch(r"[45]\d\d", c)), status)
    wait_ms = retry_after_ms(headers, body, now=now)
    kind, hint = _kind(status, body, said["code"], text, can_wait=wait_ms is not None)
    lead, usual_hint = WORDING[kind]
    number = "" if status in range(200, 300) else f" ({status})"
    shown = _shown(text, secrets)
    return Problem(
        kind=kind,
        message=_lead(lead, status, headers, body) + number + (f": {shown}" if shown else "."),
        hint=hint or usual_hint,
        field=_parameter(said, text) if kind in ("invalidRequest", "unsupported") else None,
        provider=provider,
        status=status,
        retry_after_ms=wait_ms,
        request_id=_request_id(headers, said),
    )


def is_html(body: bytes) -> bool:
    """Tell a web page from an answer by its first bytes."""
    head = body[:512].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return head.startswith((b"<!doctype", b"<html", b"<head", b"<?xml", b"<body"))


def retry_after_ms(
    headers: Mapping[str, str], body: bytes, *, now: datetime | None = None
) -> int | None:
    """Read how long to wait: headers first, then the vendor's words; absurd values are ignored."""
    for name, unit_ms in (("retry-after-ms", 1), ("retry-after", 1000)):
        if name in headers:
            wait_ms = _header_ms(headers[name].strip(), unit_ms, headers.get("date"), now)
            if wait_ms is not None:
                return wait_ms
    text = body[:_READ_BYTES].decode(errors="replace")
    if delay := _DELAY.search(text):
        return _bounded(float(delay[1]) * 1000)
    if again := _TRY_AGAIN.search(text):
        return _bounded(float(again[1]) * _MS[again[2].lower()])
    return None


def _kind(
    status: int, body: bytes, codes: list[str], text: str, *, can_wait: bool
) -> tuple[ProblemKind, str | None]:
    """Decide the kind; a hint beside it where the usual one of that kind would mislead."""
    if status in range(300, 400):
        return "badResponse", REDIRECT_HINT
    if is_html(body) and status not in SURE_STATUS and status < _SERVER_ERROR:
        return "badResponse", PAGE_HINT
    kind = SURE_STATUS.get(status) or _told_kind(status, codes, text, can_wait=can_wait)
    if kind is None and status in (_NOT_FOUND, _WRONG_METHOD):
        return "invalidRequest", ADDRESS_HINT
    return kind or _fallback(status, told=bool(text) and body[:1] in b"{["), None


def _told_kind(status: int, codes: list[str], text: str, *, can_wait: bool) -> ProblemKind | None:
    """Read what the body says of itself, by code or by phrase."""
    spoken: ProblemKind | None = next(
        (kind for kind, phrase in PHRASES if re.search(phrase, text, re.IGNORECASE)), None
    )
    if spoken == "billing" and can_wait:  # "exceeded your current quota … retry in 30 s"
        return "rateLimited"
    if spoken in ("contextTooLong", "billing"):  # vendors hide these behind general codes
        return spoken
    named: ProblemKind | None = next(
        (KIND_OF_CODE[word] for word in map(_normal, codes) if word in KIND_OF_CODE), None
    )
    if named is not None and not (named == "overloaded" and spoken):  # `api_error` says little
        return named
    return "modelNotFound" if status == _NOT_FOUND and "not_found_error" in codes else spoken


def _fallback(status: int, *, told: bool) -> ProblemKind:
    if status >= _SERVER_ERROR:
        return STATUS.get(status, "overloaded")
    if status >= _CLIENT_ERROR:
        return STATUS.get(status, "invalidRequest")
    return "overloaded" if told else "badResponse"


def _lead(lead: str, status: int, headers: Mapping[str, str], body: bytes) -> str:
    if status in range(300, 400):
        target = re.match(r"https?://[^/?#@]+", headers.get("location", ""))
        return f"The server redirects to {target[0] if target else 'another place'}"
    if is_html(body):
        return "A web page came instead of an answer"
    if not body.strip() and status in range(200, 300):
        return "The answer was empty"
    return lead


def _said(body: bytes) -> dict[str, list[str]]:
    """Collect codes, messages, parameter and request id from an error body of any known shape."""
    said: dict[str, list[str]] = {name: [] for name in ("code", "message", "param", "request")}
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return said
    for name, text in _walk(decoded, _DEPTH):
        said[name].append(text)
    return said


def _walk(value: object, depth: int) -> Iterator[tuple[str, str]]:
    """Walk outside in, so that the outermost message and the vendor's own code come first."""
    if depth == 0:
        return
    match value:
        case str() if value.strip():
            yield "message", value
        case list() if value:
            yield from _walk(cast("list[object]", value)[0], depth - 1)
        case dict():
            found = cast("dict[str, object]", value)
            for name, field in _CODE_NAMES.items():
                if isinstance(code := found.get(name), str | int):
                    yield field, str(code)
            for name in _NESTED_NAMES:
                yield from _walk(found.get(name), depth - 1)
        case _:
            return


def _normal(code: str) -> str:
    return code.lower().replace("-", "_").replace(" ", "_")


def _quotable(body: bytes) -> str:
    """Take the first words of a body that is no JSON; of a web page, its title."""
    text = body[:_READ_BYTES].decode(errors="replace")
    if is_html(body):
        title = re.search(r"<title[^>]{0,200}>([^<]*)</title>", text, re.IGNORECASE)
        return title[1].strip() if title else ""
    return "" if text.lstrip().startswith(("{", "[")) else text.strip()


def _shown(text: str, secrets: Collection[str]) -> str:
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "…")
    text = " ".join(_KEY_LIKE.sub("…", text).split())
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"


def _parameter(said: dict[str, list[str]], text: str) -> str | None:
    """Name the request's field that was refused, so that the client can do without it."""
    if said["param"]:
        return said["param"][0]
    found = re.search(PARAMETER, text, re.IGNORECASE)
    return next((name for name in found.groups() if name), None) if found else None


def _request_id(headers: Mapping[str, str], said: dict[str, list[str]]) -> str | None:
    known = (headers[name] for name in _REQUEST_IDS if name in headers)
    return next(known, None) or next(iter(said["request"]), None)


def _header_ms(
    value: str, unit_ms: int, server_date: str | None, now: datetime | None
) -> int | None:
    try:
        return _bounded(float(value) * unit_ms)
    except ValueError:
        until, since = _date(value), _date(server_date or "") or now
    if until is None or since is None:
        return None
    return _bounded((until - since).total_seconds() * 1000)


def _date(value: str) -> datetime | None:
    from email.utils import parsedate_to_datetime  # a start that meets no failure needs no dates

    try:
        parsed = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _bounded(wait_ms: float) -> int | None:
    """Take a wait in the past as none; one beyond a week, or no number, as no answer."""
    return math.ceil(max(0.0, wait_ms)) if wait_ms <= _WEEK_MS else None

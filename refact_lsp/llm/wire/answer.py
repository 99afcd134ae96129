"""The body of an answer as payloads: events of a stream, lines of NDJSON, or one JSON document.

A server that was asked to stream may answer with plain JSON all the same, or with a web page;
the first byte tells. Shared by all wire formats: typed decoding that survives what real servers
write into JSON, and the problems of answers that are none.
"""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Literal, TypeVar, cast

import msgspec

from refact_lsp.core.events import Event, TextDelta
from refact_lsp.core.problems import RefactError, refuse
from refact_lsp.llm.failures import classify
from refact_lsp.llm.sse import MAX_EVENT_BYTES, EventReader
from refact_lsp.llm.wire.base import Parser

# What a decoder raises for bytes that are not the JSON it wants.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_T = TypeVar("_T")
_DOCUMENT_STARTS = b'{[<"'
_STREAM_STARTS = (b":", b"data", b"event", b"id", b"retry", b"{")
_BLANK = b" \t\r\n"
_HEAD_BYTES = 600
_LONE_SURROGATE = re.compile(
    rb"(?<!\\)((?:\\\\)*)(?:\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2})"
)


class AnswerReader:
    """Tells streams from documents and cuts both into payloads."""

    def __init__(self, *, lines: bool = False) -> None:
        """`lines` says that the wire streams one JSON document a line."""
        self._lines = lines
        self._kind: Literal["unknown", "events", "lines", "document"] = "unknown"
        self._events = EventReader()
        self._held: list[bytes] = []
        self._held_bytes = 0
        self.head = b""

    def feed(self, data: bytes) -> Sequence[bytes]:
        """Take the next bytes of the body; give the payloads that they complete."""
        if self._kind == "events":
            return self._events.feed(data)
        if self._kind == "unknown":
            return self._begin(data)
        self._hold(data)
        if self._kind == "document" or b"\n" not in data:
            return ()
        *whole, rest = b"".join(self._held).split(b"\n")
        self._held, self._held_bytes = [], 0
        self._hold(rest)
        return [line for line in whole if line.strip()]

    def close(self) -> Sequence[bytes]:
        """Give what was held back: the document, or the last event or line."""
        if self._kind == "events":
            return self._events.close()
        rest = b"".join(self._held).strip(_BLANK)
        self._held = []
        return [rest] if rest else ()

    @property
    def is_document(self) -> bool:
        """Whether the body is one JSON document (or a page) instead of a stream."""
        return self._kind == "document"

    def _begin(self, data: bytes) -> Sequence[bytes]:
        self._hold(data)
        start = b"".join(self._held)
        shown = start.removeprefix(b"\xef\xbb\xbf").lstrip(_BLANK)
        if not shown or start in (b"\xef", b"\xef\xbb"):
            return ()
        self.head = shown[:_HEAD_BYTES]
        self._held, self._held_bytes = [], 0
        if shown[0] not in _DOCUMENT_STARTS:
            self._kind = "events"
            return self._events.feed(start)
        self._kind = "lines" if self._lines and shown[0] == b"{"[0] else "document"
        return self.feed(shown)

    def _hold(self, data: bytes) -> None:
        if data:
            self._held.append(data)
            self._held_bytes += len(data)
        if self._held_bytes > MAX_EVENT_BYTES:
            raise refuse(
                "badResponse",
                f"The answer is one document of over {MAX_EVENT_BYTES // 1024 // 1024} MiB.",
                "Check that the provider's address is one of a model server.",
            )


class AnswerParser(ABC):
    """What the parsers of all wire formats share: bytes to payloads, payloads to events."""

    def __init__(self, *, lines: bool = False) -> None:
        self._reader = AnswerReader(lines=lines)
        self._finished = False
        self._failure: RefactError | None = None

    def feed(self, data: bytes) -> Sequence[Event]:
        """Take the next bytes of the body; give the events that they complete."""
        if self._failure is not None:
            raise self._failure
        events: list[Event] = []
        take = self._take
        try:
            for payload in self._reader.feed(data):
                take(payload, events)
        except RefactError as failure:
            if not events:
                raise
            self._failure = failure
        return events

    def close(self) -> Sequence[Event]:
        """Give the last events; raise where the answer was cut or was none."""
        if self._failure is not None:
            raise self._failure
        events: list[Event] = []
        for payload in self._reader.close():
            self._take(payload, events)
        if not self._finished:
            self._end(events)
        return events

    @abstractmethod
    def _take(self, payload: bytes, events: list[Event]) -> None:
        """Read one payload into events."""

    @abstractmethod
    def _end(self, events: list[Event]) -> None:
        """Finish an answer whose terminal event did not come, or raise."""


class Joined:
    """Another parser with text that came together as one delta, for who wants no pieces."""

    def __init__(self, parser: Parser) -> None:
        self._parser = parser

    def feed(self, data: bytes) -> Sequence[Event]:
        """Take the next bytes of the body; give the events that they complete."""
        return _joined(self._parser.feed(data))

    def close(self) -> Sequence[Event]:
        """Give the last events, or raise."""
        return _joined(self._parser.close())


def _joined(events: Sequence[Event]) -> Sequence[Event]:
    found: list[Event] = []
    said: list[str] = []
    for event in (*events, None):
        if isinstance(event, TextDelta):
            said.append(event.delta)
            continue
        if said:
            found.append(TextDelta(delta="".join(said)))
            said.clear()
        if event is not None:
            found.append(event)
    return found


def decode_lenient(payload: bytes, decode: Callable[[bytes], _T], shape: type[_T]) -> _T:
    """Decode a payload; repair what strict JSON refuses; raise `badResponse` for the rest."""
    try:
        return decode(payload)
    except UNREADABLE as error:
        if isinstance(error, msgspec.ValidationError):
            return _uncounted(payload, error, shape)
    text = payload.decode(errors="replace").encode()
    text = _LONE_SURROGATE.sub(rb"\1\\ufffd", text)
    try:
        return msgspec.convert(json.loads(text), shape, strict=False)  # NaN and Infinity pass here
    except (ValueError, RecursionError) as error:
        raise _unreadable(payload, "it is no JSON") from error


def _uncounted(payload: bytes, error: msgspec.ValidationError, shape: type[_T]) -> _T:
    """Do without counts that cannot be read: they are no reason to lose an answer."""
    if ".usage" in str(error) and payload[:1] == b"{":
        whole: dict[str, Any] = msgspec.json.decode(payload)
        for name in (None, "response", "message"):
            holder = whole if name is None else whole.get(name)
            if isinstance(holder, dict):
                cast("dict[str, Any]", holder).pop("usage", None)
        with suppress(msgspec.ValidationError):
            return msgspec.convert(whole, shape, strict=False)
    raise _unreadable(payload, str(error)) from error


def no_answer(head: bytes) -> RefactError:
    """Make the error for a body that held no answer at all: empty, a page, an error object."""
    return RefactError(classify(200, {}, head))


def cut_short(head: bytes) -> RefactError:
    """Make the error for a stream that ended before the vendor's own end of the answer."""
    if not head.startswith(_STREAM_STARTS):
        return no_answer(head)
    return refuse(
        "network",
        "The connection closed before the answer was complete.",
        "Try again; a proxy in between may cut long answers.",
    )


def _unreadable(payload: bytes, why: str) -> RefactError:
    if payload[:1] in (b"<", b""):
        return no_answer(payload)
    quoted = " ".join(payload[:160].decode(errors="replace").split())
    return refuse(
        "badResponse",
        f"A piece of the answer could not be read ({why}): {quoted}",
        "Check the provider's address and wire format in its settings.",
    )

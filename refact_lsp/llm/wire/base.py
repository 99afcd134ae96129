"""The shape that every wire format has: a module with builders and a parser, all pure.

A builder turns a request of `core.requests` into an `HttpRequest`; it raises `RefactError` for
content that the wire cannot carry (never drops it) and ignores tuning that the wire does not know.
A parser is fed the answer's raw bytes in any pieces and gives events; `close` is called at the end
of the body and raises `RefactError` where the answer was cut.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from refact_lsp.core.events import Event
from refact_lsp.core.quirks import Quirks
from refact_lsp.core.requests import ChatRequest, CompletionRequest, EmbeddingRequest


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request without host and credentials: those are the endpoint's.

    `route` names the address of the endpoint it goes to, one route a path; `path` is the format's
    own path below the endpoint's `base`, for an endpoint that names no address for the route.
    """

    route: str
    path: str
    body: bytes
    method: str = "POST"
    headers: Mapping[str, str] = {}


class Parser(Protocol):
    """Holds the state of one answer.

    A failure that comes with events is raised by the next call, so that the events are not lost.
    """

    def feed(self, data: bytes) -> Sequence[Event]: ...
    def close(self) -> Sequence[Event]: ...


class ChatWire(Protocol):
    """A module that speaks chat."""

    def build_chat(self, request: ChatRequest, quirks: Quirks) -> HttpRequest: ...
    def chat_parser(self, quirks: Quirks) -> Parser: ...


class CompletionWire(Protocol):
    """A module that fills in the middle."""

    def build_completion(self, request: CompletionRequest, quirks: Quirks) -> HttpRequest: ...
    def completion_parser(self, quirks: Quirks) -> Parser: ...


class EmbeddingWire(Protocol):
    """A module that embeds."""

    def build_embedding(self, request: EmbeddingRequest, quirks: Quirks) -> HttpRequest: ...
    def embedding_parser(self, quirks: Quirks) -> Parser: ...

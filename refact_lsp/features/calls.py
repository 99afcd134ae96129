"""One call to a model of the user's: privacy was asked before; budget, usage and health are here.

Chat, completion, tests and probes all go through these functions, so that every request is counted
the same way.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import TypeVar

import msgspec

from refact_lsp.app.application import App
from refact_lsp.core.events import (
    Event,
    Finished,
    ReasoningDelta,
    TextDelta,
    ToolCalled,
    UsageReported,
    Vectors,
)
from refact_lsp.core.ledger import Purpose
from refact_lsp.core.money import cost_micros
from refact_lsp.core.nouns import Model
from refact_lsp.core.parts import TextPart
from refact_lsp.core.problems import RefactError, refuse
from refact_lsp.core.requests import ChatRequest, CompletionRequest, EmbeddingRequest
from refact_lsp.core.tokens import estimate
from refact_lsp.core.types import Locality, Usage, Wire
from refact_lsp.features.setup.credentials import ReadSecret, saved
from refact_lsp.features.setup.endpoints import make_endpoint
from refact_lsp.features.setup.providers import row_of
from refact_lsp.llm.client import OnRetry
from refact_lsp.llm.endpoint import Endpoint
from refact_lsp.llm.retry import BRIEF, PATIENT, Patience
from refact_lsp.llm.wire.answer import Joined
from refact_lsp.llm.wire.base import HttpRequest, Parser
from refact_lsp.llm.wire.tables import CHAT, COMPLETION, EMBEDDING
from refact_lsp.registry.catalog import Catalog
from refact_lsp.registry.schema import Template
from refact_lsp.registry.templates import chat_wire, completion_wire, effective, embedding_wire
from refact_lsp.store.providers import ProviderRow

W = TypeVar("W")

# What a token is worth in bytes where nothing better is known; only budgets use it.
_BYTES_PER_TOKEN = 3
_SHORT_ANSWER = 64  # tokens
# Failures that say nothing about the provider itself.
_OWN_FAULT = ("invalidRequest", "contextTooLong", "contentFilter", "budget", "privacy")


class Way(msgspec.Struct, frozen=True):
    """How a model is reached: its effective template, and the endpoint."""

    template: Template
    endpoint: Endpoint


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The caller's own count of a request.

    `tokens` is what is written down where the provider tells none, or could not because the answer
    was stopped. `estimated` is what `core.tokens.estimate` says of the text: the provider's count
    teaches how far that is off. 0 where something else was sent too.
    """

    tokens: int
    estimated: int = 0


def way_of(catalog: Catalog, row: ProviderRow, read: ReadSecret, model: Model | None) -> Way:
    """Find the way to a model, by a wire of its own where it has one; to the list without one."""
    own: Wire | None = model.wire if model is not None else None
    template = catalog.template(row.template)
    return Way(
        effective(template, row.settings, wire=own),
        make_endpoint(template, row.id, row.settings, read, wire=own, listing=model is None),
    )


async def chat_events(
    app: App,
    model: Model,
    request: ChatRequest,
    purpose: Purpose,
    *,
    patience: Patience = PATIENT,
    on_retry: OnRetry | None = None,
    asked: Asked | None = None,
    way: Way | None = None,
) -> AsyncGenerator[Event]:
    """Chat with a model; raises `RefactError`."""
    way = way or saved_way(app, model)
    wire = _served(CHAT, chat_wire(way.template), model)
    quirks = way.endpoint.quirks
    sent = _Sent(
        way.endpoint,
        built_chat(way, model, request),
        lambda: wire.chat_parser(quirks),
        asked,
        estimated=lambda: _chat_estimate(request),
    )
    with app.turns.chatting(model.provider):
        events = _events(app, model, sent, purpose, patience, on_retry)
        async with aclosing(events):
            async for event in events:
                yield event


def built_chat(way: Way, model: Model, request: ChatRequest) -> HttpRequest:
    """Build a chat request as it would be sent; raises `RefactError`."""
    return _served(CHAT, chat_wire(way.template), model).build_chat(request, way.endpoint.quirks)


def completion_events(
    app: App, model: Model, request: CompletionRequest, purpose: Purpose, *, way: Way | None = None
) -> AsyncGenerator[Event]:
    """Fill in the middle; raises `RefactError`, here or when it is read."""
    way = way or saved_way(app, model)
    wire = _served(COMPLETION, completion_wire(way.template), model)
    quirks = way.endpoint.quirks
    sent = _Sent(
        way.endpoint,
        wire.build_completion(request, quirks),
        lambda: Joined(wire.completion_parser(quirks)),
        estimated=lambda: estimate(_text_of(request)),
    )
    return _events(app, model, sent, purpose, BRIEF, None)


async def embed(
    app: App, model: Model, request: EmbeddingRequest, purpose: Purpose, *, way: Way | None = None
) -> Vectors:
    """Vectors of the inputs, in their order; raises `RefactError`."""
    way = way or saved_way(app, model)
    wire = _served(EMBEDDING, embedding_wire(way.template), model)
    quirks = way.endpoint.quirks
    sent = _Sent(
        way.endpoint,
        wire.build_embedding(_prefixed(app.catalog, way, request), quirks),
        lambda: wire.embedding_parser(quirks),
    )
    found: Vectors | None = None
    async for event in _events(app, model, sent, purpose, PATIENT, None):
        if isinstance(event, Vectors):
            found = event
    if found is None:
        raise refuse("badResponse", f"{model.id} gave no vectors.", provider=model.provider)
    return found


def _prefixed(catalog: Catalog, way: Way, request: EmbeddingRequest) -> EmbeddingRequest:
    """Put before each text what the model was trained to see before queries and documents."""
    query, document = catalog.resolve(way.template.id, request.model).prefixes
    prefix = query if request.purpose == "query" else document
    if not prefix:
        return request
    return msgspec.structs.replace(request, inputs=[prefix + text for text in request.inputs])


def at_least(told: Usage | None, asked_tokens: int, written_tokens: int) -> Usage:
    """Complete a provider's count that came before the answer's end, or never."""
    if told is None:
        return Usage(input_tokens=asked_tokens, output_tokens=written_tokens)
    return msgspec.structs.replace(told, output_tokens=max(told.output_tokens, written_tokens))


def locality_of(app: App, model: Model) -> Locality:
    """Say how far away a model is: what privacy rules ask."""
    return saved_way(app, model).endpoint.locality


def _chat_estimate(request: ChatRequest) -> int:
    """Measure a request of text alone; what else there is costs nobody knows how much."""
    parts = [part for message in request.messages for part in message.content]
    if request.tools or not all(isinstance(part, TextPart) for part in parts):
        return 0
    texts = [part.text for part in parts if isinstance(part, TextPart)]
    return estimate("\n".join([request.system or "", *texts]))


def _text_of(request: CompletionRequest) -> str:
    if request.method == "template" and request.prompt:
        return request.prompt
    others = [part for file in request.extra for part in (file.path, file.text)]
    return "\n".join([*others, request.prefix, request.suffix, request.prompt or ""])


class _Sent(msgspec.Struct, frozen=True):
    """A request; `estimated` measures its text, for whoever compares it with what was read."""

    endpoint: Endpoint
    http: HttpRequest
    parser: Callable[[], Parser]
    asked: Asked | None = None
    estimated: Callable[[], int] | None = None


def saved_way(app: App, model: Model) -> Way:
    """Find the way once for each world: completion asks for it at every request."""
    known: Way | None = app.world.ways.get(model.id)
    if known is not None:
        return known
    row = row_of(app.world, model.provider)
    way = way_of(app.catalog, row, saved(app, row), model)
    app.world.ways[model.id] = way
    return way


async def _events(
    app: App,
    model: Model,
    sent: _Sent,
    purpose: Purpose,
    patience: Patience,
    on_retry: OnRetry | None,
) -> AsyncGenerator[Event]:
    """Stream within the budget; count what it cost; remember how the provider is."""
    price = model.capabilities.price
    asked_tokens = sent.asked.tokens if sent.asked else None
    least = _estimate(model, sent, asked_tokens)
    if patience is BRIEF:  # what is typed waits for no disk
        ticket = app.budgets.reserve_now(model.provider, least)
    else:
        ticket = await app.budgets.reserve(model.provider, least)
    tally = _Tally(asked_tokens)
    try:
        events = app.client.stream(
            sent.endpoint, sent.http, sent.parser, purpose, patience=patience, on_retry=on_retry
        )
        async with aclosing(events):
            async for event in events:
                tally.take(event)
                yield event
        app.set_health(model.provider, None)
    except RefactError as error:
        if error.problem.kind not in _OWN_FAULT:
            app.set_health(model.provider, error.problem)
        raise
    finally:
        usage = tally.usage()
        if usage is None:
            app.budgets.release(ticket)
        else:
            cost = None if price is None else cost_micros(usage, price)
            estimated = _measured(sent) if tally.heard_out else None
            app.count(model, purpose.role, usage, cost, ticket, estimated=estimated)


class _Tally:
    """What a request used, as far as that is known when it ends, in whatever way."""

    def __init__(self, asked_tokens: int | None) -> None:
        self._asked_tokens = asked_tokens
        self._written: list[str] = []
        self._told: Usage | None = None
        self._finished = False

    def take(self, event: Event) -> None:
        match event:
            case UsageReported(usage=usage):
                self._told = usage
            case TextDelta(delta=text) | ReasoningDelta(delta=text):
                self._written.append(text)
            case ToolCalled(name=name, arguments=arguments):
                self._written.append(f"{name} {arguments}")
            case Finished():
                self._finished = True
            case _:
                pass

    @property
    def heard_out(self) -> bool:
        """Whether the provider told its own count of the whole."""
        return self._told is not None and self._finished

    def usage(self) -> Usage | None:
        """Give the provider's count; the caller's own where it told none or was not heard out."""
        if self.heard_out or self._asked_tokens is None or not self._written:
            return self._told
        return at_least(self._told, self._asked_tokens, estimate("".join(self._written)))


def _measured(sent: _Sent) -> Callable[[], int] | None:
    """Give what measures the text of a request."""
    asked = sent.asked
    return sent.estimated if asked is None else lambda: asked.estimated


def _estimate(model: Model, sent: _Sent, asked_tokens: int | None) -> int | None:
    """What a request will cost with a short answer; None where its price is not known."""
    price = model.capabilities.price
    if price is not None:
        size = asked_tokens or len(sent.http.body) // _BYTES_PER_TOKEN
        return cost_micros(Usage(input_tokens=size, output_tokens=_SHORT_ANSWER), price)
    return 0 if sent.endpoint.locality == "machine" else None


def _served(table: Mapping[Wire, W], wire: Wire, model: Model) -> W:
    served = table.get(wire)
    if served is None:
        raise refuse(
            "unsupported",
            f"{model.id} cannot be asked for this: its wire format {wire} has no such request.",
            "Choose another model for this role.",
            provider=model.provider,
        )
    return served

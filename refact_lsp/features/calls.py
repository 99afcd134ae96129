"""One call to a model of the user's: privacy was asked before; budget, usage and health are here.

Chat, completion, tests and probes all go through these functions, so that every request is counted
the same way.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from refact_lsp.app.application import App
from refact_lsp.auth.secret import Secret
from refact_lsp.core.events import Event, ReasoningDelta, TextDelta, UsageReported, Vectors
from refact_lsp.core.ledger import Purpose
from refact_lsp.core.money import cost_micros
from refact_lsp.core.nouns import Model
from refact_lsp.core.problems import RefactError, refuse
from refact_lsp.core.requests import ChatRequest, CompletionRequest, EmbeddingRequest
from refact_lsp.core.tokens import estimate
from refact_lsp.core.types import Locality, Usage, Wire
from refact_lsp.features.setup.endpoints import ReadSecret, make_endpoint
from refact_lsp.features.setup.providers import row_of
from refact_lsp.llm.client import OnRetry
from refact_lsp.llm.endpoint import Endpoint
from refact_lsp.llm.retry import BRIEF, PATIENT, Patience
from refact_lsp.llm.wire.base import HttpRequest, Parser
from refact_lsp.llm.wire.tables import CHAT, COMPLETION, EMBEDDING
from refact_lsp.registry.addresses import resolve_addresses
from refact_lsp.registry.catalog import Catalog
from refact_lsp.registry.schema import Template
from refact_lsp.registry.templates import chat_wire, completion_wire, effective, embedding_wire
from refact_lsp.store.providers import ProviderRow

W = TypeVar("W")

# What a token is worth in bytes where nothing better is known; only budgets use it.
_BYTES_PER_TOKEN = 3
# Failures that say nothing about the provider itself.
_OWN_FAULT = ("invalidRequest", "contextTooLong", "contentFilter", "budget", "privacy")


@dataclass(frozen=True, slots=True)
class Way:
    """How a model is reached: its effective template, and the endpoint."""

    template: Template
    endpoint: Endpoint


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
    asked_tokens: int | None = None,
    way: Way | None = None,
) -> AsyncGenerator[Event]:
    """Chat with a model; raises `RefactError`.

    `asked_tokens` is the caller's own count of the request: what is written down where the
    provider tells none, or could not because the answer was stopped.
    """
    way = way or _saved_way(app, model)
    wire = _served(CHAT, chat_wire(way.template), model)
    quirks = way.endpoint.quirks
    sent = _Sent(way.endpoint, wire.build_chat(request, quirks), lambda: wire.chat_parser(quirks))
    with app.turns.chatting(model.provider):
        events = _events(app, model, sent, purpose, patience, on_retry, asked_tokens)
        async with aclosing(events):
            async for event in events:
                yield event


async def completion_events(
    app: App, model: Model, request: CompletionRequest, purpose: Purpose, *, way: Way | None = None
) -> AsyncGenerator[Event]:
    """Fill in the middle; raises `RefactError`."""
    way = way or _saved_way(app, model)
    wire = _served(COMPLETION, completion_wire(way.template), model)
    quirks = way.endpoint.quirks
    sent = _Sent(
        way.endpoint,
        wire.build_completion(request, quirks),
        lambda: wire.completion_parser(quirks),
    )
    async with aclosing(_events(app, model, sent, purpose, BRIEF, None)) as events:
        async for event in events:
            yield event


async def embed(
    app: App, model: Model, request: EmbeddingRequest, purpose: Purpose, *, way: Way | None = None
) -> Vectors:
    """Vectors of the inputs, in their order; raises `RefactError`."""
    way = way or _saved_way(app, model)
    wire = _served(EMBEDDING, embedding_wire(way.template), model)
    quirks = way.endpoint.quirks
    sent = _Sent(
        way.endpoint,
        wire.build_embedding(request, quirks),
        lambda: wire.embedding_parser(quirks),
    )
    found: Vectors | None = None
    async for event in _events(app, model, sent, purpose, PATIENT, None):
        if isinstance(event, Vectors):
            found = event
    if found is None:
        raise refuse("badResponse", f"{model.id} gave no vectors.", provider=model.provider)
    return found


def locality_of(app: App, model: Model) -> Locality:
    """Say how far away a model is: what privacy rules ask."""
    row = row_of(app.world, model.provider)
    own = app.catalog.resolve(row.template, model.name, settings=row.settings).wire
    template = app.catalog.template(row.template)
    return resolve_addresses(template, row.settings, wire=own).locality


@dataclass(frozen=True, slots=True)
class _Sent:
    endpoint: Endpoint
    http: HttpRequest
    parser: Callable[[], Parser]


def _saved_way(app: App, model: Model) -> Way:
    """Find the way once for each world: completion asks for it at every request."""
    known: Way | None = app.world.ways.get(model.id)
    if known is not None:
        return known

    async def read(name: str) -> Secret | None:
        return await app.secrets.get(model.provider, name)

    way = way_of(app.catalog, row_of(app.world, model.provider), read, model)
    app.world.ways[model.id] = way
    return way


async def _events(
    app: App,
    model: Model,
    sent: _Sent,
    purpose: Purpose,
    patience: Patience,
    on_retry: OnRetry | None,
    asked_tokens: int | None = None,
) -> AsyncGenerator[Event]:
    """Stream within the budget; count what it cost; remember how the provider is."""
    price = model.capabilities.price
    ticket = app.budgets.reserve(model.provider, _estimate(model, sent), at=datetime.now(UTC))
    usage: Usage | None = None
    pieces: list[str] = []
    try:
        events = app.client.stream(
            sent.endpoint, sent.http, sent.parser, purpose, patience=patience, on_retry=on_retry
        )
        async with aclosing(events):
            async for event in events:
                if isinstance(event, UsageReported):
                    usage = event.usage
                elif asked_tokens is not None and isinstance(event, TextDelta | ReasoningDelta):
                    pieces.append(event.delta)
                yield event
        app.set_health(model.provider, None)
    except RefactError as error:
        if error.problem.kind not in _OWN_FAULT:
            app.set_health(model.provider, error.problem)
        raise
    finally:
        if usage is None and asked_tokens is not None and pieces:
            usage = Usage(input_tokens=asked_tokens, output_tokens=estimate("".join(pieces)))
        if usage is None:
            app.budgets.release(ticket)
        else:
            cost = None if price is None else cost_micros(usage, price)
            app.count(model, purpose.role, usage, cost, ticket)


def _estimate(model: Model, sent: _Sent) -> int | None:
    """What a request will cost at least; None where its price is not known."""
    price = model.capabilities.price
    if price is not None:
        size = Usage(input_tokens=len(sent.http.body) // _BYTES_PER_TOKEN, output_tokens=0)
        return cost_micros(size, price)
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

"""Asks a model's own server how many tokens a chat request has.

The server is the one that the request is about to go to, so it learns nothing that it would not
be told. One that does not answer is not asked again until something of the setup changes.
"""

import asyncio
from collections.abc import Mapping

import msgspec

from refact_lsp.app.application import App
from refact_lsp.core.ledger import Purpose
from refact_lsp.core.nouns import Model
from refact_lsp.core.problems import RefactError
from refact_lsp.core.requests import ChatRequest
from refact_lsp.core.types import Locality
from refact_lsp.features.calls import Way, built_chat, saved_way
from refact_lsp.features.counting.routes import shape_of
from refact_lsp.llm.retry import NONE
from refact_lsp.llm.wire.base import HttpRequest
from refact_lsp.llm.wire.token_counts import (
    build_text_count,
    build_whole_count,
    counts_whole,
    parse_count,
)
from refact_lsp.registry.templates import chat_wire

# How long a turn waits for a count: an estimate is as good as one that comes late.
_WAIT_S: Mapping[Locality, float] = {"machine": 3.0, "network": 3.0, "cloud": 4.0}
_JSON = {"content-type": "application/json"}


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What a server counted; `whole` says that roles, tools and images are part of it."""

    tokens: int
    whole: bool


async def counted_by_server(
    app: App, model: Model, request: ChatRequest, text: str, purpose: Purpose
) -> Counted | None:
    """Ask for the tokens of a request, or of its text alone; None where nobody answers in time."""
    way = saved_way(app, model)
    shape = shape_of(way.template)
    if shape is None or model.provider in app.world.uncounted:
        return None
    whole = counts_whole(shape)
    asked = (
        build_whole_count(shape, chat_wire(way.template), built_chat(way, model, request))
        if whole
        else build_text_count(shape, model.name, text)
    )
    tokens = await _answer(app, way, asked, purpose) if asked is not None else None
    if tokens is None:
        app.world.uncounted.add(model.provider)
        return None
    return Counted(tokens=tokens, whole=whole)


async def _answer(app: App, way: Way, asked: HttpRequest, purpose: Purpose) -> int | None:
    try:
        async with asyncio.timeout(_WAIT_S[way.endpoint.locality]):
            body = await app.client.fetch(
                way.endpoint,
                asked.route,
                asked.path,
                purpose=purpose,
                method=asked.method,
                body=asked.body,
                headers={**_JSON, **asked.headers},
                patience=NONE,
            )
    except (RefactError, TimeoutError):
        return None
    return parse_count(body)

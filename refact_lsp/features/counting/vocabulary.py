"""Fetches the vocabulary of a model's tokenizer: only when the user asks, from where it says.

It goes the way of every request: the local-only switch refuses it and the ledger shows it. What
comes is kept only where its checksum is that of the registry.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from urllib.parse import urlsplit

from refact_lsp.app.application import App
from refact_lsp.core.events import Event, Finished
from refact_lsp.core.ledger import Purpose
from refact_lsp.core.nouns import Model
from refact_lsp.core.private_files import write_private
from refact_lsp.core.problems import RefactError, refuse
from refact_lsp.core.tokens import Vocabulary
from refact_lsp.features.counting.counter import vocabulary_of
from refact_lsp.llm.endpoint import Endpoint
from refact_lsp.llm.retry import BRIEF
from refact_lsp.llm.wire.base import HttpRequest
from refact_lsp.registry.addresses import locality_of

# What the ledger says of it: no provider of the user's is asked.
SENDER = "vocabulary"
_ROUTE = "vocabulary"
_UNREACHED = ("network", "timeout", "offline", "overloaded", "rateLimited")

Told = Callable[[int, int], None]


async def fetch_vocabulary(app: App, model: Model, told: Told) -> None:
    """Fetch and load it, where it is not there yet; `told(received, of)` counts its bytes.

    Raises `unsupported` where nobody published one for the model, and what a download can end in.
    """
    vocabulary = vocabulary_of(app, model)
    if vocabulary is None:
        raise refuse(
            "unsupported",
            f"No vocabulary is published here for the tokenizer of {model.id} "
            f"({model.capabilities.tokenizer}).",
            "Its tokens are counted without one; registry/README.md says how to add one.",
            field="model",
            provider=model.provider,
        )
    if await asyncio.to_thread(app.vocabularies.load, vocabulary):
        return
    content = await _downloaded(app, vocabulary, told)
    if not await asyncio.to_thread(vocabulary.is_intact, content):
        raise refuse(
            "badResponse",
            f"What {_host(vocabulary)} sent is not the vocabulary {vocabulary.encoding}: its "
            "checksum is another one. Nothing was kept.",
            "Try again; if it stays so, a proxy in between changes what it lets through.",
        )
    path = app.folders.vocabularies / vocabulary.file
    try:
        await asyncio.to_thread(write_private, path, content)
    except OSError as error:
        raise refuse(
            "internal",
            f"The vocabulary cannot be written to {path.parent}: {error.strerror}.",
            "Free some space, or give the folder to your user, then try again.",
        ) from error
    if not await asyncio.to_thread(app.vocabularies.load, vocabulary):
        raise refuse(
            "internal",
            f"The vocabulary {vocabulary.encoding} cannot be used.",
            "The server's log says why; its tokens are counted without it.",
        )


async def _downloaded(app: App, vocabulary: Vocabulary, told: Told) -> bytes:
    body = _Body(vocabulary.size_bytes, told)
    endpoint = Endpoint(
        provider=SENDER,
        wire="openai-chat",
        locality=locality_of(urlsplit(vocabulary.url).hostname or ""),
        addresses={_ROUTE: vocabulary.url},
        authorize=_nobody,
    )
    request = HttpRequest(route=_ROUTE, path="", method="GET", body=b"")
    purpose = Purpose(role="setup", model=vocabulary.encoding)
    events = app.client.stream(endpoint, request, body.again, purpose, patience=BRIEF)
    try:
        async with aclosing(events):
            async for _ in events:
                pass
    except RefactError as error:
        if error.problem.kind == "privacy":
            raise
        raise refuse(
            error.problem.kind if error.problem.kind in _UNREACHED else "badResponse",
            f"The vocabulary {vocabulary.encoding} could not be fetched from "
            f"{_host(vocabulary)}: {error.problem.message}",
            "Try again with a network; until then tokens are counted without it.",
        ) from error
    return body.whole


class _Body:
    """Collects the bytes of a download: the parser of an answer that is no model's."""

    def __init__(self, most_bytes: int, told: Told) -> None:
        self._most = most_bytes
        self._told = told
        self._pieces: list[bytes] = []
        self._received = 0

    @property
    def whole(self) -> bytes:
        return b"".join(self._pieces)

    def again(self) -> "_Body":
        """Begin anew, for each try."""
        self._pieces, self._received = [], 0
        return self

    def feed(self, data: bytes) -> Sequence[Event]:
        self._received += len(data)
        if self._received > self._most:
            raise refuse(
                "badResponse",
                "More came than the vocabulary has.",
            )
        self._pieces.append(data)
        self._told(self._received, self._most)
        return ()

    def close(self) -> Sequence[Event]:
        return (Finished(reason="stop"),)


async def _nobody(_refresh: bool) -> Mapping[str, str]:  # noqa: FBT001  — the endpoint's signature
    return {}


def _host(vocabulary: Vocabulary) -> str:
    return urlsplit(vocabulary.url).hostname or vocabulary.url

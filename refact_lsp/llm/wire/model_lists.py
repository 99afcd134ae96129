"""Model lists of providers as typed entries: what the server itself says of each model. Pure.

What a server does not say stays unsaid, for the registry to fill in. An entry that is malformed
keeps its id; a body that is no list raises. The shape of a list is named in the provider's registry
file, never guessed.
"""

from collections.abc import Callable, Mapping

import msgspec

from refact_lsp.core.problems import RefactError
from refact_lsp.core.quirks import ModelListShape
from refact_lsp.llm.failures import classify
from refact_lsp.llm.wire.answer import UNREADABLE
from refact_lsp.llm.wire.anthropic_messages import API_VERSION
from refact_lsp.llm.wire.listed import ListedModel, read_openai
from refact_lsp.llm.wire.listed_cloud import (
    read_anthropic,
    read_copilot,
    read_gemini,
    read_mistral,
    read_openrouter,
)
from refact_lsp.llm.wire.listed_local import read_llamacpp, read_lmstudio, read_ollama

_READERS: dict[ModelListShape, Callable[[bytes], ListedModel]] = {
    "openai": read_openai,
    "vllm": read_openai,
    "ollama": read_ollama,
    "lmstudio": read_lmstudio,
    "llamacpp": read_llamacpp,
    "openrouter": read_openrouter,
    "anthropic": read_anthropic,
    "gemini": read_gemini,
    "mistral": read_mistral,
    "copilot": read_copilot,
}

# Headers without which a list is refused.
LIST_HEADERS: Mapping[ModelListShape, Mapping[str, str]] = {
    "anthropic": {"anthropic-version": API_VERSION},
}


class _Page(msgspec.Struct):
    data: list[msgspec.Raw] | None = None
    models: list[msgspec.Raw] | None = None
    has_more: bool | None = None
    last_id: str | None = None
    next_page_token: str | None = msgspec.field(default=None, name="nextPageToken")


def parse_models(shape: ModelListShape, body: bytes) -> list[ListedModel]:
    """Read one page of a list; raises for what is no list, with the cause told apart."""
    read = _READERS[shape]
    listed = [read(entry) for entry in _entries(body)]
    return [model for model in listed if model.id]


def next_page(shape: ModelListShape, body: bytes) -> Mapping[str, str] | None:
    """Give the query of the next page; None after the last one."""
    try:
        page = msgspec.json.decode(body, type=_Page)
    except UNREADABLE:
        return None
    if shape == "gemini" and page.next_page_token:
        return {"pageToken": page.next_page_token}
    if shape == "anthropic" and page.has_more and page.last_id:
        return {"after_id": page.last_id}
    return None


def _entries(body: bytes) -> list[msgspec.Raw]:
    try:
        if body.lstrip()[:1] == b"[":
            return msgspec.json.decode(body, type=list[msgspec.Raw])
        page = msgspec.json.decode(body, type=_Page)
    except UNREADABLE as error:
        raise RefactError(classify(200, {}, body)) from error
    entries = page.data if page.data is not None else page.models
    if entries is None:
        raise RefactError(classify(200, {}, body))
    return entries

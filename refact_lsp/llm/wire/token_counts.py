"""Asks a server how many tokens something has. Pure.

Two kinds of routes: `tokenize` takes a text (llama.cpp, vLLM), `count_tokens` a whole chat request
(Anthropic, OpenAI's Responses API).
References: https://github.com/ggml-org/llama.cpp/tree/master/tools/server,
https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html,
https://docs.anthropic.com/en/api/messages-count-tokens,
https://platform.openai.com/docs/api-reference/responses/input-tokens
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from refact_lsp.core.quirks import TokenCountShape
from refact_lsp.core.types import Wire
from refact_lsp.llm.wire.base import HttpRequest
from refact_lsp.llm.wire.history import encoded

_MOST_TOKENS = 1 << 31  # more than any window: a number beyond it is a mistake

# Whole requests, by the wire format that they are built in: the path, and the fields that count.
_WHOLE: Mapping[TokenCountShape, tuple[str, frozenset[str]]] = {
    "anthropic-messages": (
        "/messages/count_tokens",
        frozenset(["model", "messages", "system", "tools", "tool_choice", "thinking"]),
    ),
    "openai-responses": (
        "/responses/input_tokens",
        frozenset(["model", "input", "instructions", "tools", "tool_choice", "reasoning", "text"]),
    ),
}


class _Answer(msgspec.Struct):
    count: int | None = None
    input_tokens: int | None = None
    tokens: list[msgspec.Raw] | None = None


_decode = msgspec.json.Decoder(_Answer).decode


def counts_whole(shape: TokenCountShape) -> bool:
    """Say whether the shape counts a whole chat request, not a text."""
    return shape in _WHOLE


def build_text_count(shape: TokenCountShape, model: str, text: str) -> HttpRequest:
    """Ask for the tokens of a text, without those that a model puts before every prompt."""
    body: Mapping[str, Any] = (
        {"content": text}
        if shape == "llamacpp"
        else {"model": model, "prompt": text, "add_special_tokens": False}
    )
    return HttpRequest(route="tokenize", path="/tokenize", body=encoded(body))


def build_whole_count(
    shape: TokenCountShape, wire: Wire, request: HttpRequest
) -> HttpRequest | None:
    """Ask for the tokens of a built chat request; None where it is of another wire format."""
    if wire != shape:
        return None
    path, fields = _WHOLE[shape]
    body: dict[str, Any] = msgspec.json.decode(request.body)
    counted = {name: value for name, value in body.items() if name in fields}
    return HttpRequest(
        route="count_tokens", path=path, body=encoded(counted), headers=request.headers
    )


def parse_count(body: bytes) -> int | None:
    """Read the answer of any of them; None where it tells no count that can be true."""
    try:
        said = _decode(body)
    except (msgspec.MsgspecError, RecursionError):
        return None
    count = said.input_tokens if said.input_tokens is not None else said.count
    if count is None and said.tokens is not None:
        count = len(said.tokens)
    return count if count is not None and 0 < count < _MOST_TOKENS else None

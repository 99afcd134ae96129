"""llama.cpp's own routes for completions: `/infill`, and `/completion` with a laid-out prompt.

Its chat and embeddings speak OpenAI's formats. `/infill` places prefix, suffix and other files by
the model's own tokens, so it needs no family.
Reference: https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#post-infill
"""

from typing import Any

import msgspec

from refact_lsp.core.events import Event, TextDelta, UsageReported
from refact_lsp.core.problems import RefactError, refuse
from refact_lsp.core.quirks import Quirks
from refact_lsp.core.requests import CompletionRequest
from refact_lsp.core.types import Usage
from refact_lsp.llm.failures import classify
from refact_lsp.llm.wire.answer import UNREADABLE, AnswerParser, cut_short, decode_lenient
from refact_lsp.llm.wire.base import HttpRequest, Parser
from refact_lsp.llm.wire.history import encoded
from refact_lsp.llm.wire.stop_reasons import finished
from refact_lsp.llm.wire.usage import Count, first_count


class _Chunk(msgspec.Struct):
    content: str | None = None
    stop: bool = False
    stop_type: str | None = None
    tokens_evaluated: Count = None
    tokens_predicted: Count = None
    error: Any = None


_decode = msgspec.json.Decoder(_Chunk, strict=False).decode


def build_completion(request: CompletionRequest, quirks: Quirks) -> HttpRequest:
    """Build a streamed infill; by `template` the prompt goes as it is."""
    body: dict[str, Any] = {
        "stream": True,
        "cache_prompt": True,
        "n_predict": request.max_tokens,
        "temperature": request.temperature,
    }
    if request.stop:
        body["stop"] = list(request.stop)[: quirks.max_stops]
    if request.method == "template" and request.prompt is not None:
        body["prompt"] = request.prompt
        return HttpRequest(route="completion", path="/completion", body=encoded(body))
    if request.method not in ("infill", "suffix"):
        raise refuse(
            "unsupported",
            f"Completions by {request.method!r} are not for this wire format.",
            "Set the model's completion method to infill or template.",
        )
    body |= {
        "input_prefix": request.prefix,
        "input_suffix": request.suffix,
        "input_extra": [{"filename": piece.path, "text": piece.text} for piece in request.extra],
        "prompt": request.prompt or "",
    }
    return HttpRequest(route="infill", path="/infill", body=encoded(body))


def completion_parser(quirks: Quirks) -> Parser:  # noqa: ARG001  — the shape of every wire format
    """Make a parser for one completion."""
    return LlamaParser()


class LlamaParser(AnswerParser):
    """Reads chunks until the one that says `stop`."""

    def _take(self, payload: bytes, events: list[Event]) -> None:
        if self._finished or not payload or payload == b"[DONE]":
            return
        try:
            chunk = _decode(payload)
        except UNREADABLE:
            chunk = decode_lenient(payload, _decode, _Chunk)
        if chunk.error is not None or (chunk.content is None and not chunk.stop):
            raise RefactError(classify(200, {}, payload))
        if chunk.content:
            events.append(TextDelta(delta=chunk.content))
        if chunk.stop:
            usage = Usage(
                input_tokens=first_count(chunk.tokens_evaluated) or 0,
                output_tokens=first_count(chunk.tokens_predicted) or 0,
            )
            events.append(UsageReported(usage=usage))
            reason = "stop" if chunk.stop_type in (None, "word", "none") else chunk.stop_type
            events.append(finished(reason, has_calls=False))
            self._finished = True

    def _end(self, events: list[Event]) -> None:  # noqa: ARG002  — only the server's own end counts
        raise cut_short(self._reader.head)

"""Answers of Ollama's native API as events: one JSON document a line.

Reference: https://github.com/ollama/ollama/blob/main/docs/api.md
"""

from typing import Any

import msgspec

from refact_lsp.core.events import Event, ReasoningDelta, TextDelta, UsageReported, Vectors
from refact_lsp.core.problems import RefactError
from refact_lsp.core.types import Usage
from refact_lsp.llm.failures import classify
from refact_lsp.llm.wire.answer import (
    UNREADABLE,
    AnswerParser,
    cut_short,
    decode_lenient,
    no_answer,
)
from refact_lsp.llm.wire.stop_reasons import finished, is_cut
from refact_lsp.llm.wire.think_tags import ThinkTags
from refact_lsp.llm.wire.tool_calls import CallPieces
from refact_lsp.llm.wire.usage import Count, first_count


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: Any = None
    index: int | None = None


class _Call(msgspec.Struct):
    id: str | None = None
    function: _Function | None = None


class _Message(msgspec.Struct):
    content: str | None = None
    thinking: str | None = None
    tool_calls: list[_Call] | None = None


class _Chunk(msgspec.Struct):
    message: _Message | None = None
    response: str | None = None
    thinking: str | None = None
    done: bool = False
    done_reason: str | None = None
    created_at: str | None = None
    prompt_eval_count: Count = None
    eval_count: Count = None
    error: Any = None


class _Embeddings(msgspec.Struct):
    embeddings: list[list[float]] | None = None
    prompt_eval_count: Count = None


_decode = msgspec.json.Decoder(_Chunk, strict=False).decode
_decode_embeddings = msgspec.json.Decoder(_Embeddings, strict=False).decode


class OllamaParser(AnswerParser):
    """Reads lines of chat and of generate until the one that says `done`."""

    def __init__(self, *, think_tags: bool = False) -> None:
        super().__init__(lines=True)
        self._think = ThinkTags() if think_tags else None
        self._calls = CallPieces()
        self._call_count = 0

    def _take(self, payload: bytes, events: list[Event]) -> None:
        if self._finished or not payload:
            return
        try:
            chunk = _decode(payload)
        except UNREADABLE:
            chunk = decode_lenient(payload, _decode, _Chunk)
        if chunk.error is not None:
            raise RefactError(classify(200, {}, payload))
        message = chunk.message or _Message()
        if thought := message.thinking or chunk.thinking:
            events.append(ReasoningDelta(delta=thought))
        if text := message.content or chunk.response:
            events.extend(self._think.feed(text) if self._think else [TextDelta(delta=text)])
        for call in message.tool_calls or ():  # calls come whole; their numbers may repeat
            function = call.function or _Function()
            self._calls.add(self._call_count, call.id, function.name, function.arguments)
            self._call_count += 1
        if chunk.done:
            self._done(chunk, events)

    def _done(self, chunk: _Chunk, events: list[Event]) -> None:
        if self._think is not None:
            events.extend(self._think.close())
        has_calls = bool(self._calls)
        seed = chunk.created_at or ""
        events.extend(self._calls.finish(seed, cut=is_cut(chunk.done_reason)))
        usage = Usage(
            input_tokens=first_count(chunk.prompt_eval_count) or 0,
            output_tokens=first_count(chunk.eval_count) or 0,
        )
        events.append(UsageReported(usage=usage))
        events.append(finished(chunk.done_reason, has_calls=has_calls))
        self._finished = True

    def _end(self, events: list[Event]) -> None:  # noqa: ARG002  — only the server's own end counts
        raise cut_short(self._reader.head)


class OllamaEmbeddingParser(AnswerParser):
    """Reads the one document that holds the vectors."""

    def _take(self, payload: bytes, events: list[Event]) -> None:
        answer = decode_lenient(payload, _decode_embeddings, _Embeddings)
        if answer.embeddings is None:
            raise no_answer(payload)
        events.append(Vectors(vectors=answer.embeddings))
        read = first_count(answer.prompt_eval_count) or 0
        events.append(UsageReported(usage=Usage(input_tokens=read, output_tokens=0)))
        events.append(finished("stop", has_calls=False))
        self._finished = True

    def _end(self, events: list[Event]) -> None:  # noqa: ARG002  — a document has no other end
        raise no_answer(self._reader.head)

"""Answers of the OpenAI-like wires as events: chat, completions and their many dialects.

Chat streams `delta`, chat documents hold `message`, completions hold `text`; FIM routes of some
vendors answer in chat's shape. One parser reads them all, so that no server is asked which it is.
Reference: https://platform.openai.com/docs/api-reference/chat-streaming
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from refact_lsp.core.events import (
    Event,
    ReasoningDelta,
    ReasoningSealed,
    TextDelta,
    UsageReported,
)
from refact_lsp.core.problems import RefactError
from refact_lsp.llm.failures import classify
from refact_lsp.llm.wire.answer import (
    UNREADABLE,
    AnswerParser,
    cut_short,
    decode_lenient,
    no_answer,
)
from refact_lsp.llm.wire.history import sealed_as
from refact_lsp.llm.wire.stop_reasons import finished, is_cut
from refact_lsp.llm.wire.think_tags import ThinkTags
from refact_lsp.llm.wire.tool_calls import CallPieces
from refact_lsp.llm.wire.usage import OpenAiUsage, openai_usage


class _Part(msgspec.Struct):
    """An element of a content list: text, or Mistral's thinking, which holds such a list again."""

    type: str | None = None
    text: str | None = None
    thinking: "str | list[_Part] | None" = None


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: Any = None
    input: Any = None


class _Call(msgspec.Struct):
    index: int | None = None
    id: str | int | None = None
    function: _Function | None = None
    custom: _Function | None = None
    extra_content: Any = None


class _Delta(msgspec.Struct):
    content: str | list[_Part] | None = None
    reasoning_content: str | None = None
    reasoning: str | dict[str, Any] | None = None
    reasoning_details: list[dict[str, Any]] | None = None
    reasoning_text: str | None = None  # Copilot's gist of thinking that it keeps sealed
    reasoning_opaque: str | None = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None
    function_call: _Function | None = None
    extra_content: Any = None


class _Choice(msgspec.Struct):
    index: int | None = None
    delta: _Delta | None = None
    message: _Delta | None = None
    text: str | None = None
    finish_reason: str | None = None
    error: Any = None


class _Extension(msgspec.Struct):
    usage: OpenAiUsage | None = None
    error: Any = None


class _Chunk(msgspec.Struct):
    id: Any = None
    object: Any = None
    choices: list[_Choice] | None = None
    usage: OpenAiUsage | None = None
    error: Any = None
    x_groq: _Extension | None = None


_decode = msgspec.json.Decoder(_Chunk, strict=False).decode
_MERGED_DETAILS = ("reasoning.text", "reasoning.summary")


class OpenAiParser(AnswerParser):
    """Holds what an answer's end still needs: calls in pieces, details of thinking, usage."""

    def __init__(self, *, think_tags: bool = False) -> None:
        super().__init__()
        self._think = ThinkTags() if think_tags else None
        self._calls = CallPieces()
        self._details: list[dict[str, Any]] = []
        self._sealed: dict[str, Any] = {}
        self._usage: OpenAiUsage | None = None
        self._id = ""
        self._raw_reason: str | None = None
        self._has_choice = False
        self._odd = b""

    def _take(self, payload: bytes, events: list[Event]) -> None:
        if self._finished or not payload or payload[:1] == b":":
            return
        if payload == b"[DONE]":
            self._done(events)
            return
        try:
            chunk = _decode(payload)
        except UNREADABLE:
            chunk = decode_lenient(payload, _decode, _Chunk)
        if chunk.usage is not None:
            self._usage = chunk.usage
        if chunk.error is not None or chunk.x_groq is not None:
            self._extension(chunk, payload)
        if not chunk.choices:
            self._no_choice(chunk, payload)
            return
        choice = chunk.choices[0]
        if choice.index:  # a second answer was not asked for
            return
        if not self._has_choice:
            self._has_choice, self._id = True, str(chunk.id or "")
        self._choose(choice, payload, events)

    def _choose(self, choice: _Choice, payload: bytes, events: list[Event]) -> None:
        delta = choice.delta
        if delta is None or self._reader.is_document:  # Perplexity sends both, everywhere
            delta = choice.message or delta
        if delta is not None:
            self._read(delta, events)
        elif choice.text:
            self._say(choice.text, events)
        if choice.error is not None:
            raise RefactError(classify(200, {}, payload))
        if choice.finish_reason:
            self._raw_reason = choice.finish_reason

    def _read(self, delta: _Delta, events: list[Event]) -> None:
        if delta.reasoning_content or delta.reasoning or delta.reasoning_details:
            self._reason(delta, events)
        if delta.content:
            self._say(delta.content, events)
        if delta.refusal:
            events.append(TextDelta(delta=delta.refusal))
        if delta.extra_content is not None or delta.reasoning_opaque or delta.reasoning_text:
            self._seal(delta)
        if delta.tool_calls or delta.function_call:
            self._call(delta)

    def _say(self, content: str | list[_Part], events: list[Event]) -> None:
        if isinstance(content, str):
            if self._think is None:
                events.append(TextDelta(delta=content))
            else:
                events.extend(self._think.feed(content))
            return
        for part in content:
            if part.thinking:
                thought = _text_of(part.thinking)
                events.extend([ReasoningDelta(delta=thought)] if thought else [])
            elif part.text:
                self._say(part.text, events)

    def _reason(self, delta: _Delta, events: list[Event]) -> None:
        details = delta.reasoning_details or ()
        named = delta.reasoning if isinstance(delta.reasoning, str) else ""
        thought = delta.reasoning_content or named or "".join(map(_told, details))
        if thought:
            events.append(ReasoningDelta(delta=thought))
        for item in details:
            _merge_detail(self._details, item)

    def _seal(self, delta: _Delta) -> None:
        """Keep what vendors want back verbatim beside the content: Gemini's, Copilot's."""
        if delta.extra_content is not None and _is_signed(delta.extra_content):
            self._sealed["extra_content"] = delta.extra_content
        if delta.reasoning_text:
            told = self._sealed.get("reasoning_text", "")
            self._sealed["reasoning_text"] = told + delta.reasoning_text
        if delta.reasoning_opaque:
            self._sealed["reasoning_opaque"] = delta.reasoning_opaque

    def _call(self, delta: _Delta) -> None:
        for call in delta.tool_calls or ():
            function = call.function or call.custom or _Function()
            arguments = function.input if function.arguments is None else function.arguments
            call_id = None if call.id is None else str(call.id)
            self._calls.add(call.index, call_id, function.name, arguments)
            if call.extra_content is not None:
                self._calls.mark({"extra_content": call.extra_content})
        legacy = delta.function_call
        if legacy is not None and (
            legacy.name or legacy.arguments
        ):  # empty in every answer of some
            self._calls.add(None, None, legacy.name, legacy.arguments)

    def _extension(self, chunk: _Chunk, payload: bytes) -> None:
        extension = chunk.x_groq or _Extension()
        if chunk.error is not None or extension.error is not None:
            raise RefactError(classify(200, {}, payload))
        self._usage = extension.usage or self._usage

    def _no_choice(self, chunk: _Chunk, payload: bytes) -> None:
        """Usage alone is common; an error in some other shape is kept to be told at the end."""
        if chunk.object == "error" or self._reader.is_document:
            raise no_answer(payload)
        if chunk.choices is None and chunk.usage is None:
            self._odd = payload

    def _done(self, events: list[Event]) -> None:
        if not self._has_choice:
            raise no_answer(self._odd)
        if self._think is not None:
            events.extend(self._think.close())
        if self._details:
            self._sealed["reasoning_details"] = self._details
        if self._sealed:
            events.append(ReasoningSealed(opaque=self._sealed))
        has_calls = bool(self._calls)
        events.extend(self._calls.finish(self._id, cut=is_cut(self._raw_reason)))
        if self._usage is not None:
            events.append(UsageReported(usage=openai_usage(self._usage)))
        events.append(finished(self._raw_reason, has_calls=has_calls))
        self._finished = True

    def _end(self, events: list[Event]) -> None:
        if self._raw_reason is None and not (self._has_choice and self._reader.is_document):
            raise no_answer(self._odd) if self._odd else cut_short(self._reader.head)
        self._done(events)


def _text_of(parts: str | Sequence[_Part]) -> str:
    return parts if isinstance(parts, str) else "".join(part.text or "" for part in parts)


def _told(detail: dict[str, Any]) -> str:
    told = detail.get("text") or detail.get("summary")
    return told if isinstance(told, str) else ""


def _is_signed(extra_content: object) -> bool:
    """Tell a signature from a mere mark that a piece is thinking."""
    google = sealed_as(extra_content, "google")
    return google is None or sealed_as(google, "thought_signature") is not None


def _merge_detail(details: list[dict[str, Any]], piece: dict[str, Any]) -> None:
    """Join pieces of one detail; what is sent back must be whole and in its order.

    https://openrouter.ai/docs/use-cases/reasoning-tokens#preserving-reasoning-blocks
    """
    kind, index = piece.get("type"), piece.get("index")
    known = None
    if kind in _MERGED_DETAILS:
        same = (item for item in reversed(details) if item.get("type") == kind)
        known = next((item for item in same if item.get("index") == index), None)
    if known is None:
        details.append(dict(piece))
        return
    for name, value in piece.items():
        if name in ("text", "summary") and isinstance(value, str):
            known[name] = (known.get(name) or "") + value
        elif value is not None:
            known[name] = value

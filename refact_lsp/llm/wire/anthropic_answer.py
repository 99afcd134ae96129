"""Answers of the Messages API as events.

Reference: https://docs.anthropic.com/en/docs/build-with-claude/streaming
"""

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
from refact_lsp.llm.wire.tool_calls import made_id, tool_called
from refact_lsp.llm.wire.usage import Count, first_count

SEALED = "anthropic"


class _Block(msgspec.Struct):
    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: Any = None
    id: str | None = None
    name: str | None = None
    input: Any = None


class _Delta(msgspec.Struct):
    type: str | None = None
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    partial_json: str | None = None
    stop_reason: str | None = None


class _WrittenDetails(msgspec.Struct):
    thinking_tokens: Count = None


class _Usage(msgspec.Struct):
    input_tokens: Count = None
    output_tokens: Count = None
    cache_creation_input_tokens: Count = None
    cache_read_input_tokens: Count = None
    output_tokens_details: _WrittenDetails | None = None


class _Message(msgspec.Struct):
    id: str | None = None
    usage: _Usage | None = None


class _Event(msgspec.Struct):
    """An event of a stream; a document has the last three fields and `usage`."""

    type: str = ""
    index: int | None = None
    delta: _Delta | None = None
    content_block: _Block | None = None
    message: _Message | str | None = None
    usage: _Usage | None = None
    error: Any = None
    content: list[_Block] | None = None
    stop_reason: str | None = None
    id: str | None = None


_READ = frozenset(["cache_creation_input_tokens", "cache_read_input_tokens"])
_decode = msgspec.json.Decoder(_Event, strict=False).decode


class MessagesParser(AnswerParser):
    """Holds the block that is open, the call that waits for its end, and the counts."""

    def __init__(self) -> None:
        super().__init__()
        self._block = _Block()
        self._json: list[str] = []
        self._signature: list[str] = []
        self._call: _Block | None = None
        self._call_count = 0
        self._usage = _Usage()
        self._has_usage = False
        self._id = ""
        self._raw_reason: str | None = None
        self._odd = b""

    def _take(self, payload: bytes, events: list[Event]) -> None:
        if self._finished or not payload or payload[:1] == b":":
            return
        if payload == b"[DONE]":  # OpenRouter ends this wire as it ends the other
            self._end(events)
            return
        try:
            event = _decode(payload)
        except UNREADABLE:
            event = decode_lenient(payload, _decode, _Event)
        if event.type == "content_block_delta" and event.delta is not None:
            self._grow(event.delta, events)
        elif event.type == "content_block_start" and event.content_block is not None:
            self._open(event.content_block, events)
        elif event.type == "content_block_stop":
            self._shut(events)
        else:
            self._frame(event, payload, events)

    def _frame(self, event: _Event, payload: bytes, events: list[Event]) -> None:
        match event.type:
            case "message_start" if isinstance(event.message, _Message):
                self._id = event.message.id or ""
                self._count(event.message.usage)
            case "message_delta":
                self._count(event.usage)
                if event.delta is not None and event.delta.stop_reason:
                    self._raw_reason = event.delta.stop_reason
            case "message_stop":
                self._done(events)
            case "message" if event.content is not None:
                self._document(event, events)
            case "ping":
                pass
            case _ if event.error is not None or self._reader.is_document:
                raise RefactError(classify(200, {}, payload))
            case _:
                self._odd = payload

    def _open(self, block: _Block, events: list[Event]) -> None:
        """Begin a block; some servers put all of it here, or never end the one before."""
        self._shut(events)
        self._give_call(events, cut=False)
        self._block = block
        self._json, self._signature = [], []
        if block.type == "text" and block.text:
            events.append(TextDelta(delta=block.text))
        elif block.type == "thinking" and block.thinking:
            events.append(ReasoningDelta(delta=block.thinking))

    def _grow(self, delta: _Delta, events: list[Event]) -> None:
        if delta.text:
            events.append(TextDelta(delta=delta.text))
        elif delta.thinking:
            events.append(ReasoningDelta(delta=delta.thinking))
        elif delta.partial_json:
            self._json.append(delta.partial_json)
        elif delta.signature:
            self._signature.append(delta.signature)

    def _shut(self, events: list[Event]) -> None:
        """End a block: thinking is sealed, a call waits until it is known not to be cut."""
        block, self._block = self._block, _Block()
        if block.type == "tool_use":
            self._call = block
        elif block.type == "thinking":
            if signature := "".join(self._signature) or block.signature:
                seal = {"type": "thinking", "signature": signature}
                events.append(ReasoningSealed(opaque={SEALED: seal}))
        elif block.type == "redacted_thinking":
            seal = {"type": "redacted_thinking", "data": block.data}
            events.append(ReasoningSealed(opaque={SEALED: seal}))

    def _give_call(self, events: list[Event], *, cut: bool) -> None:
        if self._call is None:
            return
        call, self._call = self._call, None
        arguments = "".join(self._json) or call.input or ""
        call_id = call.id or made_id(self._id, self._call_count)
        self._call_count += 1
        events.append(tool_called(call_id, call.name or "", arguments, cut=cut))

    def _document(self, event: _Event, events: list[Event]) -> None:
        self._id = event.id or ""
        for block in event.content or ():
            self._open(block, events)
        self._shut(events)
        self._count(event.usage)
        self._raw_reason = event.stop_reason or "end_turn"
        self._done(events)

    def _count(self, usage: _Usage | None) -> None:
        """Later counts replace earlier ones; gateways begin with zeros or leave fields out.

        What was read is told as a whole: where a later count of it is no zero, its zeros count too.
        """
        if usage is None:
            return
        self._has_usage = True
        for name in _Usage.__struct_fields__:
            value = getattr(usage, name)
            whole = usage.input_tokens and name in _READ
            if value or (whole and value is not None):
                setattr(self._usage, name, value)

    def _done(self, events: list[Event]) -> None:
        self._shut(events)
        has_calls = self._call is not None or self._call_count > 0
        self._give_call(events, cut=is_cut(self._raw_reason))
        if self._has_usage:
            events.append(UsageReported(usage=_normal(self._usage)))
        events.append(finished(self._raw_reason, has_calls=has_calls))
        self._finished = True

    def _end(self, events: list[Event]) -> None:
        if self._raw_reason is None:
            raise no_answer(self._odd) if self._odd else cut_short(self._reader.head)
        self._done(events)


def _normal(usage: _Usage) -> Usage:
    """Count what was read from and written to the cache as read, as other vendors do."""
    cached = first_count(usage.cache_read_input_tokens)
    stored = first_count(usage.cache_creation_input_tokens)
    details = usage.output_tokens_details or _WrittenDetails()
    return Usage(
        input_tokens=(first_count(usage.input_tokens) or 0) + (cached or 0) + (stored or 0),
        output_tokens=first_count(usage.output_tokens) or 0,
        cache_read_tokens=cached,
        cache_write_tokens=stored,
        reasoning_tokens=first_count(details.thinking_tokens),
    )

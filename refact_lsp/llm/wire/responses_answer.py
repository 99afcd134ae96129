"""Answers of OpenAI's Responses API as events.

Reference: https://platform.openai.com/docs/api-reference/responses-streaming
"""

from collections import Counter
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
from refact_lsp.llm.wire.stop_reasons import finished, stopped
from refact_lsp.llm.wire.tool_calls import made_id, tool_called
from refact_lsp.llm.wire.usage import OpenAiUsage, openai_usage

SEALED = "responses"


class _Content(msgspec.Struct):
    type: str | None = None
    text: str | None = None
    refusal: str | None = None


class _Item(msgspec.Struct):
    type: str = ""
    id: str | None = None
    status: str | None = None
    content: list[_Content] | None = None
    summary: list[_Content] | None = None
    encrypted_content: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: Any = None
    input: str | None = None  # what a custom tool is called with: text, not JSON


class _Incomplete(msgspec.Struct):
    reason: str | None = None


class _Response(msgspec.Struct):
    id: str | None = None
    object: str | None = None
    status: str | None = None
    output: list[_Item] | None = None
    usage: OpenAiUsage | None = None
    error: Any = None
    incomplete_details: _Incomplete | None = None


class _Event(msgspec.Struct):
    type: str = ""
    delta: Any = None
    output_index: int | None = None
    item: _Item | None = None
    response: _Response | None = None
    error: Any = None
    summary_index: int | None = None
    content_index: int | None = None


_decode = msgspec.json.Decoder(_Event, strict=False).decode
_decode_document = msgspec.json.Decoder(_Response, strict=False).decode
# What a vendor tells as parts stays apart, and its text as it came.
_PART_END = ReasoningSealed(opaque=None)
_TEXT = frozenset(["response.output_text.delta", "response.refusal.delta"])
_THINKING = frozenset(["response.reasoning_summary_text.delta", "response.reasoning_text.delta"])
_CALLS = frozenset(["function_call", "custom_tool_call"])
_ENDS = frozenset(["response.completed", "response.incomplete", "response.failed", "response.done"])


class ResponsesParser(AnswerParser):
    """Holds which items were streamed already, and the arguments of calls in pieces."""

    def __init__(self) -> None:
        super().__init__()
        self._told: set[int | None] = set()
        self._thought: set[int | None] = set()
        self._parts: dict[int | None, int | None] = {}
        self._given = Counter[str]()
        self._arguments: dict[int | None, list[str]] = {}
        self._has_calls = False
        self._odd = b""

    def _take(self, payload: bytes, events: list[Event]) -> None:
        if self._finished or not payload or payload[:1] == b":" or payload == b"[DONE]":
            return
        if self._reader.is_document:
            self._document(payload, events)
            return
        try:
            event = _decode(payload)
        except UNREADABLE:
            event = decode_lenient(payload, _decode, _Event)
        kind = event.type
        if kind in _TEXT:
            self._told.add(event.output_index)
            events.extend([TextDelta(delta=event.delta)] if event.delta else [])
        elif kind in _THINKING:
            self._thought.add(event.output_index)
            if event.delta:
                events.extend(self._apart(event))
                events.append(ReasoningDelta(delta=event.delta))
        else:
            self._frame(event, payload, events)

    def _apart(self, event: _Event) -> Sequence[Event]:
        """End the part before a further one of an item's thinking."""
        part = event.summary_index if event.summary_index is not None else event.content_index
        before = self._parts.get(event.output_index, part)
        self._parts[event.output_index] = part
        return () if before == part else (_PART_END,)

    def _frame(self, event: _Event, payload: bytes, events: list[Event]) -> None:
        match event.type:
            case "response.function_call_arguments.delta":
                self._arguments.setdefault(event.output_index, []).append(event.delta or "")
            case "response.output_item.done" if event.item is not None:
                self._item(event.output_index, event.item, events)
            case kind if kind in _ENDS and event.response is not None:
                self._done(event.response, events)
            case kind if kind == "error" or event.error is not None:
                raise RefactError(classify(200, {}, payload))
            case kind if not kind.startswith("response."):
                self._odd = payload
            case _:
                pass

    def _document(self, payload: bytes, events: list[Event]) -> None:
        response = decode_lenient(payload, _decode_document, _Response)
        if response.output is None:
            raise no_answer(payload)
        self._done(response, events)

    def _item(self, index: int | None, item: _Item, events: list[Event]) -> None:
        """Give what a finished item holds and was not streamed before.

        Some gateways give every item the same index, so what was streamed counts for one item.
        """
        self._given[item.type] += 1
        if item.type == "message":
            if index not in self._told:
                said = "".join(part.text or part.refusal or "" for part in item.content or ())
                events.extend([TextDelta(delta=said)] if said else [])
            self._told.discard(index)
        elif item.type == "reasoning":
            self._reasoning(index, item, events)
        elif item.type in _CALLS:
            self._has_calls = True
            pieces = self._arguments.pop(index, ())
            arguments = item.arguments or item.input or "".join(pieces)
            call_id = item.call_id or made_id(item.id or "", self._given[item.type] - 1)
            cut = item.status == "incomplete"
            events.append(tool_called(call_id, item.name or "", arguments, cut=cut))

    def _reasoning(self, index: int | None, item: _Item, events: list[Event]) -> None:
        summary = [part.text or "" for part in item.summary or ()]
        if index not in self._thought:
            parts = summary or [part.text or "" for part in item.content or ()]
            for number, thought in enumerate(filter(None, parts)):
                events.extend([_PART_END] if number else [])
                events.append(ReasoningDelta(delta=thought))
        self._thought.discard(index)
        if item.encrypted_content:
            seal = {
                "type": "reasoning",
                "id": item.id,
                "summary": [{"type": "summary_text", "text": text} for text in summary],
                "encrypted_content": item.encrypted_content,
            }
            events.append(ReasoningSealed(opaque={SEALED: seal}))

    def _done(self, response: _Response, events: list[Event]) -> None:
        if response.error is not None or response.status in ("failed", "cancelled"):
            if response.error is None:
                raise stopped(response.status)
            raise RefactError(classify(200, {}, msgspec.json.encode({"error": response.error})))
        # The end repeats the items that came before it, and may number them anew.
        repeated = self._given.copy()
        for index, item in enumerate(response.output or ()):
            if repeated[item.type]:
                repeated[item.type] -= 1
            else:
                self._item(index, item, events)
        if response.usage is not None:
            events.append(UsageReported(usage=openai_usage(response.usage)))
        incomplete = response.incomplete_details
        reason = incomplete.reason if incomplete is not None else None
        events.append(finished(reason or response.status, has_calls=self._has_calls))
        self._finished = True

    def _end(self, events: list[Event]) -> None:  # noqa: ARG002  — only the vendor's own end counts
        raise no_answer(self._odd) if self._odd else cut_short(self._reader.head)

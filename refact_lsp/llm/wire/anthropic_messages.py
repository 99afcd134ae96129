"""Anthropic's Messages API and the servers that speak it.

The API has no temperature any more, so none is sent.
Reference: https://docs.anthropic.com/en/api/messages
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from refact_lsp.core.parts import (
    FilePart,
    ImagePart,
    Message,
    Part,
    ReasoningPart,
    SearchPart,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
)
from refact_lsp.core.quirks import Quirks
from refact_lsp.core.requests import ChatRequest
from refact_lsp.llm.wire.anthropic_answer import SEALED, MessagesParser
from refact_lsp.llm.wire.base import HttpRequest, Parser
from refact_lsp.llm.wire.history import (
    asked_last,
    chat_headers,
    encoded,
    fitting_id,
    mended,
    object_of,
    sealed_as,
    unsendable,
)
from refact_lsp.llm.wire.thinking import Thinking, effort_of, thinking

API_VERSION = "2023-06-01"
_TOOL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_TOOL_ID_LENGTH = 40
_LEAST_ANSWER_TOKENS = 1024
_TOGGLED_BUDGET_TOKENS = 8192
_DEFAULT_MAX_TOKENS = 8192
_MARKED_MESSAGES = 2  # beside system and tools: four markers are allowed
_CACHED = {"type": "ephemeral"}
_EMPTY = "(nothing)"
_CUT_HISTORY = "(The beginning of this conversation is left out.)"


def build_chat(request: ChatRequest, quirks: Quirks) -> HttpRequest:
    """Build a streamed message."""
    messages = mended(request)
    asked = _usable(thinking(request.reasoning, request.capabilities), messages)
    answer_tokens = request.max_tokens or request.capabilities.max_output or _DEFAULT_MAX_TOKENS
    body: dict[str, Any] = {
        **quirks.chat_extra,
        "model": request.model,
        "messages": _messages(messages, replays=asked.on is not False or not asked.can_stop),
        "max_tokens": answer_tokens,
        "stream": True,
    }
    if request.system:
        body["system"] = [{"type": "text", "text": request.system}]
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    if stops := [stop for stop in request.stop if stop.strip()][: quirks.max_stops]:
        body["stop_sequences"] = stops
    body |= _thinking_fields(asked, request, answer_tokens)
    if quirks.cache_markers:
        _mark(body)
    headers = {"anthropic-version": API_VERSION, **chat_headers(messages, quirks)}
    if quirks.interleaved_thinking_beta and request.tools and asked.on:
        headers["anthropic-beta"] = quirks.interleaved_thinking_beta
    return HttpRequest(route="chat", path="/messages", body=encoded(body), headers=headers)


def chat_parser(quirks: Quirks) -> Parser:  # noqa: ARG001  — the shape of every wire format
    """Make a parser for one answer."""
    return MessagesParser()


def _thinking_fields(asked: Thinking, request: ChatRequest, answer_tokens: int) -> dict[str, Any]:
    """https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking."""
    if asked.on is None:
        return {}
    if not asked.on and asked.can_stop:
        return {"thinking": {"type": "disabled"}}
    level = effort_of(asked, request.capabilities)
    effort = {"output_config": {"effort": level}} if level else {}
    if request.capabilities.reasoning.kind == "effort":
        return {"thinking": {"type": "adaptive", "display": "summarized"}, **effort}
    budget = asked.budget_tokens or _TOGGLED_BUDGET_TOKENS
    most = max(request.capabilities.max_output, answer_tokens)
    total = min(most, max(answer_tokens, budget + _LEAST_ANSWER_TOKENS))
    budget = max(min(budget, total - _LEAST_ANSWER_TOKENS), _LEAST_ANSWER_TOKENS)
    shaped = {"type": "enabled", "budget_tokens": budget}
    return {"thinking": shaped, "max_tokens": max(total, budget + 1), **effort}


def _usable(asked: Thinking, messages: Sequence[Message]) -> Thinking:
    """Leave thinking off inside a tool loop that began without it: the API insists on both."""
    if not (asked.on and asked.budget_tokens):
        return asked
    loop = messages[asked_last(messages) :]
    calls = (m for m in loop if any(isinstance(part, ToolCallPart) for part in m.content))
    return asked if all(any(map(_seal, m.content)) for m in calls) else Thinking(on=False)


def _messages(messages: Sequence[Message], *, replays: bool) -> list[Any]:
    shaped: list[Any] = []
    if messages and messages[0].role == "assistant":
        shaped.append({"role": "user", "content": [{"type": "text", "text": _CUT_HISTORY}]})
    for message in messages:
        parts = (_part(part, replays=replays) for part in message.content)
        blocks = [block for block in parts if block is not None]
        if not blocks and message.role == "assistant":
            continue
        blocks = blocks or [{"type": "text", "text": _EMPTY}]
        if shaped and shaped[-1]["role"] == message.role:
            shaped[-1]["content"] += blocks
        else:
            shaped.append({"role": message.role, "content": blocks})
    return shaped


def _part(part: Part, *, replays: bool) -> dict[str, Any] | None:
    match part:
        case TextPart():  # the API refuses blank text
            return {"type": "text", "text": part.text} if part.text.strip() else None
        case ReasoningPart():
            return _replayed(part) if replays else None
        case ImagePart():
            source = {"type": "base64", "media_type": part.mime_type, "data": part.data}
            return {"type": "image", "source": source}
        case ToolCallPart():
            tool_id = fitting_id(part.id, _TOOL_ID, _TOOL_ID_LENGTH)
            return {"type": "tool_use", "id": tool_id, "name": part.name, "input": object_of(part)}
        case ToolResultPart():
            shaped: dict[str, Any] = {
                "type": "tool_result",
                "tool_use_id": fitting_id(part.id, _TOOL_ID, _TOOL_ID_LENGTH),
                "content": part.content,
            }
            return {**shaped, "is_error": True} if part.is_error else shaped
        case FilePart() | SearchPart():
            raise unsendable(part)
        case _ as never:
            assert_never(never)


def _seal(part: Part) -> Mapping[str, Any] | None:
    """Find what this wire sealed; thinking of other vendors is not sent here."""
    return sealed_as(part.opaque, SEALED) if isinstance(part, ReasoningPart) else None


def _replayed(part: ReasoningPart) -> dict[str, Any] | None:
    """Give a thinking block back byte for byte."""
    seal = _seal(part)
    if seal is None:
        return None
    if seal["type"] == "redacted_thinking":
        return {"type": "redacted_thinking", "data": seal["data"]}
    return {"type": "thinking", "thinking": part.text, "signature": seal["signature"]}


def _tool(tool: Tool) -> dict[str, Any]:
    schema = {"type": "object", **tool.input_schema}
    return {"name": tool.name, "description": tool.description, "input_schema": schema}


def _mark(body: dict[str, Any]) -> None:
    """Mark what stays the same from turn to turn: tools, system, and the newest user messages.

    https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching
    """
    for blocks in (body.get("tools"), body.get("system")):
        if blocks:
            blocks[-1] = {**blocks[-1], "cache_control": _CACHED}
    spoken = [message["content"] for message in body["messages"] if message["role"] == "user"]
    for blocks in spoken[-_MARKED_MESSAGES:]:
        blocks[-1] = {**blocks[-1], "cache_control": _CACHED}

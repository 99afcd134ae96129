"""OpenAI's Chat Completions and the many servers that speak it.

Reference: https://platform.openai.com/docs/api-reference/chat/create
"""

import re
from collections.abc import Sequence
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
from refact_lsp.llm.wire.base import HttpRequest, Parser
from refact_lsp.llm.wire.history import (
    asked_last,
    chat_headers,
    encoded,
    fitting_id,
    mended,
    object_of,
    reasoning_of,
    sealed_as,
    text_of,
    unsendable,
)
from refact_lsp.llm.wire.openai_answer import OpenAiParser
from refact_lsp.llm.wire.openai_thinking import thinking_fields
from refact_lsp.llm.wire.thinking import is_on, thinking
from refact_lsp.llm.wire.tool_calls import arguments_text

_ANY_ID = re.compile(r".{1,64}", re.DOTALL)
_ANY_ID_LENGTH = 40


def build_chat(request: ChatRequest, quirks: Quirks) -> HttpRequest:
    """Build a streamed chat completion."""
    messages = mended(request)
    asked = thinking(request.reasoning, request.capabilities)
    body: dict[str, Any] = {
        **quirks.chat_extra,
        "model": request.model,
        "messages": _messages(request.system, messages, quirks),
        "stream": True,
    }
    if quirks.stream_options:
        body["stream_options"] = {"include_usage": True}
    if request.max_tokens is not None:
        body[quirks.max_tokens_field] = request.max_tokens
    if request.stop:
        body["stop"] = list(request.stop)[: quirks.max_stops]
    fixed = quirks.thinking_fixes_temperature and is_on(asked, request.capabilities)
    if request.temperature is not None and request.capabilities.temperature and not fixed:
        body["temperature"] = request.temperature
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    body |= thinking_fields(request, asked, quirks.reasoning_style)
    return HttpRequest(
        route="chat",
        path="/chat/completions",
        body=encoded(body),
        headers=chat_headers(messages, quirks),
    )


def chat_parser(quirks: Quirks) -> Parser:
    """Make a parser for one answer."""
    return OpenAiParser(think_tags=quirks.think_tags)


def _messages(system: str | None, messages: Sequence[Message], quirks: Quirks) -> list[Any]:
    shaped: list[Any] = []
    if system:
        shaped.append({"role": quirks.system_role, "content": system})
    loop_start = 0 if quirks.reasoning_replay_scope == "always" else asked_last(messages)
    for number, message in enumerate(messages):
        if message.role == "user":
            shaped += _user(message, quirks)
        elif said := _assistant(message, quirks, replays=number >= loop_start):
            shaped.append(said)
    return shaped


def _user(message: Message, quirks: Quirks) -> list[Any]:
    """Results of tools are messages of their own and stand before what the user says."""
    results: list[Any] = []
    content: list[Any] = []
    for part in message.content:
        match part:
            case ToolResultPart():
                tool_id = _tool_id(part.id, quirks)
                results.append({"role": "tool", "tool_call_id": tool_id, "content": part.content})
            case TextPart():
                content.append({"type": "text", "text": part.text})
            case ImagePart():
                url = f"data:{part.mime_type};base64,{part.data}"
                content.append({"type": "image_url", "image_url": {"url": url}})
            case FilePart() | SearchPart():
                raise unsendable(part)
            case ReasoningPart() | ToolCallPart():  # words of the model, quoted by nobody
                continue
            case _ as never:
                assert_never(never)
    if not content:
        return results
    is_plain = all(piece["type"] == "text" for piece in content)
    said = "".join(piece["text"] for piece in content) if is_plain else content
    return [*results, {"role": "user", "content": said}]


def _assistant(message: Message, quirks: Quirks, *, replays: bool) -> dict[str, Any] | None:
    text = text_of(message.content)
    calls = [_call(part, quirks) for part in message.content if isinstance(part, ToolCallPart)]
    if not text and not calls:
        return None
    shaped: dict[str, Any] = {"role": "assistant", "content": text or None}
    if calls:
        shaped["tool_calls"] = calls
    if replays:
        shaped |= _replayed(message.content, text, quirks)
    return shaped


def _replayed(parts: Sequence[Part], text: str, quirks: Quirks) -> dict[str, Any]:
    """Send thinking back where and as the vendor wants it; what others sealed stays out."""
    thought = reasoning_of(parts)
    sealed = [p.opaque for p in parts if isinstance(p, ReasoningPart) and p.opaque is not None]
    shaped: dict[str, Any] = {}
    match quirks.reasoning_replay:
        case "reasoning_content" | "reasoning" as field if thought:
            shaped[field] = thought
        case "reasoning_details":
            details = [
                item for seal in sealed for item in sealed_as(seal, "reasoning_details") or ()
            ]
            if details:
                shaped["reasoning_details"] = details
            elif thought:
                shaped["reasoning"] = thought
        case "thinking-part" if thought:
            inner = [{"type": "text", "text": thought}]
            said = [{"type": "text", "text": text}] if text else []
            shaped["content"] = [{"type": "thinking", "thinking": inner}, *said]
        case "extra_content":
            kept = [found for seal in sealed if (found := sealed_as(seal, "extra_content"))]
            shaped |= {"extra_content": kept[-1]} if kept else {}
        case "reasoning_opaque":
            for seal in sealed:
                both = {n: sealed_as(seal, n) for n in ("reasoning_text", "reasoning_opaque")}
                shaped |= {name: kept for name, kept in both.items() if kept}
        case _:
            pass
    return shaped


def _call(part: ToolCallPart, quirks: Quirks) -> dict[str, Any]:
    shaped: dict[str, Any] = {
        "id": _tool_id(part.id, quirks),
        "type": "function",
        "function": {"name": part.name, "arguments": arguments_text(object_of(part))},
    }
    signed = sealed_as(part.opaque, "extra_content")
    if signed and quirks.reasoning_replay == "extra_content":
        shaped["extra_content"] = signed
    return shaped


def _tool(tool: Tool) -> dict[str, Any]:
    parameters = tool.input_schema or {"type": "object", "properties": {}}
    function = {"name": tool.name, "description": tool.description, "parameters": parameters}
    return {"type": "function", "function": function}


def _tool_id(call_id: str, quirks: Quirks) -> str:
    length = quirks.tool_id_length
    if length is None:
        return fitting_id(call_id, _ANY_ID, _ANY_ID_LENGTH)
    return fitting_id(call_id, re.compile(rf"[a-zA-Z0-9]{{{length}}}"), length)

"""OpenAI's Responses API, without state at the vendor: nothing is stored, thinking is replayed.

Reference: https://platform.openai.com/docs/api-reference/responses/create
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
    chat_headers,
    encoded,
    fitting_id,
    mended,
    object_of,
    sealed_as,
    unsendable,
)
from refact_lsp.llm.wire.responses_answer import SEALED, ResponsesParser
from refact_lsp.llm.wire.thinking import effort_of, is_on, thinking
from refact_lsp.llm.wire.tool_calls import arguments_text

_CALL_ID = re.compile(r".{1,64}", re.DOTALL)
_CALL_ID_LENGTH = 40
_LEAST_OUTPUT_TOKENS = 16  # the API refuses less


def build_chat(request: ChatRequest, quirks: Quirks) -> HttpRequest:
    """Build a streamed response."""
    messages = mended(request)
    capabilities = request.capabilities
    asked = thinking(request.reasoning, capabilities)
    body: dict[str, Any] = {
        **quirks.chat_extra,
        "model": request.model,
        "input": _input(messages),
        "stream": True,
        "store": False,
    }
    if request.system:
        body["instructions"] = request.system
    if request.max_tokens is not None:
        body["max_output_tokens"] = max(request.max_tokens, _LEAST_OUTPUT_TOKENS)
    fixed = quirks.thinking_fixes_temperature and is_on(asked, capabilities)
    if request.temperature is not None and capabilities.temperature and not fixed:
        body["temperature"] = request.temperature
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    if effort := effort_of(asked, capabilities):
        body["reasoning"] = {"effort": effort} | ({"summary": "auto"} if asked.on else {})
    if quirks.encrypted_reasoning and capabilities.reasoning.kind != "none":
        body["include"] = ["reasoning.encrypted_content"]
    return HttpRequest(
        route="chat",
        path="/responses",
        body=encoded(body),
        headers=chat_headers(messages, quirks),
    )


def chat_parser(quirks: Quirks) -> Parser:  # noqa: ARG001  — the shape of every wire format
    """Make a parser for one answer."""
    return ResponsesParser()


def _input(messages: Sequence[Message]) -> list[Any]:
    items: list[Any] = []
    for message in messages:
        items += _user(message) if message.role == "user" else _assistant(message)
    return items


def _user(message: Message) -> list[Any]:
    outputs: list[Any] = []
    content: list[Any] = []
    for part in message.content:
        match part:
            case ToolResultPart():
                call_id = fitting_id(part.id, _CALL_ID, _CALL_ID_LENGTH)
                output = {"type": "function_call_output", "call_id": call_id}
                outputs.append({**output, "output": part.content})
            case TextPart():
                content.append({"type": "input_text", "text": part.text})
            case ImagePart():
                url = f"data:{part.mime_type};base64,{part.data}"
                content.append({"type": "input_image", "image_url": url, "detail": "auto"})
            case FilePart() | SearchPart():
                raise unsendable(part)
            case ReasoningPart() | ToolCallPart():  # words of the model, quoted by nobody
                continue
            case _ as never:
                assert_never(never)
    return [*outputs, {"role": "user", "content": content}] if content else outputs


def _assistant(message: Message) -> list[Any]:
    """Keep the order; thinking that nothing follows is refused by the API and left out."""
    items = [item for item in map(_item, message.content) if item]
    while items and items[-1].get("type") == "reasoning":
        items.pop()
    return items


def _item(part: Part) -> dict[str, Any] | None:
    match part:
        case TextPart() if part.text:
            return {"role": "assistant", "content": part.text}
        case ReasoningPart():
            return sealed_as(part.opaque, SEALED)
        case ToolCallPart():
            return {
                "type": "function_call",
                "call_id": fitting_id(part.id, _CALL_ID, _CALL_ID_LENGTH),
                "name": part.name,
                "arguments": arguments_text(object_of(part)),
            }
        case _:
            return None


def _tool(tool: Tool) -> dict[str, Any]:
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.input_schema or {"type": "object", "properties": {}},
        "strict": False,
    }

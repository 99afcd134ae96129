"""Ollama's native API: chat, generate (with `suffix`, or raw with a laid-out prompt) and embed.

The native API alone takes the window (`num_ctx`), the time a model stays loaded and `think`.
Reference: https://github.com/ollama/ollama/blob/main/docs/api.md
"""

from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from refact_lsp.core.parts import (
    FilePart,
    ImagePart,
    Message,
    ReasoningPart,
    SearchPart,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
)
from refact_lsp.core.problems import refuse
from refact_lsp.core.quirks import Quirks
from refact_lsp.core.requests import ChatRequest, CompletionRequest, EmbeddingRequest
from refact_lsp.llm.wire.base import HttpRequest, Parser
from refact_lsp.llm.wire.history import (
    asked_last,
    chat_headers,
    encoded,
    mended,
    object_of,
    reasoning_of,
    text_of,
    unsendable,
)
from refact_lsp.llm.wire.ollama_answer import OllamaEmbeddingParser, OllamaParser
from refact_lsp.llm.wire.thinking import effort_of, thinking


def build_chat(request: ChatRequest, quirks: Quirks) -> HttpRequest:
    """Build a streamed chat."""
    messages = mended(request)
    temperature = request.temperature if request.capabilities.temperature else None
    body: dict[str, Any] = {
        **quirks.chat_extra,
        "model": request.model,
        "messages": _messages(request.system, messages),
        "stream": True,
        **_loading(quirks),
        "options": _options(
            quirks,
            window=request.capabilities.context_window,
            max_tokens=request.max_tokens,
            temperature=temperature,
            stop=request.stop,
        ),
    }
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    asked = thinking(request.reasoning, request.capabilities)
    if asked.on is not None:  # models with levels take a word, the others a switch
        body["think"] = effort_of(asked, request.capabilities) or asked.on
    headers = chat_headers(messages, quirks)
    return HttpRequest(route="chat", path="/api/chat", body=encoded(body), headers=headers)


def chat_parser(quirks: Quirks) -> Parser:
    """Make a parser for one answer."""
    return OllamaParser(think_tags=quirks.think_tags)


def build_completion(request: CompletionRequest, quirks: Quirks) -> HttpRequest:
    """Build a streamed completion by `suffix` or by `template`."""
    body: dict[str, Any] = {"model": request.model, "stream": True, **_loading(quirks)}
    if request.method == "suffix":
        # An empty suffix would turn the request into a question to the chat template.
        body |= {"prompt": request.prefix, "suffix": request.suffix or "\n"}
    elif request.method == "template" and request.prompt is not None:
        body |= {"prompt": request.prompt, "raw": True}
    else:
        raise refuse(
            "unsupported",
            f"Completions by {request.method!r} are not for this wire format.",
            "Set the model's completion method to suffix or template.",
        )
    body["options"] = _options(
        quirks,
        window=request.context_window,
        max_tokens=request.max_tokens,
        temperature=request.temperature,
        stop=request.stop,
    )
    return HttpRequest(route="completion", path="/api/generate", body=encoded(body))


def completion_parser(quirks: Quirks) -> Parser:  # noqa: ARG001  — the shape of every wire format
    """Make a parser for one completion."""
    return OllamaParser()


def build_embedding(request: EmbeddingRequest, quirks: Quirks) -> HttpRequest:
    """Build a request for vectors."""
    body: dict[str, Any] = {
        "model": request.model,
        "input": list(request.inputs),
        **_loading(quirks),
    }
    if request.dimensions is not None:
        body["dimensions"] = request.dimensions
    return HttpRequest(route="embedding", path="/api/embed", body=encoded(body))


def embedding_parser(quirks: Quirks) -> Parser:  # noqa: ARG001  — the shape of every wire format
    """Make a parser for one answer."""
    return OllamaEmbeddingParser()


def _loading(quirks: Quirks) -> Mapping[str, Any]:
    """Ollama refuses a bare number in a string: `-1` means a number, `5m` a duration."""
    keep_alive = quirks.keep_alive
    if keep_alive is None:
        return {}
    if isinstance(keep_alive, str) and keep_alive.strip().lstrip("-").isdigit():
        keep_alive = int(keep_alive)
    return {"keep_alive": keep_alive}


def _options(
    quirks: Quirks,
    *,
    window: int | None,
    max_tokens: int | None,
    temperature: float | None,
    stop: Sequence[str],
) -> Mapping[str, Any]:
    options: dict[str, Any] = {}
    if quirks.num_ctx is not None:  # the same for chat and completion, or Ollama loads anew
        options["num_ctx"] = min(quirks.num_ctx, window or quirks.num_ctx)
    if max_tokens is not None:
        options["num_predict"] = max_tokens
    if temperature is not None:
        options["temperature"] = temperature
    if stop:
        options["stop"] = list(stop)[: quirks.max_stops]
    return options


def _messages(system: str | None, messages: Sequence[Message]) -> list[Any]:
    shaped: list[Any] = [{"role": "system", "content": system}] if system else []
    names: dict[str, str] = {}
    loop_start = asked_last(messages)
    for number, message in enumerate(messages):
        if message.role == "user":
            shaped += _user(message, names)
            continue
        calls = [part for part in message.content if isinstance(part, ToolCallPart)]
        names |= {call.id: call.name for call in calls}
        said: dict[str, Any] = {"role": "assistant", "content": text_of(message.content)}
        if calls:
            said["tool_calls"] = [
                {"function": {"name": call.name, "arguments": object_of(call)}} for call in calls
            ]
        if number >= loop_start and (thought := reasoning_of(message.content)):
            said["thinking"] = thought
        shaped.append(said)
    return shaped


def _user(message: Message, names: Mapping[str, str]) -> list[Any]:
    results: list[Any] = []
    texts: list[str] = []
    images: list[str] = []
    for part in message.content:
        match part:
            case ToolResultPart():
                result = {"role": "tool", "content": part.content}
                results.append({**result, "tool_name": names.get(part.id, "")})
            case TextPart():
                texts.append(part.text)
            case ImagePart():
                images.append(part.data or "")
            case FilePart() | SearchPart():
                raise unsendable(part)
            case ReasoningPart() | ToolCallPart():  # words of the model, quoted by nobody
                continue
            case _ as never:
                assert_never(never)
    if not (texts or images):
        return results
    said: dict[str, Any] = {"role": "user", "content": "".join(texts)}
    return [*results, {**said, "images": images} if images else said]


def _tool(tool: Tool) -> dict[str, Any]:
    parameters = tool.input_schema or {"type": "object", "properties": {}}
    function = {"name": tool.name, "description": tool.description, "parameters": parameters}
    return {"type": "function", "function": function}

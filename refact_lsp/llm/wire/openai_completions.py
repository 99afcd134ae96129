"""OpenAI's old Completions: filling in the middle, and chat with models that know no roles.

A prompt laid out for the model's family, or prefix and suffix for servers that lay it out
themselves (Mistral, DeepSeek, Inception). The token limit is always `max_tokens` here.
References: https://platform.openai.com/docs/api-reference/completions,
https://docs.mistral.ai/api/#tag/fim, https://api-docs.deepseek.com/guides/fim_completion
"""

from typing import Any

from refact_lsp.core.parts import ImagePart
from refact_lsp.core.problems import refuse
from refact_lsp.core.quirks import Quirks
from refact_lsp.core.requests import ChatRequest, CompletionRequest
from refact_lsp.llm.wire.base import HttpRequest, Parser
from refact_lsp.llm.wire.history import encoded, mended, text_of
from refact_lsp.llm.wire.openai_answer import OpenAiParser


def build_completion(request: CompletionRequest, quirks: Quirks) -> HttpRequest:
    """Build a streamed completion by `suffix` or by `template`."""
    body: dict[str, Any] = {"model": request.model, "stream": True}
    if request.method == "suffix":
        body |= {"prompt": request.prefix, "suffix": request.suffix}
    elif request.method == "template" and request.prompt is not None:
        body["prompt"] = request.prompt
    else:
        raise refuse(
            "unsupported",
            f"Completions by {request.method!r} are not for this wire format.",
            "Set the model's completion method to suffix or template.",
        )
    body |= {"max_tokens": request.max_tokens, "temperature": request.temperature}
    if request.stop:
        body["stop"] = list(request.stop)[: quirks.max_stops]
    return _request("completion", body, quirks)


def completion_parser(quirks: Quirks) -> Parser:  # noqa: ARG001  — the shape of every wire format
    """Make a parser for one completion."""
    return OpenAiParser()


def build_chat(request: ChatRequest, quirks: Quirks) -> HttpRequest:
    """Send the thread's text as the prompt; images and tools have no place in it."""
    messages = mended(request)
    if request.tools or any(isinstance(p, ImagePart) for m in messages for p in m.content):
        raise refuse(
            "unsupported",
            f"{request.model} takes text only over this wire format.",
            "Choose a model behind a chat wire format for tools and images.",
        )
    texts = [request.system or "", *(text_of(message.content) for message in messages)]
    body: dict[str, Any] = {
        **quirks.chat_extra,
        "model": request.model,
        "prompt": "\n\n".join(filter(None, texts)),
        "stream": True,
    }
    if request.max_tokens is not None:
        body["max_tokens"] = request.max_tokens
    if request.temperature is not None and request.capabilities.temperature:
        body["temperature"] = request.temperature
    if request.stop:
        body["stop"] = list(request.stop)[: quirks.max_stops]
    return _request("chat", body, quirks)


def chat_parser(quirks: Quirks) -> Parser:
    """Make a parser for one answer."""
    return OpenAiParser(think_tags=quirks.think_tags)


def _request(route: str, body: dict[str, Any], quirks: Quirks) -> HttpRequest:
    if quirks.stream_options:
        body["stream_options"] = {"include_usage": True}
    return HttpRequest(route=route, path="/completions", body=encoded(body))

"""How OpenAI-like servers are asked to think: one row a style, as the quirk names it."""

from collections.abc import Callable, Mapping
from typing import Any

from refact_lsp.core.quirks import ReasoningStyle
from refact_lsp.core.requests import ChatRequest
from refact_lsp.llm.wire.thinking import Thinking, effort_of, nearest

_EFFORTS = ("low", "medium", "high")


def thinking_fields(request: ChatRequest, asked: Thinking, style: ReasoningStyle) -> dict[str, Any]:
    """Give the body's fields; none where the model decides for itself."""
    return {} if asked.on is None else dict(_STYLES[style](request, asked))


def _effort(request: ChatRequest, asked: Thinking) -> Mapping[str, Any]:
    """https://platform.openai.com/docs/api-reference/chat/create#chat-create-reasoning_effort."""
    level = effort_of(asked, request.capabilities)
    if request.capabilities.reasoning.kind == "budget" and request.reasoning is not None:
        levels = request.capabilities.reasoning.levels or _EFFORTS
        level = "none" if asked.on is False else nearest(request.reasoning, levels)
    return {"reasoning_effort": level} if level else {}


def _reasoning(request: ChatRequest, asked: Thinking) -> Mapping[str, Any]:
    """https://openrouter.ai/docs/use-cases/reasoning-tokens."""
    if asked.on is False:
        return {"reasoning": {"enabled": False}}
    if request.capabilities.reasoning.kind == "budget":
        return {"reasoning": {"max_tokens": asked.budget_tokens}}
    return {"reasoning": {"effort": asked.level} if asked.level else {"enabled": True}}


def _thinking(_request: ChatRequest, asked: Thinking) -> Mapping[str, Any]:
    """https://docs.z.ai/guides/capabilities/thinking-mode; DeepSeek takes an effort beside it."""
    if not asked.on:
        return {"thinking": {"type": "disabled"}}
    effort = {"reasoning_effort": asked.level} if asked.level else {}
    return {"thinking": {"type": "enabled"}, **effort}


def _enable_thinking(_request: ChatRequest, asked: Thinking) -> Mapping[str, Any]:
    """https://www.alibabacloud.com/help/en/model-studio/deep-thinking."""
    budget = {"thinking_budget": asked.budget_tokens} if asked.budget_tokens else {}
    return {"enable_thinking": asked.on, **budget}


def _chat_template(_request: ChatRequest, asked: Thinking) -> Mapping[str, Any]:
    """https://docs.vllm.ai/en/latest/features/reasoning_outputs.html."""
    effort = {"reasoning_effort": asked.level} if asked.level else {}
    return {"chat_template_kwargs": {"enable_thinking": asked.on}, **effort}


def _google(request: ChatRequest, asked: Thinking) -> Mapping[str, Any]:
    """https://ai.google.dev/gemini-api/docs/openai#thinking."""
    config: dict[str, Any] = {"include_thoughts": asked.on}
    if asked.budget_tokens is not None:
        config["thinking_budget"] = asked.budget_tokens
    elif level := effort_of(asked, request.capabilities):
        config["thinking_level"] = level
    return {"extra_body": {"google": {"thinking_config": config}}}


_STYLES: dict[ReasoningStyle, Callable[[ChatRequest, Thinking], Mapping[str, Any]]] = {
    "effort": _effort,
    "reasoning": _reasoning,
    "thinking": _thinking,
    "enable-thinking": _enable_thinking,
    "chat-template": _chat_template,
    "google": _google,
}

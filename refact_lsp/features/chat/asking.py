"""Builds the request of a turn for each model of the chain, and streams what it answers."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

import msgspec

from refact_lsp.app.application import App
from refact_lsp.app.privacy_guard import PrivacyGuard
from refact_lsp.core.events import Event
from refact_lsp.core.ledger import Purpose
from refact_lsp.core.nouns import Model, Parameters
from refact_lsp.core.parts import Message, Tool
from refact_lsp.core.problems import RefactError
from refact_lsp.core.requests import ChatRequest
from refact_lsp.core.tokens import estimate
from refact_lsp.core.types import Capabilities, Role
from refact_lsp.features.calls import chat_events, locality_of
from refact_lsp.features.chat.attachments import Attachments, Document
from refact_lsp.features.chat.history import fit, joined, tokens_of
from refact_lsp.llm.client import OnRetry
from refact_lsp.llm.failover import Link

# Kept free for the answer where nobody says how long it may be.
ANSWER_TOKENS = 8192
# The count is an estimate: what may be used of the window.
_SAFETY = 0.92


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of whichever model answers; the last message is the new one."""

    messages: tuple[Message, ...]
    role: Role
    system: str | None
    tools: tuple[Tool, ...]
    parameters: Parameters


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """What asking needs around the question; `on_sent` learns the tokens of the request."""

    app: App
    guard: PrivacyGuard
    document: Document
    on_retry: OnRetry
    on_sent: Callable[[int], None]


def links(asking: Asking, question: Question, models: Sequence[Model]) -> list[Link]:
    """Make the chain that `failover` runs."""
    return [_link(asking, question, model) for model in models]


def _link(asking: Asking, question: Question, model: Model) -> Link:
    return Link(model=model.id, stream=lambda: _events(asking, question, model))


async def _events(asking: Asking, question: Question, model: Model) -> AsyncGenerator[Event]:
    messages, files = await _resolved(asking, question, model)
    request = fitted(asking.app, question, messages, model)
    sent = size_of(asking.app, request)
    asking.on_sent(sent)
    purpose = Purpose(role=question.role, model=model.name, files=files)
    events = chat_events(
        asking.app, model, request, purpose, on_retry=asking.on_retry, asked_tokens=sent
    )
    async with aclosing(events):
        async for event in events:
            yield event


def fitted(app: App, question: Question, messages: Sequence[Message], model: Model) -> ChatRequest:
    """Fit the question to a model: window, temperature, thinking. Raises `contextTooLong`."""
    capabilities = _not_denied(model)
    count = counter(app, capabilities)
    parameters = question.parameters
    window, most = capabilities.context_window, capabilities.max_output
    answer = min(parameters.max_tokens or ANSWER_TOKENS, most, max(window // 4, 1))
    fixed = _fixed_tokens(question.system, question.tools, count)
    budget = int((window - answer) * _SAFETY) - fixed
    return ChatRequest(
        model=model.name,
        messages=_fitting(model, joined(messages), max(budget, 0), count),
        capabilities=capabilities,
        system=question.system,
        tools=question.tools,
        max_tokens=parameters.max_tokens and min(parameters.max_tokens, most),
        temperature=parameters.temperature if capabilities.temperature else None,
        reasoning=parameters.reasoning,
    )


def _fitting(
    model: Model, messages: Sequence[Message], budget: int, count: Callable[[str], int]
) -> tuple[Message, ...]:
    try:
        return fit(messages, budget, count)
    except RefactError as error:
        if model.sources.get("contextWindow", "default") != "default":
            raise
        hint = (
            f"The window of {model.id} is not known: if it is larger, set the model's "
            "contextWindow. Else shorten the message, or attach less."
        )
        raise RefactError(msgspec.structs.replace(error.problem, hint=hint)) from None


def _not_denied(model: Model) -> Capabilities:
    """Let a model try what nobody denies: its server knows better than a safe default."""
    unsaid = {
        name: True
        for name in ("tools", "vision")
        if model.sources.get(name, "default") == "default"
    }
    return msgspec.structs.replace(model.capabilities, **unsaid)


def size_of(app: App, request: ChatRequest) -> int:
    """Estimate the tokens of a request."""
    count = counter(app, request.capabilities)
    return _fixed_tokens(request.system, request.tools, count) + sum(
        tokens_of(message.content, count) for message in request.messages
    )


def counter(app: App, capabilities: Capabilities) -> Callable[[str], int]:
    """Give an estimate in a model's own tokens, on the safe side."""
    factor = app.catalog.tokenizer(capabilities.tokenizer).factor
    return lambda text: int(estimate(text) * factor) + 1


def _fixed_tokens(system: str | None, tools: Sequence[Tool], count: Callable[[str], int]) -> int:
    described = str(msgspec.to_builtins(list(tools))) if tools else ""
    return (count(system) if system else 0) + (count(described) if described else 0)


async def _resolved(
    asking: Asking, question: Question, model: Model
) -> tuple[tuple[Message, ...], tuple[str, ...]]:
    attachments = Attachments(
        guard=asking.guard,
        document=asking.document,
        provider=model.provider,
        locality=locality_of(asking.app, model),
    )
    messages: list[Message] = []
    files: list[str] = []
    newest = len(question.messages) - 1
    for number, message in enumerate(question.messages):
        parts, read = await attachments.resolved(message.content, fresh=number == newest)
        messages.append(msgspec.structs.replace(message, content=parts))
        files += read
    return tuple(messages), tuple(dict.fromkeys(files))

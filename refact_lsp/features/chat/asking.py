"""Builds the request of a turn for each model of the chain, and streams what it answers."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

import msgspec

from refact_lsp.app.application import App
from refact_lsp.core.events import Event
from refact_lsp.core.ledger import Purpose
from refact_lsp.core.nouns import Model, Parameters
from refact_lsp.core.parts import Message, Tool
from refact_lsp.core.requests import ChatRequest
from refact_lsp.core.tokens import estimate
from refact_lsp.core.types import Capabilities, Role
from refact_lsp.features.calls import chat_events, locality_of
from refact_lsp.features.chat.attachments import Attachments, Document, is_read
from refact_lsp.features.chat.history import fit, joined, tokens_of
from refact_lsp.llm.client import OnRetry
from refact_lsp.llm.failover import Link
from refact_lsp.registry.catalog import Catalog

# Kept free for the answer where nobody says how long it may be.
ANSWER_TOKENS = 8192
# The count is an estimate: what may be used of the window.
_SAFETY = 0.92
_SLICE_CHARS = 16_384


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
    request, sent = await asyncio.to_thread(fitted, asking.app.catalog, question, messages, model)
    asking.on_sent(sent)
    purpose = Purpose(role=question.role, model=model.name, files=files)
    events = chat_events(
        asking.app, model, request, purpose, on_retry=asking.on_retry, asked_tokens=sent
    )
    async with aclosing(events):
        async for event in events:
            yield event


def fitted(
    catalog: Catalog, question: Question, messages: Sequence[Message], model: Model
) -> tuple[ChatRequest, int]:
    """Fit the question to a model: window, temperature, thinking; and say how many tokens it has.

    Raises `contextTooLong`. Long threads take tens of milliseconds: not for the event loop.
    """
    capabilities = _not_denied(model)
    count = counter(catalog, capabilities)
    parameters = question.parameters
    window, most = capabilities.context_window, capabilities.max_output
    answer = min(parameters.max_tokens or ANSWER_TOKENS, most, max(window // 4, 1))
    fixed = _fixed_tokens(question.system, question.tools, count)
    readable = min(window - answer, model.max_input or window)
    budget = int(readable * _SAFETY) - fixed
    is_known = model.sources.get("contextWindow", "default") != "default"
    kept = fit(joined(messages), max(budget, 0), count, is_certain=is_known)
    request = ChatRequest(
        model=model.name,
        messages=kept,
        capabilities=capabilities,
        system=question.system,
        tools=question.tools,
        max_tokens=_most_tokens(parameters, model),
        temperature=parameters.temperature if capabilities.temperature else None,
        reasoning=parameters.reasoning,
    )
    return request, fixed + sum(tokens_of(message.content, count) for message in kept)


def counter(catalog: Catalog, capabilities: Capabilities) -> Callable[[str], int]:
    """Give an estimate in a model's own tokens, on the safe side; each text is counted once."""
    factor = catalog.tokenizer(capabilities.tokenizer).factor
    counted: dict[str, int] = {}

    def count(text: str) -> int:
        if text not in counted:
            # In slices, since the estimate of a long text lets nobody else run meanwhile.
            slices = (text[at : at + _SLICE_CHARS] for at in range(0, len(text), _SLICE_CHARS))
            counted[text] = int(sum(map(estimate, slices)) * factor) + 1
        return counted[text]

    return count


def _most_tokens(parameters: Parameters, model: Model) -> int | None:
    """Keep the user's limit within the model's own, where that is known."""
    if parameters.max_tokens is None or model.sources.get("maxOutput", "default") == "default":
        return parameters.max_tokens
    return min(parameters.max_tokens, model.capabilities.max_output)


def _not_denied(model: Model) -> Capabilities:
    """Let a model try what nobody denies: its server knows better than a safe default."""
    unsaid = {
        name: True
        for name in ("tools", "vision")
        if model.sources.get(name, "default") == "default"
    }
    return msgspec.structs.replace(model.capabilities, **unsaid)


def _fixed_tokens(system: str | None, tools: Sequence[Tool], count: Callable[[str], int]) -> int:
    described = str(msgspec.to_builtins(list(tools))) if tools else ""
    return (count(system) if system else 0) + (count(described) if described else 0)


async def _resolved(
    asking: Asking, question: Question, model: Model
) -> tuple[tuple[Message, ...], tuple[str, ...]]:
    attachments = Attachments(
        guard=asking.app.guard,
        document=asking.document,
        provider=model.provider,
        locality=locality_of(asking.app, model),
    )
    messages: list[Message] = []
    files: list[str] = []
    if any(is_read(part) for message in question.messages for part in message.content):
        await asking.app.guard.refresh()  # rule files may have changed since the last turn
    newest = len(question.messages) - 1
    for number, message in enumerate(question.messages):
        parts, read = await attachments.resolved(message.content, fresh=number == newest)
        messages.append(msgspec.structs.replace(message, content=parts))
        files += read
    return tuple(messages), tuple(dict.fromkeys(files))

"""Fits a question to a model's window with the best count that is to be had in time.

A vocabulary counts exactly. An estimate does where there is room to spare; near the window the
model's own server is asked, where it has a route for that, and what it says corrects the estimate
of this very thread.
"""

import asyncio
from collections.abc import Sequence
from functools import partial

import msgspec

from refact_lsp.app.application import App
from refact_lsp.core.ledger import Purpose
from refact_lsp.core.nouns import Model, Parameters
from refact_lsp.core.parts import ImagePart, Message, Tool
from refact_lsp.core.requests import ChatRequest
from refact_lsp.core.types import Capabilities, Role
from refact_lsp.features.chat.history import fit, joined, tokens_of
from refact_lsp.features.counting.counter import Counter, calibration, ready_counter
from refact_lsp.features.counting.routes import count_route
from refact_lsp.features.counting.server import counted_by_server

# Kept free for the answer where nobody says how long it may be.
ANSWER_TOKENS = 8192
# What may be used of the window: estimates are off by a few percent, counts by the chat template.
_ESTIMATED_SHARE, _COUNTED_SHARE = 0.92, 0.97
# From here on it matters whether an estimate is right.
_NEAR_SHARE = 0.6
_MOST_COUNTS = 3


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of whichever model answers; the last message is the new one."""

    messages: tuple[Message, ...]
    role: Role
    system: str | None
    tools: tuple[Tool, ...]
    parameters: Parameters


class Fitted(msgspec.Struct, frozen=True, kw_only=True):
    """A request that fits, and what it was counted by.

    `tokens` is the whole, `around` of it what roles and images cost; `plain` are the texts before
    the counter's factor.
    """

    request: ChatRequest
    texts: Sequence[str]
    tokens: int
    around: int
    plain: int
    is_near: bool

    @property
    def estimated(self) -> int:
        """What the provider's own count can be compared with; 0 where more than text is sent."""
        parts = (part for message in self.request.messages for part in message.content)
        pictured = any(isinstance(part, ImagePart) for part in parts)
        return 0 if self.request.tools or pictured else self.plain


async def fitted_to(
    app: App, model: Model, question: Question, messages: Sequence[Message], purpose: Purpose
) -> Fitted:
    """Fit the question to a model: window, temperature, thinking; raises `contextTooLong`."""
    messages = joined(messages)

    async def fitting(count: Counter, share: float, *, refuses: bool = True) -> Fitted:
        # Long threads take tens of milliseconds: not for the event loop.
        return await asyncio.to_thread(
            fitted, model, question, messages, count, share=share, refuses=refuses
        )

    count = await ready_counter(app, model)
    if count.is_exact:
        return await fitting(count, _COUNTED_SHARE)
    if count_route(app, model) is None:
        return await fitting(count, _ESTIMATED_SHARE)
    share = _ESTIMATED_SHARE
    sent = await fitting(count, share, refuses=False)
    for _ in range(_MOST_COUNTS):
        better = await _corrected(app, model, count, sent, purpose) if sent.is_near else None
        if better is None:
            break
        count, share, before = better, _COUNTED_SHARE, sent.request.messages
        sent = await fitting(count, share, refuses=False)
        if sent.request.messages == before:
            break
    return await fitting(count, share)


async def _corrected(
    app: App, model: Model, count: Counter, sent: Fitted, purpose: Purpose
) -> Counter | None:
    """Let the server count what would be sent, and learn from it."""
    told = await counted_by_server(app, model, sent.request, "\n".join(sent.texts), purpose)
    if told is None:
        return None
    tokens = told.tokens - sent.around if told.whole else told.tokens
    if sent.estimated:
        prior = calibration(app, model).factor
        app.calibrations.learn(
            model.provider, model.name, prior, estimated=sent.plain, reported=tokens
        )
    return count.corrected(tokens, sent.plain)


def fitted(
    model: Model,
    question: Question,
    messages: Sequence[Message],
    count: Counter,
    *,
    share: float,
    refuses: bool = True,
) -> Fitted:
    """Fit with one counter, into a share of the window."""
    capabilities, parameters = _not_denied(model), question.parameters
    window, most = capabilities.context_window, capabilities.max_output
    answer = min(parameters.max_tokens or ANSWER_TOKENS, most, max(window // 4, 1))
    fixed = [text for text in (question.system, _described(question.tools)) if text]
    readable = min(window - answer, model.max_input or window)
    budget = int(readable * share) - sum(map(count, fixed))
    is_known = model.sources.get("contextWindow", "default") != "default"
    kept = fit(messages, max(budget, 0), count, is_certain=refuses and is_known)
    texts = list(fixed)
    around = sum(tokens_of(message.content, partial(_noted, texts)) for message in kept)
    tokens = around + sum(map(count, texts))
    return Fitted(
        request=ChatRequest(
            model=model.name,
            messages=kept,
            capabilities=capabilities,
            system=question.system,
            tools=question.tools,
            max_tokens=_most_tokens(parameters, model),
            temperature=parameters.temperature if capabilities.temperature else None,
            reasoning=parameters.reasoning,
        ),
        texts=texts,
        tokens=tokens,
        around=around,
        plain=sum(map(count.plain, texts)),
        is_near=len(kept) < len(messages) or tokens > readable * _NEAR_SHARE,
    )


def _noted(texts: list[str], text: str) -> int:
    texts.append(text)
    return 0


def _described(tools: Sequence[Tool]) -> str:
    return str(msgspec.to_builtins(list(tools))) if tools else ""


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

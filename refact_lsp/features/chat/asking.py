"""Builds the request of a turn for each model of the chain, and streams what it answers."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

import msgspec

from refact_lsp.app.application import App
from refact_lsp.core.events import Event, UsageReported
from refact_lsp.core.ledger import Purpose
from refact_lsp.core.nouns import Model
from refact_lsp.core.parts import Message
from refact_lsp.core.types import Usage
from refact_lsp.features.calls import Asked, chat_events, locality_of
from refact_lsp.features.chat.attachments import Attachments, Document, is_read
from refact_lsp.features.chat.fitting import Question, fitted_to
from refact_lsp.features.setup.providers import row_of
from refact_lsp.features.setup.window import WINDOW_QUIRK, cut_problem, is_cut
from refact_lsp.llm.client import OnRetry
from refact_lsp.llm.failover import Link

# No runtime's window is smaller: what is shorter was not cut.
_NOTICED_TOKENS = 1500


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
    app, (messages, files) = asking.app, await _resolved(asking, question, model)
    purpose = Purpose(role=question.role, model=model.name, files=files)
    sent = await fitted_to(app, model, question, messages, purpose)
    asking.on_sent(sent.tokens)
    asked = Asked(tokens=sent.tokens, estimated=sent.estimated)
    events = chat_events(app, model, sent.request, purpose, on_retry=asking.on_retry, asked=asked)
    usage: Usage | None = None
    async with aclosing(events):
        async for event in events:
            if isinstance(event, UsageReported):
                usage = event.usage
            yield event
    if usage is not None:
        _notice_cut(app, model, sent.estimated, usage.input_tokens)


def _notice_cut(app: App, model: Model, sent_tokens: int, read_tokens: int) -> None:
    """Remember of a provider that its runtime dropped much of what it was sent without a word."""
    template = app.catalog.template(row_of(app.world, model.provider).template)
    cuts = any(field.quirk == WINDOW_QUIRK for field in template.fields)
    if cuts and sent_tokens > _NOTICED_TOKENS and is_cut(sent_tokens, read_tokens):
        told = f"was sent about {sent_tokens} tokens and read {read_tokens}"
        app.set_health(model.provider, cut_problem(template, model, read_tokens, read=told))


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

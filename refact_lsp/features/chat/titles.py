"""Titles of new threads, by the light role: one short request in the background.

Asks nothing where no light model is set up. It is told the question's own words and no attachment,
and never lies farther away than the model that answered: a talk with a model on this machine stays
on this machine.
"""

import re
from collections.abc import Sequence

from refact_lsp.app.application import App
from refact_lsp.core.events import TextDelta
from refact_lsp.core.ledger import Purpose
from refact_lsp.core.nouns import Model
from refact_lsp.core.parts import Message, Part, TextPart
from refact_lsp.core.problems import RefactError
from refact_lsp.core.requests import ChatRequest
from refact_lsp.core.types import Locality, parse_model_ref
from refact_lsp.features.calls import chat_events, locality_of
from refact_lsp.features.setup.roles import chain, named
from refact_lsp.llm.retry import NONE
from refact_lsp.store.threads import rename_thread

_MOST_QUESTION_CHARS = 800
_MOST_TITLE_CHARS = 60
# Room for a few words of thinking where a model cannot be kept from it.
_ANSWER_TOKENS = 120
_ASK = (
    "Write a title of three to six words for a conversation that begins with the message below. "
    "Use the message's language. Answer with the title alone.\n\n"
)
_FAR: tuple[Locality, ...] = ("machine", "network", "cloud")
_ODD = re.compile(r"[\x00-\x1f\x7f]+")
_AROUND = " \t\"'`*#.“”«»„"


async def give_title(app: App, thread: str, content: Sequence[Part], answered_by: str) -> None:
    """Ask for a title and keep it; the thread keeps its first words where none comes."""
    question = " ".join(part.text for part in content if isinstance(part, TextPart)).strip()
    model = _model(app, answered_by)
    if not question or model is None:
        return
    try:
        title = tidy(await _asked(app, model, question[:_MOST_QUESTION_CHARS]))
    except RefactError:
        return  # a title is not worth a word to the user
    if title:
        await app.database.write(lambda connection: rename_thread(connection, thread, title))


def tidy(answer: str) -> str:
    """Take the title out of what a model wrote; nothing where it wrote something else."""
    lines = [line for line in answer.strip().splitlines() if line.strip()]
    title = _ODD.sub(" ", lines[0]).strip(_AROUND) if lines else ""
    return title if len(title) <= _MOST_TITLE_CHARS else ""


def _model(app: App, answered_by: str) -> Model | None:
    try:
        light = chain(app.world, "light")[0]
        served = named(app.world, parse_model_ref(answered_by), "chat")
        near = _FAR.index(locality_of(app, light)) <= _FAR.index(locality_of(app, served))
    except RefactError:
        return None
    # One that always thinks would think its few tokens away.
    return light if near and light.capabilities.reasoning.kind != "always" else None


async def _asked(app: App, model: Model, question: str) -> str:
    request = ChatRequest(
        model=model.name,
        messages=(Message(role="user", content=(TextPart(text=_ASK + question),)),),
        capabilities=model.capabilities,
        max_tokens=_ANSWER_TOKENS,
        reasoning="off",
    )
    purpose = Purpose(role="light", model=model.name)
    pieces = [
        event.delta
        async for event in chat_events(app, model, request, purpose, patience=NONE)
        if isinstance(event, TextDelta)
    ]
    return "".join(pieces)

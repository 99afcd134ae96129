"""Keeps a turn in its thread: the question before it is asked, the answer when it is there."""

from collections.abc import Sequence
from datetime import UTC, datetime

from refact_lsp.app.application import App
from refact_lsp.core.money import cost_micros
from refact_lsp.core.nouns import Model
from refact_lsp.core.parts import Message, Part, TextPart
from refact_lsp.core.problems import RefactError
from refact_lsp.core.types import FinishReason, Role, Usage, Value
from refact_lsp.store import threads
from refact_lsp.store.rows import Connection

_MOST_TITLE_CHARS = 60


class Place(Value, frozen=True, kw_only=True):
    """Where a turn is kept; `kept` false keeps nothing."""

    thread: str
    turn: str
    is_new: bool
    kept: bool
    role: Role
    system: str | None = None


async def earlier(app: App, thread: str) -> tuple[threads.ThreadRow, tuple[Message, ...]]:
    """Read a thread with its messages; refuses an id that is unknown."""

    def read(connection: Connection) -> tuple[threads.ThreadRow, list[threads.MessageRow]]:
        return threads.find_thread(connection, thread), threads.messages_of(connection, thread)

    row, messages = await app.database.read(read)
    return row, tuple(Message(role=each.role, content=each.content) for each in messages)


async def keep_question(app: App, place: Place, model: Model, content: Sequence[Part]) -> None:
    """Keep what the user said, in a new thread where there is none yet."""
    if not place.kept:
        return
    now = datetime.now(UTC)

    def write(connection: Connection) -> None:
        if place.is_new:
            threads.create_thread(
                connection,
                place.thread,
                title=title_of(content),
                model=model.id,
                role=place.role,
                system=place.system,
                at=now,
            )
        threads.append_message(
            connection, place.thread, turn=place.turn, role="user", content=content, at=now
        )

    await app.database.write(write)


async def keep_answer(
    app: App,
    place: Place,
    model: Model,
    content: Sequence[Part],
    finish: FinishReason,
    usage: Usage,
) -> None:
    """Keep what the model said; a thread that was deleted meanwhile stays deleted."""
    if not place.kept:
        return
    price = model.capabilities.price

    def write(connection: Connection) -> None:
        threads.append_message(
            connection,
            place.thread,
            turn=place.turn,
            role="assistant",
            content=content,
            at=datetime.now(UTC),
            model=model.id,
            finish_reason=finish,
            usage=usage,
            cost_micros=None if price is None else cost_micros(usage, price),
        )

    try:
        await app.database.write(write)
    except RefactError as error:
        if error.problem.field != "threadId":
            raise


async def forget_question(app: App, place: Place) -> None:
    """Take back a question that no model answered: who asks again does not ask twice."""
    if place.kept:
        await app.database.write(
            lambda connection: threads.drop_turn(connection, place.thread, place.turn)
        )


def title_of(content: Sequence[Part]) -> str:
    """Take a thread's first title from its first words."""
    text = " ".join(part.text for part in content if isinstance(part, TextPart))
    words = " ".join(text.split())
    if len(words) <= _MOST_TITLE_CHARS:
        return words
    return words[:_MOST_TITLE_CHARS].rsplit(" ", 1)[0] + "…"

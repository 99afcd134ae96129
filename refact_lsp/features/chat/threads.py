"""Stored threads: listed, read, forked and deleted."""

import uuid
from datetime import UTC, datetime

from refact_lsp.app.application import App
from refact_lsp.core.money import dollars
from refact_lsp.core.problems import refuse
from refact_lsp.features.chat.values import MessageShown, ThreadRead, ThreadShown, ThreadsPage
from refact_lsp.store import threads
from refact_lsp.store.rows import Connection, to_text

MOST_LISTED = 200


async def list_threads(
    app: App, *, query: str | None, limit: int, cursor: str | None
) -> ThreadsPage:
    """Give a page of threads, the newest first."""
    if not 1 <= limit <= MOST_LISTED:
        raise refuse(
            "invalidRequest",
            f"limit is {limit}, which no page can have.",
            f"Ask for 1 to {MOST_LISTED} threads, and for the next ones with the cursor.",
            field="limit",
        )
    rows, following = await app.database.read(
        lambda connection: threads.list_threads(connection, query=query, limit=limit, cursor=cursor)
    )
    return ThreadsPage(threads=tuple(map(_shown, rows)), cursor=following)


async def read_thread(app: App, thread: str) -> ThreadRead:
    """Give a thread with its messages; refuses an id that is unknown."""

    def read(connection: Connection) -> tuple[threads.ThreadRow, list[threads.MessageRow]]:
        return threads.find_thread(connection, thread), threads.messages_of(connection, thread)

    row, messages = await app.database.read(read)
    return ThreadRead(
        id=row.id,
        title=row.title,
        created_at=to_text(row.created_at),
        updated_at=to_text(row.updated_at),
        model=row.model,
        message_count=row.message_count,
        cost=_dollars(row.cost_micros),
        system=row.system,
        forked_from=row.forked_from,
        messages=tuple(map(_message, messages)),
    )


async def fork_thread(app: App, thread: str, before: int | None) -> str:
    """Copy a thread, or its messages before that number, and give the copy's id."""
    new = new_thread_id()
    now = datetime.now(UTC)
    await app.database.write(
        lambda connection: threads.fork_thread(connection, thread, new, at=now, before=before)
    )
    return new


async def delete_thread(app: App, thread: str) -> None:
    """Delete a thread with its messages; refuses an id that is unknown."""
    await app.database.write(lambda connection: threads.delete_thread(connection, thread))


def new_thread_id() -> str:
    """Make an id."""
    return f"t-{uuid.uuid4().hex}"


def _shown(row: threads.ThreadRow) -> ThreadShown:
    return ThreadShown(
        id=row.id,
        title=row.title,
        created_at=to_text(row.created_at),
        updated_at=to_text(row.updated_at),
        model=row.model,
        message_count=row.message_count,
        cost=_dollars(row.cost_micros),
    )


def _message(row: threads.MessageRow) -> MessageShown:
    return MessageShown(
        seq=row.seq,
        turn_id=row.turn,
        role=row.role,
        content=row.content,
        at=to_text(row.at),
        model=row.model,
        finish_reason=row.finish_reason,
        usage=row.usage,
        cost=_dollars(row.cost_micros),
    )


def _dollars(micros: int | None) -> str | None:
    return None if micros is None else dollars(micros)

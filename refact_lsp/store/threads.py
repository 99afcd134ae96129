"""Chat threads and their messages.

A thread is listed with sums over its messages. Messages are numbered from 0 without gaps.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from refact_lsp.core.parts import Part, TextPart
from refact_lsp.core.problems import refuse
from refact_lsp.core.types import FinishReason, Role, Usage
from refact_lsp.store.rows import Connection, fetch, fetch_one, to_json, to_text

# The trigram index finds substrings of three letters and more.
_TRIGRAM = 3


class ThreadRow(msgspec.Struct, frozen=True, kw_only=True):
    """A thread as lists show it; `cost_micros` is None where no message had a price."""

    id: str
    title: str
    model: str
    role: Role
    system: str | None
    forked_from: str | None
    created_at: datetime
    updated_at: datetime
    message_count: int
    cost_micros: int | None


class MessageRow(msgspec.Struct, frozen=True, kw_only=True):
    """One stored message; model, finish, usage and cost are an answer's."""

    seq: int
    turn: str
    role: Literal["user", "assistant"]
    content: tuple[Part, ...]
    model: str | None = None
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    cost_micros: int | None = None
    at: datetime


_COLUMNS = """
    threads.*,
    (SELECT count(*) FROM messages WHERE thread = threads.id) AS message_count,
    (SELECT sum(cost_micros) FROM messages WHERE thread = threads.id) AS cost_micros
"""


def create_thread(
    connection: Connection,
    thread: str,
    *,
    title: str,
    model: str,
    role: Role,
    system: str | None,
    at: datetime,
) -> None:
    """Make an empty thread."""
    connection.execute(
        "INSERT INTO threads VALUES (?1, ?2, ?3, ?4, ?5, NULL, ?6, ?6)",
        (thread, title, model, role, system, to_text(at)),
    )


def find_thread(connection: Connection, thread: str) -> ThreadRow:
    """Read a thread; refuses an id that is unknown."""
    found = fetch_one(
        connection,
        f"SELECT {_COLUMNS} FROM threads WHERE id = ?",  # noqa: S608  — columns above
        (thread,),
        ThreadRow,
    )
    if found is None:
        raise refuse(
            "invalidRequest",
            f"There is no thread {thread!r}.",
            "It may have been deleted; refact/chat/threads lists those that are there.",
            field="threadId",
        )
    return found


def messages_of(connection: Connection, thread: str) -> list[MessageRow]:
    """Read a thread's messages in order."""
    return fetch(
        connection,
        "SELECT seq, turn, role, content_json, model, finish_reason, usage_json, cost_micros, at"
        " FROM messages WHERE thread = ? ORDER BY seq",
        (thread,),
        MessageRow,
    )


def append_message(
    connection: Connection,
    thread: str,
    *,
    turn: str,
    role: Literal["user", "assistant"],
    content: Sequence[Part],
    at: datetime,
    model: str | None = None,
    finish_reason: FinishReason | None = None,
    usage: Usage | None = None,
    cost_micros: int | None = None,
) -> int:
    """Add a message at the end and tell its number; an answer's model becomes the thread's."""
    find_thread(connection, thread)
    seq = _next_seq(connection, thread)
    connection.execute(
        "INSERT INTO messages (thread, seq, turn, role, content_json, model, finish_reason,"
        " usage_json, cost_micros, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            thread,
            seq,
            turn,
            role,
            to_json(content),
            model,
            finish_reason,
            None if usage is None else to_json(usage),
            cost_micros,
            to_text(at),
        ),
    )
    text = "\n".join(part.text for part in content if isinstance(part, TextPart))
    connection.execute(
        "INSERT INTO message_text (rowid, text) VALUES (?, ?)",
        (connection.last_insert_rowid(), text),
    )
    connection.execute(
        "UPDATE threads SET updated_at = ?2, model = coalesce(?3, model) WHERE id = ?1",
        (thread, to_text(at), model),
    )
    return seq


def rename_thread(connection: Connection, thread: str, title: str) -> None:
    """Give a thread its title."""
    connection.execute("UPDATE threads SET title = ? WHERE id = ?", (title, thread))


def drop_turn(connection: Connection, thread: str, turn: str) -> None:
    """Take a turn back; a thread without messages goes too."""
    connection.execute("DELETE FROM messages WHERE thread = ? AND turn = ?", (thread, turn))
    connection.execute(
        "DELETE FROM threads WHERE id = ?1"
        " AND NOT EXISTS (SELECT 1 FROM messages WHERE thread = ?1)",
        (thread,),
    )


def delete_thread(connection: Connection, thread: str) -> None:
    """Delete a thread with its messages; refuses an id that is unknown."""
    find_thread(connection, thread)
    connection.execute("DELETE FROM threads WHERE id = ?", (thread,))


def fork_thread(
    connection: Connection,
    thread: str,
    new: str,
    *,
    at: datetime,
    before: int | None = None,
) -> None:
    """Copy a thread, or its messages before that number; the copy costs nothing by itself."""
    source = find_thread(connection, thread)
    connection.execute(
        "INSERT INTO threads VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
        (new, source.title, source.model, source.role, source.system, thread, to_text(at)),
    )
    connection.execute(
        """
        INSERT INTO messages
            (thread, seq, turn, role, content_json, model, finish_reason, usage_json, at)
        SELECT ?2, seq, turn, role, content_json, model, finish_reason, usage_json, at
        FROM messages WHERE thread = ?1 AND (?3 IS NULL OR seq < ?3)
        """,
        (thread, new, before),
    )
    connection.execute(
        """
        INSERT INTO message_text (rowid, text)
        SELECT copy.id, message_text.text
        FROM messages AS copy
        JOIN messages AS source ON source.thread = ?1 AND source.seq = copy.seq
        JOIN message_text ON message_text.rowid = source.id
        WHERE copy.thread = ?2
        """,
        (thread, new),
    )


def list_threads(
    connection: Connection,
    *,
    query: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> tuple[list[ThreadRow], str | None]:
    """List threads, newest first, and the cursor of the next page where there is one.

    A query is found in titles and texts as a piece, in any case.
    """
    after_at, after_id = _read_cursor(cursor)
    wanted, bindings = _matching(query.strip()) if query and query.strip() else ("1", ())
    # `wanted` is one of the conditions below; everything of the user's is bound.
    rows = fetch(
        connection,
        f"""
        SELECT {_COLUMNS} FROM threads
        WHERE (updated_at, id) < (?, ?) AND {wanted}
        ORDER BY updated_at DESC, id DESC LIMIT ?
        """,  # noqa: S608
        (after_at, after_id, *bindings, limit + 1),
        ThreadRow,
    )
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], f"{to_text(last.updated_at)} {last.id}"


def _matching(query: str) -> tuple[str, tuple[str, ...]]:
    escaped = query.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    in_title = r"title LIKE ? ESCAPE '\'"
    if len(query) < _TRIGRAM:
        return in_title, (f"%{escaped}%",)
    quoted = '"' + query.replace('"', '""') + '"'
    in_text = (
        "id IN (SELECT thread FROM messages WHERE messages.id IN"
        " (SELECT rowid FROM message_text WHERE message_text MATCH ?))"
    )
    return f"({in_title} OR {in_text})", (f"%{escaped}%", quoted)


def _read_cursor(cursor: str | None) -> tuple[str, str]:
    if cursor is None:
        # Sorts after every time and id.
        return "\U0010ffff", ""
    at, space, thread = cursor.partition(" ")
    if not space:
        raise refuse(
            "invalidRequest",
            f"{cursor!r} is not a cursor.",
            "Leave it out to start at the newest thread.",
            field="cursor",
        )
    return at, thread


def _next_seq(connection: Connection, thread: str) -> int:
    for (seq,) in connection.execute(
        "SELECT coalesce(max(seq) + 1, 0) FROM messages WHERE thread = ?", (thread,)
    ):
        return int(seq)
    return 0

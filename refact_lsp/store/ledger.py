"""Every request that left the process: where it went, what it carried, how it ended."""

from datetime import datetime

from refact_lsp.core.ledger import LedgerRow
from refact_lsp.store.rows import Connection, fetch, to_json, to_text

# A quiet year of heavy use; older rows go as new ones come.
_MOST_ROWS = 200_000
_PRUNE_EVERY = 1_000


def record_request(connection: Connection, entry: LedgerRow) -> None:
    """Add a row, and now and then let the oldest go."""
    connection.execute(
        "INSERT INTO ledger (at, provider, host, role, model, bytes_out, bytes_in, files_json,"
        " status) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            to_text(entry.at),
            entry.provider,
            entry.host,
            entry.role,
            entry.model,
            entry.bytes_out,
            entry.bytes_in,
            to_json(entry.files),
            entry.status,
        ),
    )
    number = connection.last_insert_rowid()
    if number % _PRUNE_EVERY == 0:
        connection.execute("DELETE FROM ledger WHERE id <= ?", (number - _MOST_ROWS,))


def requests(
    connection: Connection,
    *,
    since: datetime | None = None,
    provider: str | None = None,
    limit: int = 100,
) -> list[LedgerRow]:
    """List requests, newest first."""
    return fetch(
        connection,
        """
        SELECT at, provider, host, role, model, bytes_out AS bytesOut, bytes_in AS bytesIn,
            files_json, status
        FROM ledger
        WHERE at >= coalesce(?1, '') AND (?2 IS NULL OR provider = ?2)
        ORDER BY at DESC, id DESC LIMIT ?3
        """,
        (to_text(since) if since else None, provider, limit),
        LedgerRow,
    )

"""Money that requests under way may cost, so that windows do not pass a cap together."""

from datetime import datetime, timedelta

from refact_lsp.store.rows import Connection, to_text

# Requests do not run longer; a hold that is older was left behind by a process that died.
_LONGEST = timedelta(hours=1)


def hold(
    connection: Connection, number: int, owner: str, provider: str, micros: int, *, at: datetime
) -> None:
    """Set money aside for a request; `owner` names the process, `number` is for `let_go`."""
    connection.execute("DELETE FROM holds WHERE at < ?", (to_text(at - _LONGEST),))
    connection.execute(
        "INSERT INTO holds VALUES (?, ?, ?, ?, ?)",
        (number, owner, provider, micros, to_text(at)),
    )


def let_go(connection: Connection, number: int) -> None:
    """Free what a request that is over held."""
    connection.execute("DELETE FROM holds WHERE id = ?", (number,))


def held_by_others(connection: Connection, owner: str, *, at: datetime) -> dict[str, int]:
    """Sum what other processes hold, by provider."""
    rows = connection.execute(
        "SELECT provider, sum(micros) FROM holds WHERE owner <> ? AND at >= ? GROUP BY provider",
        (owner, to_text(at - _LONGEST)),
    )
    return {row[0]: row[1] for row in rows}

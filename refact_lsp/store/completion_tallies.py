"""What became of inline completions, in numbers that add up: one tally a day, model and language.

Nothing of any text is kept. Windows and processes add what each of them counted.
"""

from collections.abc import Iterable, Sequence

import msgspec

from refact_lsp.store.rows import Connection, fetch, fetch_one, to_json


class Tally(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Counters of one day (UTC), model and language.

    `latency` maps a bucket of the histogram to a count. Of the accepted characters,
    `judged_soon_chars` were looked at after 30 s and `judged_chars` after 5 min, and `kept_…` of
    them were still there. `cost_micros` are millionths of a dollar.
    """

    day: str
    model: str
    language: str
    requests: int = 0
    shown: int = 0
    accepted: int = 0
    accepted_partly: int = 0
    typed_through: int = 0
    rejected: int = 0
    accepted_chars: int = 0
    kept_soon_chars: int = 0
    judged_soon_chars: int = 0
    kept_chars: int = 0
    judged_chars: int = 0
    cache_hits: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_micros: int = 0
    latency: dict[int, int] = {}


COUNTERS = tuple(
    field.name
    for field in msgspec.structs.fields(Tally)
    if field.name not in ("day", "model", "language", "latency")
)


class _Row(msgspec.Struct, frozen=True):
    tally: Tally


def add_into(total: Tally, tally: Tally) -> None:
    """Add one tally's numbers to another's."""
    for name in COUNTERS:
        setattr(total, name, getattr(total, name) + getattr(tally, name))
    for bucket, count in tally.latency.items():
        total.latency[bucket] = total.latency.get(bucket, 0) + count


def add_tallies(connection: Connection, tallies: Iterable[Tally]) -> None:
    """Add what was counted to what is stored; runs inside one write transaction."""
    for tally in tallies:
        key = (tally.day, tally.model, tally.language)
        row = fetch_one(
            connection,
            "SELECT tally_json FROM completion_tallies"
            " WHERE day = ? AND model = ? AND language = ?",
            key,
            _Row,
        )
        total = tally
        if row is not None:
            total = row.tally
            add_into(total, tally)
        connection.execute(
            "INSERT OR REPLACE INTO completion_tallies (day, model, language, tally_json)"
            " VALUES (?, ?, ?, ?)",
            (*key, to_json(total)),
        )


def read_tallies(connection: Connection, day: str = "") -> Sequence[Tally]:
    """Give the tallies from that day on (UTC, ISO 8601)."""
    rows = fetch(
        connection,
        "SELECT tally_json FROM completion_tallies WHERE day >= ? ORDER BY day",
        (day,),
        _Row,
    )
    return [row.tally for row in rows]

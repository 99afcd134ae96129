"""What became of each inline completion, and the sums that `refact/completion/stats` shows.

Nothing of the text is kept: lengths, counts and times only.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from refact_lsp.store.rows import Connection, fetch, to_text

Outcome = Literal["empty", "shown", "accepted", "acceptedPartly", "typedThrough", "rejected"]
StatsKey = Literal["model", "language", "day"]
_KEYS: dict[StatsKey, str] = {
    "model": "model",
    "language": "language",
    "day": "substr(at, 1, 10)",
}
# "shown" says that it was shown and nothing is known of what followed.
_SHOWN: frozenset[Outcome] = frozenset(
    ("shown", "accepted", "acceptedPartly", "typedThrough", "rejected")
)


class CompletionEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One answer to the editor; `requests` counts those made to the provider for it.

    `kept_30s` and `kept_5min` are the shares of the accepted text that was still there then.
    """

    id: str
    at: datetime
    model: str
    language: str
    cache: str
    outcome: Outcome
    latency_ms: float
    requests: int = 0
    shown_chars: int = 0
    accepted_chars: int = 0
    kept_30s: float | None = None
    kept_5min: float | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    cost_micros: int | None = None


class CompletionStats(msgspec.Struct, frozen=True, kw_only=True):
    """The sum of a key's events; `kept_share` weighs by accepted characters."""

    key: str
    requests: int
    shown: int
    accepted: int
    accepted_partly: int
    typed_through: int
    rejected: int
    accepted_chars: int
    kept_share: float | None
    cache_hits: int
    tokens_in: int
    tokens_out: int
    cost_micros: int | None
    p50_ms: float
    p95_ms: float


class _Keyed(CompletionEvent, frozen=True, kw_only=True):
    key: str


def record_completion(connection: Connection, event: CompletionEvent) -> None:
    """Store an event; one that comes again with the same id replaces the first."""
    connection.execute(
        """
        INSERT OR REPLACE INTO completion_events
            (id, at, model, language, cache, requests, outcome, shown_chars, accepted_chars,
             kept_30s, kept_5min, tokens_in, tokens_out, cost_micros, latency_ms)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            event.id,
            to_text(event.at),
            event.model,
            event.language,
            event.cache,
            event.requests,
            event.outcome,
            event.shown_chars,
            event.accepted_chars,
            event.kept_30s,
            event.kept_5min,
            event.tokens_in,
            event.tokens_out,
            event.cost_micros,
            event.latency_ms,
        ),
    )


def record_kept(
    connection: Connection,
    id: str,  # noqa: A002  — the item's id, as everywhere
    *,
    kept_30s: float | None = None,
    kept_5min: float | None = None,
) -> None:
    """Add what was measured after the acceptance."""
    connection.execute(
        "UPDATE completion_events SET kept_30s = coalesce(?2, kept_30s),"
        " kept_5min = coalesce(?3, kept_5min) WHERE id = ?1",
        (id, kept_30s, kept_5min),
    )


def completion_stats(
    connection: Connection, by: StatsKey = "model", *, since: datetime | None = None
) -> list[CompletionStats]:
    """Sum the events by the key, in the key's order."""
    events = fetch(
        connection,
        f"SELECT *, {_KEYS[by]} AS key FROM completion_events WHERE at >= ? ORDER BY key",  # noqa: S608
        (to_text(since) if since else "",),
        _Keyed,
    )
    grouped: dict[str, list[_Keyed]] = {}
    for event in events:
        grouped.setdefault(event.key, []).append(event)
    return [_sum(key, group) for key, group in grouped.items()]


def _sum(key: str, events: Sequence[CompletionEvent]) -> CompletionStats:
    def count(outcome: Outcome) -> int:
        return sum(event.outcome == outcome for event in events)

    costs = [event.cost_micros for event in events if event.cost_micros is not None]
    latencies = sorted(event.latency_ms for event in events)
    return CompletionStats(
        key=key,
        requests=sum(event.requests for event in events),
        shown=sum(event.outcome in _SHOWN for event in events),
        accepted=count("accepted"),
        accepted_partly=count("acceptedPartly"),
        typed_through=count("typedThrough"),
        rejected=count("rejected"),
        accepted_chars=sum(event.accepted_chars for event in events),
        kept_share=_kept_share(events),
        cache_hits=sum(event.cache != "miss" for event in events),
        tokens_in=sum(event.tokens_in for event in events),
        tokens_out=sum(event.tokens_out for event in events),
        cost_micros=sum(costs) if costs else None,
        p50_ms=_percentile(latencies, 50),
        p95_ms=_percentile(latencies, 95),
    )


def _kept_share(events: Sequence[CompletionEvent]) -> float | None:
    measured = [
        (event.accepted_chars, event.kept_30s if event.kept_5min is None else event.kept_5min)
        for event in events
    ]
    weighed = [(chars, kept) for chars, kept in measured if kept is not None and chars]
    total = sum(chars for chars, _ in weighed)
    return sum(chars * kept for chars, kept in weighed) / total if total else None


def _percentile(ordered: Sequence[float], percent: int) -> float:
    """Take the nearest rank; there is at least one value."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]

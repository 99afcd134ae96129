"""Tokens and money per day, provider, model and role. Days are UTC."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec

from refact_lsp.core.types import Usage
from refact_lsp.store.rows import Connection, fetch, to_text

UsageKey = Literal["model", "provider", "role", "day"]
_COLUMNS: dict[UsageKey, str] = {
    "model": "provider || '/' || model",
    "provider": "provider",
    "role": "role",
    "day": "day",
}


class UsageRow(msgspec.Struct, frozen=True, kw_only=True):
    """A sum; `cost_micros` is None where no request of it had a price."""

    keys: tuple[str, ...]
    requests: int
    usage: Usage
    cost_micros: int | None


class _Sum(msgspec.Struct, frozen=True, kw_only=True):
    keys: tuple[str, ...]
    requests: int
    priced_requests: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    cost_micros: int


def record_usage(
    connection: Connection,
    *,
    at: datetime,
    provider: str,
    model: str,
    role: str,
    usage: Usage,
    cost_micros: int | None,
) -> None:
    """Count one request; a cost of None means that the model has no known price."""
    connection.execute(
        """
        INSERT INTO usage VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (day, provider, model, role) DO UPDATE SET
            requests = requests + 1,
            priced_requests = priced_requests + excluded.priced_requests,
            input_tokens = input_tokens + excluded.input_tokens,
            output_tokens = output_tokens + excluded.output_tokens,
            cache_read_tokens = cache_read_tokens + excluded.cache_read_tokens,
            cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
            reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens,
            cost_micros = cost_micros + excluded.cost_micros
        """,
        (
            _day(at),
            provider,
            model,
            role,
            cost_micros is not None,
            usage.input_tokens,
            usage.output_tokens,
            usage.cache_read_tokens or 0,
            usage.cache_write_tokens or 0,
            usage.reasoning_tokens or 0,
            cost_micros or 0,
        ),
    )


def summary(
    connection: Connection, by: Sequence[UsageKey], *, since: datetime | None = None
) -> list[UsageRow]:
    """Sum by the keys in their order; newest days and largest costs first."""
    keys = [_COLUMNS[key] for key in by]
    grouped = f"GROUP BY {', '.join(keys)}" if keys else "HAVING count(*) > 0"
    order = "1 DESC" if "day" in by else "cost_micros DESC, requests DESC, 1"
    # Only names from the table above are put into the text.
    query = f"""
        SELECT json_array({", ".join(keys)}) AS keys_json, sum(requests) AS requests,
            sum(priced_requests) AS priced_requests, sum(input_tokens) AS input_tokens,
            sum(output_tokens) AS output_tokens, sum(cache_read_tokens) AS cache_read_tokens,
            sum(cache_write_tokens) AS cache_write_tokens,
            sum(reasoning_tokens) AS reasoning_tokens, sum(cost_micros) AS cost_micros
        FROM usage WHERE day >= ? {grouped} ORDER BY {order}
    """  # noqa: S608
    sums = fetch(connection, query, (_day(since) if since else "",), _Sum)
    return [
        UsageRow(
            keys=row.keys,
            requests=row.requests,
            usage=Usage(
                input_tokens=row.input_tokens,
                output_tokens=row.output_tokens,
                cache_read_tokens=row.cache_read_tokens,
                cache_write_tokens=row.cache_write_tokens,
                reasoning_tokens=row.reasoning_tokens,
            ),
            cost_micros=row.cost_micros if row.priced_requests else None,
        )
        for row in sums
    ]


def spent_micros(connection: Connection, *, since: datetime) -> dict[str, int]:
    """Sum the money of each provider since that day."""
    rows = connection.execute(
        "SELECT provider, sum(cost_micros) FROM usage WHERE day >= ? GROUP BY provider",
        (_day(since),),
    )
    return {row[0]: row[1] for row in rows}


def _day(at: datetime) -> str:
    return to_text(at.astimezone(UTC))[:10]

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from refact_lsp.store.completion_events import (
    CompletionEvent,
    completion_stats,
    record_completion,
    record_kept,
)

Run = Callable[..., Any]


def event(id: str, at: datetime, **changed: object) -> CompletionEvent:  # noqa: A002
    plain = CompletionEvent(
        id=id,
        at=at,
        model="p/m",
        language="python",
        cache="miss",
        outcome="shown",
        latency_ms=10.0,
        requests=1,
    )
    return msgspec.structs.replace(plain, **changed)


def test_stats_sum_what_happened(run: Run, noon: datetime):
    for each in (
        event("1", noon),
        event("1", noon, outcome="accepted", accepted_chars=30, cost_micros=4, tokens_in=100),
        event("2", noon, outcome="acceptedPartly", accepted_chars=10, cache="exact", requests=0),
        event("3", noon, outcome="empty", latency_ms=500.0),
        event("4", noon + timedelta(1), outcome="rejected", language="go"),
    ):
        run(record_completion, each)
    run(record_kept, "1", kept_30s=1.0)
    run(record_kept, "1", kept_5min=0.5)
    run(record_kept, "2", kept_30s=1.0)
    (row,) = run(completion_stats)
    assert (row.key, row.requests, row.shown, row.cache_hits) == ("p/m", 3, 3, 1)
    assert (row.accepted, row.accepted_partly, row.rejected) == (1, 1, 1)
    assert (row.accepted_chars, row.kept_share) == (40, (30 * 0.5 + 10) / 40)
    assert (row.p50_ms, row.p95_ms, row.cost_micros) == (10.0, 500.0, 4)
    assert [row.key for row in run(completion_stats, "language")] == ["go", "python"]
    (day,) = run(completion_stats, "day", since=noon + timedelta(1))
    assert (day.key, day.rejected, day.kept_share) == ("2026-05-18", 1, None)

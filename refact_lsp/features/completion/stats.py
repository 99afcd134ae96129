"""What became of completions, in numbers that add up: counters and a histogram of latencies.

Counted here, summed and shown here; kept by `store.completion_tallies`. Pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import log2
from typing import Literal

from refact_lsp.core.money import cost_micros, dollars
from refact_lsp.core.types import Price, Usage, Value
from refact_lsp.store.completion_tallies import Tally, add_into

By = Literal["model", "language", "day"]
_STEPS = 8  # buckets of the histogram for each doubling


class Latency(Value, frozen=True, kw_only=True):
    """Milliseconds from the request to its answer."""

    p50: float
    p95: float


class Row(Value, frozen=True, kw_only=True):
    """One row of `refact/completion/stats`."""

    key: str
    requests: int
    shown: int
    accepted: int
    accepted_partly: int
    typed_through: int
    rejected: int
    accepted_chars: int
    cache_hits: int
    tokens_in: int
    tokens_out: int
    latency_ms: Latency
    kept_share: float | None = None
    cost: str | None = None


class Counts:
    """Tallies since they were last taken."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, str, str], Tally] = {}

    def of(self, day: str, model: str, language: str) -> Tally:
        """Give the tally to count in."""
        key = (day, model, language)
        tally = self._tallies.get(key)
        if tally is None:
            tally = Tally(day=day, model=model, language=language, latency={})
            self._tallies[key] = tally
        return tally

    def current(self) -> Sequence[Tally]:
        return tuple(self._tallies.values())

    def take(self) -> Sequence[Tally]:
        """Hand over what was counted and start again."""
        taken = self.current()
        self._tallies = {}
        return taken


def add_latency(tally: Tally, elapsed_ms: float) -> None:
    """Count one answer's time."""
    bucket = round(_STEPS * log2(max(elapsed_ms, 0.01)))
    tally.latency[bucket] = tally.latency.get(bucket, 0) + 1


def add_usage(tally: Tally, usage: Usage, price: Price | None) -> None:
    """Count the tokens of one provider call, and what they cost."""
    tally.tokens_in += usage.input_tokens
    tally.tokens_out += usage.output_tokens
    if price is not None:
        tally.cost_micros += cost_micros(usage, price) or 0


def rows(tallies: Iterable[Tally], by: By = "model") -> list[Row]:
    """Sum up, one row a key, the busiest first."""
    sums: dict[str, Tally] = {}
    for tally in tallies:
        key: str = getattr(tally, by)
        total = sums.setdefault(key, Tally(day="", model="", language="", latency={}))
        add_into(total, tally)
    ordered = sorted(sums.items(), key=lambda item: (-item[1].requests, item[0]))
    return [_row(key, total) for key, total in ordered]


def percentile(latency: Mapping[int, int], share: float) -> float:
    """Give the milliseconds that `share` of the answers stayed within, to a twelfth."""
    wanted = share * sum(latency.values())
    seen = 0
    for bucket in sorted(latency):
        seen += latency[bucket]
        if seen >= wanted:
            return round(2 ** (bucket / _STEPS), 3)
    return 0.0


def _row(key: str, total: Tally) -> Row:
    return Row(
        key=key,
        requests=total.requests,
        shown=total.shown,
        accepted=total.accepted,
        accepted_partly=total.accepted_partly,
        typed_through=total.typed_through,
        rejected=total.rejected,
        accepted_chars=total.accepted_chars,
        cache_hits=total.cache_hits,
        tokens_in=total.tokens_in,
        tokens_out=total.tokens_out,
        latency_ms=Latency(p50=percentile(total.latency, 0.5), p95=percentile(total.latency, 0.95)),
        kept_share=_kept_share(total),
        cost=dollars(total.cost_micros) if total.cost_micros else None,
    )


def _kept_share(total: Tally) -> float | None:
    if total.judged_chars:
        return total.kept_chars / total.judged_chars
    return total.kept_soon_chars / total.judged_soon_chars if total.judged_soon_chars else None

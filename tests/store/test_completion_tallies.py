from collections.abc import Callable
from typing import Any

from refact_lsp.store.completion_tallies import Tally, add_tallies, read_tallies

Run = Callable[..., Any]


def tally(day: str = "2026-01-02", model: str = "p/m", **counts: Any) -> Tally:
    return Tally(day=day, model=model, language="go", **counts)


def test_what_windows_counted_adds_up(run: Run):
    run(add_tallies, [tally(shown=1, cost_micros=2, latency={3: 1}), tally(model="q/m", shown=5)])
    run(add_tallies, [tally(shown=2, kept_chars=7, cost_micros=3, latency={3: 1, 4: 1})])
    first, other = run(read_tallies)
    assert (first.shown, first.kept_chars, first.cost_micros) == (3, 7, 5)
    assert first.latency == {3: 2, 4: 1}
    assert (other.model, other.shown) == ("q/m", 5)


def test_reading_begins_at_a_day(run: Run):
    run(add_tallies, [tally(day=day, shown=1) for day in ("2026-01-01", "2026-01-02")])
    assert [found.day for found in run(read_tallies, "2026-01-02")] == ["2026-01-02"]

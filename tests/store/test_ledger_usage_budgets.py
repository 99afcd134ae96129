from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from refact_lsp.core.ledger import LedgerRow
from refact_lsp.core.money import cost_micros, dollars, parse_dollars
from refact_lsp.core.problems import RefactError
from refact_lsp.core.types import Price, Usage
from refact_lsp.store.budgets import BudgetGuard, budgets, set_budget
from refact_lsp.store.ledger import record_request, requests
from refact_lsp.store.usage import record_usage, spent_micros, summary

Run = Callable[..., Any]
USAGE = Usage(input_tokens=1000, output_tokens=10, cache_read_tokens=600)


def entry(at: datetime, **changed: object) -> LedgerRow:
    plain = LedgerRow(
        at=at,
        provider="p",
        host="example.test",
        role="chat",
        model="m",
        bytes_out=10,
        bytes_in=20,
        files=("file:///a.py",),
        status="200",
    )
    return msgspec.structs.replace(plain, **changed)


def test_the_ledger_lists_newest_first_by_time_and_provider(run: Run, noon: datetime):
    entries = [
        entry(noon),
        entry(noon + timedelta(seconds=1), provider="q", status="network", files=()),
        entry(noon + timedelta(seconds=2)),
    ]
    for each in entries:
        run(record_request, each)
    assert run(requests) == entries[::-1]
    assert run(requests, provider="q") == [entries[1]]
    assert run(requests, since=noon + timedelta(seconds=1), limit=1) == [entries[2]]


def test_usage_adds_up_by_any_keys(run: Run, noon: datetime):
    for model, role, cost in (("m", "chat", 5), ("m", "chat", 7), ("n", "completion", None)):
        run(
            record_usage, at=noon, provider="p", model=model, role=role, usage=USAGE,
            cost_micros=cost,
        )  # fmt: skip
    assert [(row.keys, row.requests, row.cost_micros) for row in run(summary, ["model"])] == [
        (("p/m",), 2, 12),
        (("p/n",), 1, None),
    ]
    (row,) = run(summary, ["provider", "day"])
    assert row.keys == ("p", "2026-05-17")
    assert (row.usage.input_tokens, row.usage.cache_read_tokens, row.cost_micros) == (
        3000,
        1800,
        12,
    )
    assert [row.keys for row in run(summary, [])] == [()]
    assert run(summary, ["role"], since=noon + timedelta(1)) == []
    assert run(summary, [], since=noon + timedelta(1)) == []


def test_a_day_is_utc_whatever_the_clock_says(run: Run):
    from datetime import timezone

    late = datetime(2026, 5, 17, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    run(record_usage, at=late, provider="p", model="m", role="chat", usage=USAGE, cost_micros=1)
    assert [row.keys for row in run(summary, ["day"])] == [("2026-05-18",)]


def test_budgets_count_this_month_only(run: Run, noon: datetime):
    for at, provider in ((noon, "p"), (noon, "q"), (noon - timedelta(days=30), "p")):
        run(
            record_usage, at=at, provider=provider, model="m", role="chat", usage=USAGE,
            cost_micros=100,
        )  # fmt: skip
    run(set_budget, "p", 1000)
    run(set_budget, None, 5000)
    run(set_budget, "q", 1)
    run(set_budget, "q", None)
    assert run(spent_micros, since=noon.replace(day=1)) == {"p": 100, "q": 100}
    found = run(budgets, at=noon)
    assert [(each.provider, each.monthly_micros, each.spent_micros) for each in found] == [
        (None, 5000, 200),
        ("p", 1000, 100),
    ]
    assert found[0].resets_at == datetime(2026, 6, 1, tzinfo=UTC)
    assert run(budgets, at=datetime(2026, 12, 31, tzinfo=UTC))[0].resets_at.year == 2027


def test_a_cap_refuses_before_it_is_passed(run: Run, noon: datetime):
    run(set_budget, "p", 1000)
    guard = BudgetGuard()
    guard.refresh(run(budgets, at=noon))
    first = guard.reserve("p", 600, at=noon)
    guard.reserve("q", 10**9, at=noon)
    guard.reserve("p", 0, at=noon)
    with pytest.raises(RefactError, match=r"\$0.0006 of \$0.001 is spent") as caught:
        guard.reserve("p", 500, at=noon)
    assert caught.value.problem.kind == "budget"
    assert "01 June 2026" in (caught.value.problem.hint or "")
    guard.release(first)
    guard.release(first)
    assert guard.reserve("p", 1000, at=noon)
    with pytest.raises(RefactError):
        guard.reserve("p", None, at=noon)
    guard.reserve("p", 0, at=noon)


def test_a_new_month_opens_the_budget_again(run: Run, noon: datetime):
    run(record_usage, at=noon, provider="p", model="m", role="chat", usage=USAGE, cost_micros=9)
    run(set_budget, None, 9)
    guard = BudgetGuard()
    guard.refresh(run(budgets, at=noon))
    with pytest.raises(RefactError):
        guard.reserve("p", None, at=noon)
    assert guard.reserve("p", None, at=noon + timedelta(days=20))


def test_cached_tokens_cost_their_own_price():
    price = Price(input=Decimal(3), output=Decimal(15), cache_read=Decimal("0.3"))
    assert cost_micros(USAGE, price) == 400 * 3 + 180 + 150
    assert cost_micros(USAGE, Price(input=Decimal("0.001"), output=Decimal(0))) == 1


@pytest.mark.parametrize(
    ("micros", "text"),
    [(0, "0"), (1, "0.000001"), (1_500_000, "1.5"), (20_000_000, "20"), (10_000_000_000, "10000")],
)
def test_dollars_are_written_plainly_and_read_back(micros: int, text: str):
    assert dollars(micros) == text
    assert parse_dollars(f"${text} ", field="monthly") == micros


@pytest.mark.parametrize("text", ["", "ten", "-1", "NaN", "Infinity", "1e99", "1,5"])
def test_what_is_no_amount_is_refused(text: str):
    with pytest.raises(RefactError) as caught:
        parse_dollars(text, field="monthly")
    assert caught.value.problem.field == "monthly"

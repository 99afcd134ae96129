"""Monthly caps, for one provider or for all together, and what is spent of them.

A request is checked against a snapshot in memory, so that completion never waits for the disk.
Months are UTC.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from refact_lsp.core.money import dollars
from refact_lsp.core.problems import refuse
from refact_lsp.store.holds import held_by_others
from refact_lsp.store.rows import Connection, fetch
from refact_lsp.store.usage import spent_micros

_ALL = ""


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """A cap; `provider` is None where it counts all of them. Other windows hold `held_micros`."""

    provider: str | None
    monthly_micros: int
    spent_micros: int
    resets_at: datetime
    held_micros: int = 0


class _Cap(msgspec.Struct, frozen=True, kw_only=True):
    provider: str
    monthly_micros: int


def budgets(connection: Connection, *, at: datetime, owner: str = "") -> list[Budget]:
    """Read the caps with what this month has cost so far, and what others than `owner` hold."""
    start, end = _month(at)
    spent = spent_micros(connection, since=start)
    held = held_by_others(connection, owner, at=at)
    caps = fetch(connection, "SELECT * FROM budgets ORDER BY provider", (), _Cap)
    return [
        Budget(
            provider=cap.provider or None,
            monthly_micros=cap.monthly_micros,
            spent_micros=spent.get(cap.provider, 0) if cap.provider else sum(spent.values()),
            resets_at=end,
            held_micros=held.get(cap.provider, 0) if cap.provider else sum(held.values()),
        )
        for cap in caps
    ]


def set_budget(connection: Connection, provider: str | None, monthly_micros: int | None) -> None:
    """Set a cap; None as the amount takes it away."""
    if monthly_micros is None:
        connection.execute("DELETE FROM budgets WHERE provider = ?", (provider or _ALL,))
        return
    connection.execute(
        "INSERT INTO budgets VALUES (?1, ?2)"
        " ON CONFLICT (provider) DO UPDATE SET monthly_micros = ?2",
        (provider or _ALL, monthly_micros),
    )


class BudgetGuard:
    """Refuses requests that would pass a cap: what is spent, under way and estimated counts.

    The spent sums are as fresh as the last `refresh`; requests of this process are counted from
    the moment they are let through until their cost is in the sums.
    """

    def __init__(self) -> None:
        self._budgets: Sequence[Budget] = ()
        self._under_way: dict[int, tuple[str, int]] = {}
        self._next = 0

    def refresh(self, budgets: Sequence[Budget]) -> None:
        """Take over what `budgets` read."""
        self._budgets = tuple(budgets)

    def is_capped(self, provider: str) -> bool:
        """Say whether any cap counts a provider's requests."""
        return any(budget.provider in {None, provider} for budget in self._budgets)

    def reserve(self, provider: str, estimate_micros: int | None, *, at: datetime) -> int:
        """Let a request through and count it; raises `budget`. Give the number to `release`.

        An estimate of None is a request of unknown price: it passes until the cap is reached. One
        that costs nothing always passes.
        """
        if estimate_micros != 0:
            for budget in self._budgets:
                if budget.provider in {None, provider}:
                    self._refuse_over(budget, estimate_micros, at)
        self._next += 1
        self._under_way[self._next] = (provider, estimate_micros or 0)
        return self._next

    def release(self, number: int) -> None:
        """Forget a request that is over; twice is fine."""
        self._under_way.pop(number, None)

    def _refuse_over(self, budget: Budget, estimate_micros: int | None, at: datetime) -> None:
        # The snapshot may be of a month that is over.
        spent = budget.spent_micros if at < budget.resets_at else 0
        counted = (
            spent
            + budget.held_micros
            + sum(
                micros
                for provider, micros in self._under_way.values()
                if budget.provider in {None, provider}
            )
        )
        if counted + (1 if estimate_micros is None else estimate_micros) <= budget.monthly_micros:
            return
        whose = f"of {budget.provider} " if budget.provider else ""
        raise refuse(
            "budget",
            f"The monthly budget {whose}would be passed: ${dollars(counted)} of "
            f"${dollars(budget.monthly_micros)} is spent or under way.",
            f"Raise the cap with refact/budget/set, or wait until {budget.resets_at:%d %B %Y}.",
            provider=budget.provider,
        )


def _month(at: datetime) -> tuple[datetime, datetime]:
    start = at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    end = (
        start.replace(year=start.year + 1, month=1)
        if start.month == 12  # noqa: PLR2004  — December
        else start.replace(month=start.month + 1)
    )
    return start, end

"""`refact/ledger/*`, `refact/usage/*` and `refact/budget/*`: what left, and what it cost."""

from datetime import UTC, datetime

from refact_lsp.core.money import dollars, parse_dollars
from refact_lsp.features.setup.providers import row_of
from refact_lsp.rpc.messages import Empty
from refact_lsp.rpc.messages import accounts as m
from refact_lsp.rpc.moments import moment
from refact_lsp.rpc.session import Session
from refact_lsp.rpc.table import Method
from refact_lsp.store.budgets import budgets, set_budget
from refact_lsp.store.ledger import requests
from refact_lsp.store.usage import summary

_MOST_ENTRIES = 10_000


async def _ledger(session: Session, params: m.LedgerList) -> m.LedgerListed:
    await session.app.counted()
    since, limit = moment(params.since), max(0, min(params.limit, _MOST_ENTRIES))
    found = await session.app.database.read(
        lambda c: requests(c, since=since, provider=params.provider, limit=limit)
    )
    return m.LedgerListed(entries=tuple(found))


async def _usage(session: Session, params: m.UsageAsked) -> m.UsageSummary:
    await session.app.counted()
    since = moment(params.since)
    found = await session.app.database.read(lambda c: summary(c, params.by, since=since))
    return m.UsageSummary(
        rows=tuple(
            m.UsageSum(
                keys=row.keys,
                requests=row.requests,
                usage=row.usage,
                cost=None if row.cost_micros is None else dollars(row.cost_micros),
            )
            for row in found
        )
    )


async def _budgets(session: Session, _: Empty) -> m.Budgets:
    await session.app.counted()
    now = datetime.now(UTC)
    found = await session.app.database.read(lambda c: budgets(c, at=now))
    return m.Budgets(
        budgets=tuple(
            m.Budget(
                provider=row.provider,
                monthly=dollars(row.monthly_micros),
                spent=dollars(row.spent_micros),
                resets_at=row.resets_at,
            )
            for row in found
        )
    )


async def _set_budget(session: Session, params: m.BudgetSet) -> m.Budgets:
    micros = None if params.monthly is None else parse_dollars(params.monthly, field="monthly")
    if params.provider is not None and micros is not None:
        row_of(session.app.world, params.provider)
    await session.app.change(lambda c: set_budget(c, params.provider, micros))
    return await _budgets(session, Empty())


METHODS = (
    Method("refact/ledger/list", m.LedgerList, m.LedgerListed, _ledger),
    Method("refact/usage/summary", m.UsageAsked, m.UsageSummary, _usage),
    Method("refact/budget/get", Empty, m.Budgets, _budgets),
    Method("refact/budget/set", m.BudgetSet, m.Budgets, _set_budget),
)

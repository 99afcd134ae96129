"""Params and results about what may go where, what went, and what it cost."""

from datetime import datetime
from typing import Literal

from refact_lsp.core.ledger import LedgerRow
from refact_lsp.core.privacy import Zone
from refact_lsp.core.types import Usage, Value
from refact_lsp.store.usage import UsageKey


class PrivacyCheck(Value, frozen=True, kw_only=True):
    """A file; without a provider the question is whether anyone at all may receive it."""

    uri: str
    provider: str | None = None


class PrivacyVerdict(Value, frozen=True, kw_only=True):
    """The answer; `rule` decided, `file` is where that rule is written."""

    allowed: bool
    rule: str | None = None
    file: str | None = None
    reason: str | None = None


class PrivacyRule(Value, frozen=True, kw_only=True):
    """One rule: what it matches, and who may receive that."""

    name: str
    patterns: tuple[str, ...]
    send_to: tuple[str, ...]
    source: Literal["builtin", "user", "project"]


class PrivacyRules(Value, frozen=True, kw_only=True):
    """Every rule in force, and the local-only switch."""

    rules: tuple[PrivacyRule, ...]
    local_only: bool


class PrivacySet(Value, frozen=True, kw_only=True):
    """The user's own rules, all of them; what is absent stays."""

    rules: tuple[Zone, ...] | None = None
    local_only: bool | None = None


class LedgerList(Value, frozen=True, kw_only=True):
    """Which requests to list, the newest first."""

    since: str | None = None
    provider: str | None = None
    limit: int = 100


class LedgerListed(Value, frozen=True, kw_only=True):
    """Requests."""

    entries: tuple[LedgerRow, ...]


class UsageAsked(Value, frozen=True, kw_only=True):
    """Since when, and summed by what."""

    by: tuple[UsageKey, ...]
    since: str | None = None


class UsageSum(Value, frozen=True, kw_only=True):
    """One sum; `cost` is absent where no request of it had a price."""

    keys: tuple[str, ...]
    requests: int
    usage: Usage
    cost: str | None = None


class UsageSummary(Value, frozen=True, kw_only=True):
    """Sums."""

    rows: tuple[UsageSum, ...]


class Budget(Value, frozen=True, kw_only=True):
    """A monthly cap in US dollars; without a provider it counts all of them."""

    monthly: str
    spent: str
    resets_at: datetime
    provider: str | None = None


class Budgets(Value, frozen=True, kw_only=True):
    """Every cap."""

    budgets: tuple[Budget, ...]


class BudgetSet(Value, frozen=True, kw_only=True):
    """Set a cap in US dollars; null takes it away."""

    monthly: str | None
    provider: str | None = None

"""Params and results of every `refact/*` method, in the order of the protocol's page.

The JSON Schema and the TypeScript types are generated from these structs. Unknown fields of params
are ignored; a missing or misshapen one is refused with its name.
"""

from datetime import datetime
from typing import Any, Literal

from refact_lsp.core.nouns import (
    Check,
    Default,
    Detected,
    Model,
    Parameters,
    ProbeCheck,
    ProbeResult,
    Proposal,
    Provider,
    ProviderProblem,
    Template,
    TokenCounting,
)
from refact_lsp.core.privacy import Zone
from refact_lsp.core.problems import Problem
from refact_lsp.core.types import Role, Usage, Value
from refact_lsp.features.completion.stats import By, Row
from refact_lsp.features.completion.trace import Decision
from refact_lsp.store.usage import UsageKey


class Empty(Value, frozen=True, kw_only=True):
    """No fields."""


# --- providers ------------------------------------------------------------------------------


class TemplatesResult(Value, frozen=True, kw_only=True):
    """Every template."""

    templates: tuple[Template, ...]


class ProvidersResult(Value, frozen=True, kw_only=True):
    """Every configured provider."""

    providers: tuple[Provider, ...]


class ProviderId(Value, frozen=True, kw_only=True):
    """Names a provider."""

    id: str


class ProviderResult(Value, frozen=True, kw_only=True):
    """One provider as it now stands."""

    provider: Provider


class ProviderSave(Value, frozen=True, kw_only=True):
    """Create or update a provider."""

    template: str
    settings: dict[str, Any]
    id: str | None = None
    display_name: str | None = None
    enabled: bool | None = None


class Draft(Value, frozen=True, kw_only=True):
    """A provider that is not saved yet."""

    template: str
    settings: dict[str, Any]


class ProviderTest(Value, frozen=True, kw_only=True):
    """Test a saved provider or a draft."""

    id: str | None = None
    draft: Draft | None = None


class DetectResult(Value, frozen=True, kw_only=True):
    """What is on this machine."""

    found: tuple[Detected, ...]


class AuthStart(Value, frozen=True, kw_only=True):
    """Begin a sign-in."""

    provider: str
    method: Literal["device", "browser", "paste"] | None = None


class AuthStarted(Value, frozen=True, kw_only=True):
    """Where the user goes next."""

    flow_id: str
    kind: Literal["device", "browser", "paste"]
    url: str
    expires_at: str
    user_code: str | None = None


class AuthComplete(Value, frozen=True, kw_only=True):
    """Wait for a sign-in, or hand in what was pasted."""

    flow_id: str
    code: str | None = None


class AuthSignOut(Value, frozen=True, kw_only=True):
    """Forget a sign-in."""

    provider: str


# --- models ---------------------------------------------------------------------------------


class ModelsList(Value, frozen=True, kw_only=True):
    """Which models to list."""

    provider: str | None = None
    role: Role | None = None
    query: str | None = None
    include_disabled: bool = False


class ModelsListed(Value, frozen=True, kw_only=True):
    """Models, and the providers that could not be read."""

    models: tuple[Model, ...]
    problems: tuple[ProviderProblem, ...]


class ModelsRefresh(Value, frozen=True, kw_only=True):
    """Ask a provider for its models."""

    provider: str


class ModelsRefreshed(Value, frozen=True, kw_only=True):
    """The list as it now stands; `error` says why it is the last known one."""

    models: tuple[Model, ...]
    error: Problem | None = None


class ModelsEnable(Value, frozen=True, kw_only=True):
    """Show or hide models."""

    models: tuple[str, ...]
    enabled: bool


class ModelsResult(Value, frozen=True, kw_only=True):
    """Models as they now stand."""

    models: tuple[Model, ...]


class ModelSave(Value, frozen=True, kw_only=True):
    """A custom model, or single capability fields of a listed one."""

    model: str
    display_name: str | None = None
    capabilities: dict[str, Any] | None = None


class ModelResult(Value, frozen=True, kw_only=True):
    """One model as it now stands."""

    model: Model


class ModelName(Value, frozen=True, kw_only=True):
    """Names a model."""

    model: str


class ModelTokenizer(Value, frozen=True, kw_only=True):
    """Asks how a model's tokens are counted; `fetch` gets the vocabulary that is exact for it.

    While it comes, `refact/models/tokenizerProgress` notifications count its bytes.
    """

    model: str
    fetch: bool = False


class TokenizerResult(Value, frozen=True, kw_only=True):
    """How a model's tokens are counted now."""

    counting: TokenCounting


class TokenizerProgress(Value, frozen=True, kw_only=True):
    """How much of a vocabulary has come."""

    model: str
    received_bytes: int
    of_bytes: int


class ModelProbe(Value, frozen=True, kw_only=True):
    """What to find out with real requests."""

    model: str
    checks: tuple[ProbeCheck, ...]


class ProbeResults(Value, frozen=True, kw_only=True):
    """What the checks found."""

    results: tuple[ProbeResult, ...]


# --- default models -------------------------------------------------------------------------


class DefaultsResult(Value, frozen=True, kw_only=True):
    """All six roles."""

    defaults: tuple[Default, ...]


class DefaultSet(Value, frozen=True, kw_only=True):
    """Choose a role's model; null clears."""

    role: Role
    model: str | None
    fallbacks: tuple[str, ...] | None = None
    parameters: Parameters | None = None


class DefaultResult(Value, frozen=True, kw_only=True):
    """One role as it now stands."""

    default: Default


class DefaultsPropose(Value, frozen=True, kw_only=True):
    """Ask for sensible models of a provider for roles that have none."""

    provider: str


class ProposalResult(Value, frozen=True, kw_only=True):
    """Proposals, at most one a role."""

    proposals: tuple[Proposal, ...]


# --- status ---------------------------------------------------------------------------------


class DoctorResult(Value, frozen=True, kw_only=True):
    """Every check."""

    checks: tuple[Check, ...]


# --- privacy, ledger, usage, budgets ----------------------------------------------------------


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


class LedgerRow(Value, frozen=True, kw_only=True):
    """One request that left the process; `status` is the HTTP status or the problem's kind."""

    at: datetime
    provider: str
    host: str
    role: str
    model: str
    bytes_out: int
    bytes_in: int
    files: tuple[str, ...]
    status: str


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


# --- settings ---------------------------------------------------------------------------------


class SettingsResult(Value, frozen=True, kw_only=True):
    """The settings that count; warnings name stored values that do not fit."""

    settings: dict[str, Any]
    warnings: tuple[str, ...] = ()


class SettingsSet(Value, frozen=True, kw_only=True):
    """Values by their dotted name, such as `completion.debounceMs`; null forgets one."""

    values: dict[str, Any]


# --- inline completion ----------------------------------------------------------------------


class CompletionExplain(Value, frozen=True, kw_only=True):
    """Which completion to explain; the last one where no id is given."""

    id: str | None = None


class CompletionRecent(Value, frozen=True, kw_only=True):
    """How many decisions to list."""

    limit: int = 50


class CompletionDecisions(Value, frozen=True, kw_only=True):
    """What was decided, newest first."""

    decisions: tuple[Decision, ...]


class CompletionStats(Value, frozen=True, kw_only=True):
    """Since when (ISO date), and summed by what."""

    since: str | None = None
    by: By = "model"


class CompletionStatsResult(Value, frozen=True, kw_only=True):
    """One row a key."""

    rows: tuple[Row, ...]


# --- chat -----------------------------------------------------------------------------------


class ThreadName(Value, frozen=True, kw_only=True):
    """Names a thread."""

    thread_id: str


class ChatThreads(Value, frozen=True, kw_only=True):
    """Which threads to list: those that hold the query, a page at a time."""

    query: str | None = None
    limit: int = 50
    cursor: str | None = None


class ChatFork(Value, frozen=True, kw_only=True):
    """Copy a thread, or its messages before that number."""

    thread_id: str
    before: int | None = None


class Markdown(Value, frozen=True, kw_only=True):
    """A thread to read elsewhere."""

    markdown: str

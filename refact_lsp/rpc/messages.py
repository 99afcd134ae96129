"""Params and results of every `refact/*` method, in the order of the protocol's page.

The JSON Schema and the TypeScript types are generated from these structs. Unknown fields of params
are ignored; a missing or misshapen one is refused with its name.
"""

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
)
from refact_lsp.core.problems import Problem
from refact_lsp.core.types import Role, Value
from refact_lsp.features.completion.stats import By, Row
from refact_lsp.features.completion.trace import Decision


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


class UsageWindow(Value, frozen=True, kw_only=True):
    """One limit of a provider's plan."""

    name: str
    unit: str
    used: float | None = None
    limit: float | None = None
    resets_at: str | None = None


class ProviderUsage(Value, frozen=True, kw_only=True):
    """What a provider says of the plan's use; balance in US dollars."""

    windows: tuple[UsageWindow, ...]
    balance: str | None = None


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

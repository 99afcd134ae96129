"""What front ends are shown: templates, providers, models and default models (protocol 1 to 3)."""

from typing import Any, Literal

from refact_lsp.core.problems import Problem
from refact_lsp.core.types import (
    Capabilities,
    CapabilitySource,
    Locality,
    ReasoningLevel,
    Role,
    Value,
    Wire,
)


class Option(Value, frozen=True, kw_only=True):
    """One choice of an enumerated field."""

    value: str
    label: str


class Field(Value, frozen=True, kw_only=True):
    """One setting of a provider, as a form asks for it."""

    name: str
    label: str
    type: Literal["string", "secret", "url", "boolean", "integer", "enum", "map"]
    required: bool
    advanced: bool
    default: Any | None = None
    options: tuple[Option, ...] | None = None
    placeholder: str | None = None
    help: str | None = None


class Supports(Value, frozen=True, kw_only=True):
    """What a template's providers can serve."""

    chat: bool
    completion: bool
    embedding: bool
    model_list: bool


class Template(Value, frozen=True, kw_only=True):
    """A provider template, as the user picks it."""

    id: str
    name: str
    notes: str
    wire: Wire
    local: bool
    auth: tuple[str, ...]
    fields: tuple[Field, ...]
    supports: Supports
    key_url: str | None = None
    docs_url: str | None = None


class Addresses(Value, frozen=True, kw_only=True):
    """Where requests of each kind go, resolved."""

    chat: str | None = None
    completion: str | None = None
    embedding: str | None = None
    models: str | None = None


class AuthState(Value, frozen=True, kw_only=True):
    """Whether a credential is at hand, and where it comes from."""

    state: Literal["ready", "missing", "expired", "signedOut", "notNeeded"]
    source: Literal["keyring", "file", "env", "command", "oauth"] | None = None
    account: str | None = None
    expires_at: str | None = None


class Health(Value, frozen=True, kw_only=True):
    """What the last real request said."""

    state: Literal["unknown", "ok", "error"]
    checked_at: str | None = None
    error: Problem | None = None


class Provider(Value, frozen=True, kw_only=True):
    """The user's configured instance of a template; a secret is shown as its mask."""

    id: str
    template: str
    display_name: str
    enabled: bool
    settings: dict[str, Any]
    locality: Locality
    addresses: Addresses
    auth: AuthState
    health: Health
    model_count: int
    enabled_model_count: int
    models_fetched_at: str | None = None
    models_stale: bool = False


class Detected(Value, frozen=True, kw_only=True):
    """Something on this machine that a provider could use; `settings` is what `save` takes."""

    template: str
    name: str
    evidence: str
    settings: dict[str, Any]
    models: tuple[str, ...] | None = None


class VocabularyState(Value, frozen=True, kw_only=True):
    """A vocabulary that is exact for a model, and whether it is on this machine."""

    encoding: str
    url: str
    size_bytes: int
    present: bool


class TokenCounting(Value, frozen=True, kw_only=True):
    """How a model's tokens are counted.

    A `vocabulary` counts exactly, the `server` is asked at its `route` where a chat nears the
    window, an `estimate` is multiplied with `factor`, which was learned from the usage of so many
    `samples`.
    """

    by: Literal["vocabulary", "server", "estimate"]
    factor: float
    samples: int
    route: str | None = None
    vocabulary: VocabularyState | None = None


class Model(Value, frozen=True, kw_only=True):
    """A model of a provider with everything known about it.

    `wire` is the format that it is asked in, where that is not simply its provider's; `max_input`
    the most tokens that one request may have, where that is less than the window.
    """

    id: str
    provider: str
    name: str
    display_name: str
    source: Literal["api", "registry", "custom"]
    enabled: bool
    known: bool
    capabilities: Capabilities
    sources: dict[str, CapabilitySource]
    overridden: tuple[str, ...]
    roles: tuple[Role, ...]
    ineligible: dict[Role, str]
    wire: Wire | None = None
    max_input: int | None = None


class ProviderProblem(Value, frozen=True, kw_only=True):
    """A provider whose models could not be read, and why."""

    provider: str
    error: Problem


class Parameters(Value, frozen=True, kw_only=True):
    """What a role asks its model with; absent fields are the model's own defaults."""

    temperature: float | None = None
    max_tokens: int | None = None
    reasoning: ReasoningLevel | None = None


class Effective(Value, frozen=True, kw_only=True):
    """The model that a role really gets, and why."""

    model: str | None
    via: Literal["explicit", "fallback", "role:chat", "none"]


class Default(Value, frozen=True, kw_only=True):
    """One row of the default-models table."""

    role: Role
    model: str | None
    fallbacks: tuple[str, ...]
    parameters: Parameters
    effective: Effective
    problem: Problem | None = None


class TestStep(Value, frozen=True, kw_only=True):
    """One request of a provider's test."""

    step: str
    ok: bool
    skipped: bool = False
    detail: str | None = None
    latency_ms: int | None = None
    error: Problem | None = None


class TestReport(Value, frozen=True, kw_only=True):
    """What a provider's test found; `addresses` is where it asked."""

    ok: bool
    latency_ms: int
    steps: tuple[TestStep, ...]
    model_count: int | None = None
    addresses: Addresses | None = None
    error: Problem | None = None


ProbeCheck = Literal["chat", "tools", "vision", "reasoning", "completion", "embedding", "window"]


class ProbeResult(Value, frozen=True, kw_only=True):
    """What one check found; `error` where it ended in a problem.

    `proposed` is what was found to differ from what is known of the model: the capabilities to give
    to `refact/models/save`. Nothing is changed by itself.
    """

    check: ProbeCheck
    ok: bool
    detail: str
    latency_ms: int
    error: Problem | None = None
    proposed: dict[str, Any] | None = None


class Proposal(Value, frozen=True, kw_only=True):
    """A model for a role, and why; nothing is set."""

    role: Role
    model: str
    reason: str


class Check(Value, frozen=True, kw_only=True):
    """One line of the doctor."""

    name: str
    ok: bool
    detail: str
    hint: str | None = None


class UsageWindow(Value, frozen=True, kw_only=True):
    """One limit of a provider's plan."""

    name: str
    unit: str
    used: float | None = None
    limit: float | None = None
    resets_at: str | None = None


class AccountUsage(Value, frozen=True, kw_only=True):
    """What a provider says of the plan's use; balance in US dollars."""

    windows: tuple[UsageWindow, ...]
    balance: str | None = None


class RoleState(Value, frozen=True, kw_only=True):
    """What serves a role right now."""

    role: Role
    model: str | None
    problem: Problem | None = None


class Status(Value, frozen=True, kw_only=True):
    """What the server can do right now, and what is in the way."""

    version: str
    state: Literal["ready", "unconfigured", "error", "busy", "offline"]
    roles: tuple[RoleState, ...]
    index: dict[str, Any] | None
    problems: tuple[Problem, ...]

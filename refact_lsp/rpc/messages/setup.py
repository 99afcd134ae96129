"""Params and results about what is set up: providers, models, default models, settings, status."""

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
from refact_lsp.core.problems import Problem
from refact_lsp.core.types import Role, Value

# --- providers -------------------------------------------------------------------------------


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


# --- models ----------------------------------------------------------------------------------


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


# --- default models --------------------------------------------------------------------------


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


# --- status ----------------------------------------------------------------------------------


class DoctorResult(Value, frozen=True, kw_only=True):
    """Every check."""

    checks: tuple[Check, ...]


# --- settings --------------------------------------------------------------------------------


class SettingsResult(Value, frozen=True, kw_only=True):
    """The settings that count; warnings name stored values that do not fit."""

    settings: dict[str, Any]
    warnings: tuple[str, ...] = ()


class SettingsSet(Value, frozen=True, kw_only=True):
    """Values by their dotted name, such as `completion.debounceMs`; null forgets one."""

    values: dict[str, Any]

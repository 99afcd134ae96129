"""Which model serves which role. Pure: everything is worked out from the configuration in memory.

`light`, `thinking` and `buddy` fall back to `chat` where nothing is set; `completion` and
`embedding` never do. A template whose model needs no provider (wire `embedded`) stands in for a
role that it names in its defaults, until the user sets or clears that role.
"""

from collections.abc import Mapping

import msgspec

from refact_lsp.app.world import World
from refact_lsp.core.nouns import Default, Effective, Model, Parameters
from refact_lsp.core.problems import Problem, RefactError, refuse
from refact_lsp.core.types import ROLES, ModelRef, Role, parse_model_ref
from refact_lsp.features.setup.models import find_model, view
from refact_lsp.store.providers import ProviderRow

LIKE_CHAT: Mapping[Role, Role] = {"light": "chat", "thinking": "chat", "buddy": "chat"}


def defaults(world: World) -> tuple[Default, ...]:
    """All six rows of the default-models table."""
    return tuple(default(world, role) for role in ROLES)


def default(world: World, role: Role) -> Default:
    """One row: what was set, what is effective, and what is in the way."""
    row = world.configuration.defaults.get(role)
    chosen = world.session_models.get(role) or (row.model if row else None)
    fallbacks = row.fallbacks if row else ()
    effective, problem = _effective(world, role)
    return Default(
        role=role,
        model=chosen,
        fallbacks=fallbacks,
        parameters=msgspec.convert(row.parameters if row else {}, Parameters),
        effective=effective,
        problem=problem,
    )


def chain(world: World, role: Role) -> tuple[Model, ...]:
    """Models to try for a role, best first; raises the reason where there is none."""
    found: list[Model] = []
    problem: Problem | None = None
    for candidate in _candidates(world, role):
        try:
            found.append(usable(world, candidate.ref, role))
        except RefactError as error:
            problem = problem or error.problem
    if not found:
        raise RefactError(problem or _nothing(role))
    return tuple(found)


def named(world: World, ref: ModelRef, role: Role) -> Model:
    """Give a model that the user names for one request; raises the reason why it cannot serve.

    Lists are long, old or missing: a model counts that is not listed or merely was not switched
    on. One that the user switched off does not.
    """
    provider = _provider(world, ref)
    row = world.configuration.models.get(ref.provider, {}).get(ref.name)
    model = find_model(world, ref) or view(world.catalog, provider, ref.name, row)
    if not model.enabled and row is not None and row.enabled is False:
        raise _switched_off(model)
    return _fit(model, role)


def usable(world: World, ref: ModelRef, role: Role) -> Model:
    """Give the model if it can serve the role; raises the reason otherwise."""
    _provider(world, ref)
    model = find_model(world, ref)
    if model is None:
        raise refuse(
            "modelNotFound",
            f"{ref.provider!r} lists no model {ref.name!r}.",
            f"See refact-lsp models list --provider {ref.provider} --all, or add it as a custom "
            "model.",
            provider=ref.provider,
            field="model",
        )
    if not model.enabled:
        raise _switched_off(model)
    return _fit(model, role)


def _provider(world: World, ref: ModelRef) -> ProviderRow:
    provider = world.configuration.providers.get(ref.provider)
    if provider is None:
        raise refuse(
            "notConfigured",
            f"There is no provider {ref.provider!r}.",
            "Add it with refact-lsp providers add, or choose a model of another one.",
            provider=ref.provider,
            field="model",
        )
    if not provider.enabled:
        raise refuse(
            "notConfigured",
            f"The provider {ref.provider!r} is switched off.",
            f"Switch it on with refact-lsp providers enable {ref.provider}.",
            provider=ref.provider,
            field="model",
        )
    return provider


def _switched_off(model: Model) -> RefactError:
    return refuse(
        "notConfigured",
        f"The model {model.id} is not enabled.",
        f"Enable it with refact-lsp models enable {model.id}.",
        provider=model.provider,
        field="model",
    )


def _fit(model: Model, role: Role) -> Model:
    if role not in model.roles:
        raise refuse(
            "unsupported",
            f"{model.id} cannot serve {role}: {model.ineligible[role]}",
            "Choose another model, or correct its capabilities if they are wrong.",
            provider=model.provider,
            field="model",
        )
    return model


class _Candidate(msgspec.Struct, frozen=True):
    ref: ModelRef
    via: str


def _candidates(world: World, role: Role) -> list[_Candidate]:
    row = world.configuration.defaults.get(role)
    session = world.session_models.get(role)
    chosen = session or (row.model if row else None)
    names: list[tuple[str, str]] = []
    if chosen:
        names.append((chosen, "explicit"))
    if row:
        names += [(name, "fallback") for name in row.fallbacks]
    if not chosen and (base := LIKE_CHAT.get(role)):
        names += [(str(entry.ref), "role:chat") for entry in _candidates(world, base)]
    if row is None and not session:
        names += [(name, "fallback") for name in world.stand_ins.get(role, ())]
    return [_Candidate(parse_model_ref(name), via) for name, via in names]


def _effective(world: World, role: Role) -> tuple[Effective, Problem | None]:
    problem: Problem | None = None
    for candidate in _candidates(world, role):
        try:
            model = usable(world, candidate.ref, role)
        except RefactError as error:
            problem = problem or error.problem
        else:
            return Effective(model=model.id, via=candidate.via), problem  # pyright: ignore[reportArgumentType]  # names above
    return Effective(model=None, via="none"), problem or _nothing(role)


def _nothing(role: Role) -> Problem:
    return Problem(
        kind="notConfigured",
        message=f"No model is chosen for {role}.",
        hint=f"Add a provider (refact-lsp providers add), then refact-lsp defaults set {role} "
        "provider/model.",
    )

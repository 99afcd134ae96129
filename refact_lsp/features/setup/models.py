"""Models of the configured providers, as front ends see them.

Pure, over a world: a provider's models are those of its own list where it gave one, else those of
the registry, and always the user's own entries. A list may hold hundreds, of which few are looked
at: each model is worked out when it is first asked for.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from refact_lsp.app.world import World
from refact_lsp.core.nouns import Model
from refact_lsp.core.types import ROLES, CapabilityPatch, CompletionSupport, ModelRef, Role, Told
from refact_lsp.features.setup.eligibility import ineligible
from refact_lsp.registry.catalog import Catalog
from refact_lsp.registry.schema import Template
from refact_lsp.registry.templates import by_program
from refact_lsp.store.models import ModelRow
from refact_lsp.store.providers import ProviderRow

P = TypeVar("P", bound=CapabilityPatch)


# What no program does for a client of its own.
_PROGRAM: Mapping[str, Any] = {
    "tools": False,
    "agent": False,
    "structured_output": False,
    "vision": False,
    "pdf": False,
    "audio": False,
    "price": None,
    "completion": CompletionSupport(method="none"),
    "embedding": None,
}


class _Listed(Mapping[str, Model]):
    """Models by name, each made when it is first asked for."""

    def __init__(self, names: Iterable[str], make: Callable[[str], Model]) -> None:
        self._models: dict[str, Model | None] = dict.fromkeys(names)
        self._make = make

    def __getitem__(self, name: str) -> Model:
        model = self._models[name]
        if model is None:
            model = self._models[name] = self._make(name)
        return model

    def __iter__(self) -> Iterator[str]:
        return iter(self._models)

    def __len__(self) -> int:
        return len(self._models)

    def __contains__(self, name: object) -> bool:
        return name in self._models


def models_of(world: World, provider: str) -> Mapping[str, Model]:
    """List a provider's models by name; empty for a provider that is not there."""
    if provider not in world.seen:
        world.seen[provider] = _models(world, provider)
    return world.seen[provider]


def enabled_of(world: World, provider: str) -> tuple[str, ...]:
    """Name the models of a provider that are on; none of them is worked out for it."""
    row = world.configuration.providers.get(provider)
    names = models_of(world, provider)
    if row is None or not names:
        return ()
    rows = world.configuration.models.get(provider, {})
    is_on = _switch(world.catalog.effective(row.template, row.settings))
    return tuple(name for name in names if is_on(name, rows.get(name)))


def find_model(world: World, ref: ModelRef) -> Model | None:
    """Find one model."""
    return models_of(world, ref.provider).get(ref.name)


def list_models(
    world: World,
    *,
    provider: str | None = None,
    role: Role | None = None,
    query: str | None = None,
    include_disabled: bool = False,
) -> tuple[Model, ...]:
    """Models of enabled providers that fit; `query` is searched in reference and display name."""
    providers = [provider] if provider else list(world.configuration.providers)
    wanted = (query or "").lower()
    return tuple(
        model
        for name in providers
        if provider or _is_on(world, name)
        for each in (models_of if include_disabled else enabled_of)(world, name)
        for model in (models_of(world, name)[each],)
        if (role is None or role in model.roles)
        and (wanted in model.id.lower() or wanted in model.display_name.lower())
    )


def view(catalog: Catalog, provider: ProviderRow, name: str, row: ModelRow | None) -> Model:
    """Everything known of one model."""
    resolution = catalog.resolve(
        provider.template,
        name,
        settings=provider.settings,
        live=_stored(row.live if row else {}, Told),
        override=_stored(row.override if row else {}, CapabilityPatch),
    )
    template = catalog.effective(provider.template, provider.settings)
    capabilities = resolution.capabilities
    if by_program(template):
        # It takes a prompt and gives text; what that costs is between the user and its vendor.
        capabilities = msgspec.structs.replace(capabilities, **_PROGRAM)
    unfit = ineligible(capabilities, resolution.kind)
    return Model(
        id=f"{provider.id}/{name}",
        provider=provider.id,
        name=name,
        display_name=(row and row.display_name) or resolution.display_name or name,
        source=row.source if row else "registry",
        enabled=_switch(template)(name, row),
        known=resolution.known,
        capabilities=capabilities,
        sources=dict(resolution.sources),
        overridden=tuple(row.override) if row else (),
        roles=tuple(role for role in ROLES if role not in unfit),
        ineligible=dict(unfit),
        wire=resolution.wire,
        max_input=resolution.max_input,
    )


def _models(world: World, name: str) -> Mapping[str, Model]:
    catalog = world.catalog
    provider = world.configuration.providers.get(name)
    if provider is None or provider.template not in catalog.templates:
        return {}
    rows = world.configuration.models.get(name, {})
    state = world.configuration.lists.get(name)
    listed = state is not None and state.fetched_at is not None
    names = [row.name for row in rows.values() if not (listed and row.source == "registry")]
    if not listed:
        names += list(catalog.models(provider.template, provider.settings))
    return _Listed(names, lambda each: view(catalog, provider, each, rows.get(each)))


def _switch(template: Template) -> Callable[[str, ModelRow | None], bool]:
    """Tell which models are on; before the user chose, a long hosted list would drown the rest."""
    proposed = {model for models in template.defaults.values() for model in models}
    all_are = template.locality != "cloud" or not proposed

    def is_on(name: str, row: ModelRow | None) -> bool:
        if row is not None and row.enabled is not None:
            return row.enabled
        return all_are or name in proposed or (row is not None and row.source == "custom")

    return is_on


def _is_on(world: World, provider: str) -> bool:
    return world.configuration.providers[provider].enabled


def _stored(stored: Mapping[str, object], shape: type[P]) -> P | None:
    if not stored:
        return None
    try:
        return msgspec.convert(stored, shape)
    except msgspec.ValidationError:
        # Written by another version: what is not understood is as good as not said.
        return None

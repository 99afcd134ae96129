"""What is set up right now, in memory: the configuration, the registry and the editor's wishes.

A world is never changed: the app makes a new one when the database or the editor says that
something is different, so whoever holds one sees a consistent view. What it remembers of its own
is worked out from the rest, and what comes of nothing that changed goes on to the next.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from refact_lsp.core.nouns import Model
from refact_lsp.core.settings import EditorSettings
from refact_lsp.core.types import ROLES, Role
from refact_lsp.registry.catalog import Catalog
from refact_lsp.store.configuration import Configuration
from refact_lsp.store.providers import ProviderRow

# A provider that was never saved sorts before those that were.
_NEVER = datetime.min.replace(tzinfo=UTC)


class World(msgspec.Struct, frozen=True, kw_only=True):
    """One consistent view.

    `stand_ins` are models that serve a role until the user sets or clears it. `revision` rises
    with every new world; `seen` remembers models by provider, `ways` how each is reached
    (see `features.calls`), `uncounted` the providers whose servers did not count tokens.
    """

    configuration: Configuration
    catalog: Catalog
    editor: EditorSettings
    stand_ins: Mapping[Role, Sequence[str]]
    revision: int
    seen: dict[str, Mapping[str, Model]] = msgspec.field(
        default_factory=dict[str, Mapping[str, Model]]
    )
    ways: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    uncounted: set[str] = msgspec.field(default_factory=set[str])

    @property
    def session_models(self) -> Mapping[Role, str]:
        """Models that the editor chose for this session."""
        return self.editor.models


def make_world(
    configuration: Configuration,
    catalog: Catalog,
    editor: EditorSettings,
    before: World | None = None,
) -> World:
    """Put a world together; templates of the embedded wire need no saved provider.

    Models are a matter of catalog and provider, and a long list takes long to work out.
    """
    providers = dict(configuration.providers)
    stand_ins: dict[Role, list[str]] = {}
    for name, template in catalog.templates.items():
        if template.wires[0] != "embedded":
            continue
        providers.setdefault(
            name,
            ProviderRow(
                id=name,
                template=name,
                display_name=template.name,
                enabled=True,
                settings={},
                created_at=_NEVER,
                updated_at=_NEVER,
            ),
        )
        for role in ROLES:
            for model in template.defaults.get(role, ()):
                stand_ins.setdefault(role, []).append(f"{name}/{model}")
    configuration = msgspec.structs.replace(configuration, providers=providers)
    world = World(
        configuration=configuration,
        catalog=catalog,
        editor=editor,
        stand_ins=stand_ins,
        revision=before.revision + 1 if before else 1,
    )
    if before is not None and before.catalog is catalog:
        world.seen.update(
            (provider, models)
            for provider, models in before.seen.items()
            if provider in providers
            and _kept(before.configuration, provider) == _kept(configuration, provider)
        )
    return world


def _kept(configuration: Configuration, provider: str) -> tuple[object, ...]:
    """Everything that is kept of a provider."""
    tables = (configuration.providers, configuration.models, configuration.lists)
    return tuple(table.get(provider) for table in tables)

"""All that the user set up, in one consistent read: what the hot path works from."""

from collections.abc import Mapping
from typing import Any

import msgspec

from refact_lsp.core.types import Role
from refact_lsp.store.defaults import DefaultRow, all_defaults
from refact_lsp.store.models import ListState, ModelRow, all_models, list_states
from refact_lsp.store.privacy import PrivacyRow, privacy
from refact_lsp.store.providers import ProviderRow, all_providers
from refact_lsp.store.rows import Connection
from refact_lsp.store.settings import all_settings


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """Providers by id, models by name, default models by role, settings by name, privacy rules."""

    providers: Mapping[str, ProviderRow]
    models: Mapping[str, Mapping[str, ModelRow]]
    lists: Mapping[str, ListState]
    defaults: Mapping[Role, DefaultRow]
    settings: Mapping[str, Any]
    privacy: PrivacyRow = PrivacyRow()


def read_configuration(connection: Connection) -> Configuration:
    """Read everything."""
    models: dict[str, dict[str, ModelRow]] = {}
    for row in all_models(connection):
        models.setdefault(row.provider, {})[row.name] = row
    return Configuration(
        providers={row.id: row for row in all_providers(connection)},
        models=models,
        lists=list_states(connection),
        defaults=all_defaults(connection),
        settings=all_settings(connection),
        privacy=privacy(connection),
    )

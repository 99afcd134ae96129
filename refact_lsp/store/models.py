"""Models of every provider: what its list said, what the user changed, what was learned.

Facts are stored as they came, one JSON object a source; the registry merges them. A model that the
list no longer names is dropped unless the user or a lesson left something on it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from refact_lsp.core.problems import Problem
from refact_lsp.store.rows import Connection, fetch, to_json, to_text

ModelSource = Literal["api", "registry", "custom"]


class ModelRow(msgspec.Struct, frozen=True, kw_only=True):
    """One model; `enabled` is None until the user chose, `listed_at` is None for custom ones."""

    provider: str
    name: str
    source: ModelSource
    display_name: str | None
    enabled: bool | None
    listed_at: datetime | None
    live: dict[str, Any]
    override: dict[str, Any]
    learned: dict[str, Any]


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A model as a list names it; `live` holds what the server said of it."""

    name: str
    display_name: str | None = None
    live: dict[str, Any] = {}


class ListState(msgspec.Struct, frozen=True, kw_only=True):
    """How fresh a provider's list is; `error` says why the last attempt failed."""

    provider: str
    fetched_at: datetime | None
    stale: bool
    error: Problem | None


def all_models(connection: Connection) -> list[ModelRow]:
    """List every provider's models."""
    return fetch(connection, "SELECT * FROM models ORDER BY provider, name", (), ModelRow)


def list_states(connection: Connection) -> dict[str, ListState]:
    """Tell how fresh each provider's list is."""
    rows = fetch(connection, "SELECT * FROM model_lists", (), ListState)
    return {row.provider: row for row in rows}


def store_list(
    connection: Connection,
    provider: str,
    listed: Sequence[Listed],
    *,
    at: datetime,
    source: Literal["api", "registry"] = "api",
) -> None:
    """Take over a list that was just fetched."""
    for model in listed:
        connection.execute(
            """
            INSERT INTO models (provider, name, source, display_name, listed_at, live_json)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (provider, name) DO UPDATE SET
                listed_at = ?5, live_json = ?6,
                source = CASE source WHEN 'custom' THEN source ELSE ?3 END,
                display_name = CASE source WHEN 'custom' THEN display_name ELSE ?4 END
            """,
            (provider, model.name, source, model.display_name, to_text(at), to_json(model.live)),
        )
    connection.execute(
        """
        DELETE FROM models
        WHERE provider = ? AND source <> 'custom' AND listed_at <> ?
            AND enabled IS NOT 1 AND override_json = '{}' AND learned_json = '{}'
        """,
        (provider, to_text(at)),
    )
    connection.execute(
        """
        INSERT INTO model_lists (provider, fetched_at) VALUES (?1, ?2)
        ON CONFLICT (provider) DO UPDATE SET fetched_at = ?2, stale = 0, error_json = NULL
        """,
        (provider, to_text(at)),
    )


def mark_stale(connection: Connection, provider: str, error: Problem) -> None:
    """Keep the last good list, and the reason why it could not be refreshed."""
    connection.execute(
        """
        INSERT INTO model_lists (provider, stale, error_json) VALUES (?1, 1, ?2)
        ON CONFLICT (provider) DO UPDATE SET stale = 1, error_json = ?2
        """,
        (provider, to_json(error)),
    )


def enable_models(
    connection: Connection, provider: str, names: Sequence[str], *, enabled: bool
) -> None:
    """Switch models on or off; one that is not stored yet comes from the registry."""
    for name in names:
        connection.execute(
            """
            INSERT INTO models (provider, name, source, enabled) VALUES (?1, ?2, 'registry', ?3)
            ON CONFLICT (provider, name) DO UPDATE SET enabled = ?3
            """,
            (provider, name, enabled),
        )


def save_custom(
    connection: Connection,
    provider: str,
    name: str,
    *,
    display_name: str | None,
    override: dict[str, Any],
) -> None:
    """Make a model of the user's own, or override single fields; a field of None is forgotten."""
    connection.execute(
        """
        INSERT INTO models (provider, name, source, display_name, enabled, override_json)
        VALUES (?1, ?2, 'custom', ?3, 1, json_patch('{}', ?4))
        ON CONFLICT (provider, name) DO UPDATE SET
            display_name = coalesce(?3, display_name),
            override_json = json_patch(override_json, ?4)
        """,
        (provider, name, display_name, to_json(override)),
    )


def delete_custom(connection: Connection, provider: str, name: str) -> bool:
    """Delete a model of the user's own, or the overrides of a listed one."""
    connection.execute(
        "DELETE FROM models WHERE provider = ? AND name = ? AND source = 'custom'",
        (provider, name),
    )
    if connection.changes():
        return True
    connection.execute(
        """
        UPDATE models SET override_json = '{}'
        WHERE provider = ? AND name = ? AND override_json <> '{}'
        """,
        (provider, name),
    )
    return connection.changes() > 0


def learn(connection: Connection, provider: str, name: str, lessons: dict[str, Any]) -> None:
    """Remember what a model refused or measured: fields are added to, None forgets one."""
    connection.execute(
        """
        INSERT INTO models (provider, name, source, learned_json)
        VALUES (?1, ?2, 'registry', json_patch('{}', ?3))
        ON CONFLICT (provider, name) DO UPDATE SET learned_json = json_patch(learned_json, ?3)
        """,
        (provider, name, to_json(lessons)),
    )

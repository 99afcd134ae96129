"""The user's provider instances. Secrets are not here: they live in `auth`."""

from datetime import datetime
from typing import Any

import msgspec

from refact_lsp.store.rows import Connection, fetch, to_json, to_text


class ProviderRow(msgspec.Struct, frozen=True, kw_only=True):
    """One instance; `settings` holds no secret."""

    id: str
    template: str
    display_name: str
    enabled: bool
    settings: dict[str, Any]
    created_at: datetime
    updated_at: datetime


def all_providers(connection: Connection) -> list[ProviderRow]:
    """List every instance, oldest first."""
    return fetch(connection, "SELECT * FROM providers ORDER BY created_at, id", (), ProviderRow)


def free_id(connection: Connection, template: str) -> str:
    """Choose the id of a new instance: the template's, then `-2`, `-3`."""
    taken = {row.id for row in all_providers(connection)}
    number = 1
    while (candidate := template if number == 1 else f"{template}-{number}") in taken:
        number += 1
    return candidate


def save_provider(
    connection: Connection,
    *,
    id: str,  # noqa: A002  — the protocol's word
    template: str,
    display_name: str,
    enabled: bool,
    settings: dict[str, Any],
    at: datetime,
) -> None:
    """Make the instance, or replace what is stored of it (its template and birth stay)."""
    connection.execute(
        """
        INSERT INTO providers VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)
        ON CONFLICT (id) DO UPDATE SET
            display_name = ?3, enabled = ?4, settings_json = ?5, updated_at = ?6
        """,
        (id, template, display_name, enabled, to_json(settings), to_text(at)),
    )


def delete_provider(connection: Connection, provider: str) -> bool:
    """Delete the instance with its models, lessons and cap; tells whether there was one.

    Roles that point at it stay and say so; the ledger and usage are history and stay too.
    """
    connection.execute("DELETE FROM providers WHERE id = ?", (provider,))
    existed = connection.changes() > 0
    for table in ("models", "model_lists", "budgets", "calibrations"):
        connection.execute(f"DELETE FROM {table} WHERE provider = ?", (provider,))  # noqa: S608  — names above
    return existed

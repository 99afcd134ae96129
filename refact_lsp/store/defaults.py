"""The default-models table: one row a role, at most."""

from collections.abc import Sequence
from typing import Any

import msgspec

from refact_lsp.core.types import Role
from refact_lsp.store.rows import Connection, fetch, to_json


class DefaultRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the user set for a role; `model` is None where only the rest was set."""

    role: Role
    model: str | None
    fallbacks: tuple[str, ...]
    parameters: dict[str, Any]


def all_defaults(connection: Connection) -> dict[Role, DefaultRow]:
    """Read what is set; roles that were never set are absent."""
    rows = fetch(connection, "SELECT * FROM defaults", (), DefaultRow)
    return {row.role: row for row in rows}


def set_default(
    connection: Connection,
    role: Role,
    model: str | None,
    *,
    fallbacks: Sequence[str] | None = None,
    parameters: dict[str, Any] | None = None,
) -> None:
    """Set a role; fallbacks and parameters that are None keep what is stored."""
    connection.execute(
        """
        INSERT INTO defaults VALUES (?1, ?2, coalesce(?3, '[]'), coalesce(?4, '{}'))
        ON CONFLICT (role) DO UPDATE SET
            model = ?2,
            fallbacks_json = coalesce(?3, fallbacks_json),
            parameters_json = coalesce(?4, parameters_json)
        """,
        (
            role,
            model,
            None if fallbacks is None else to_json(tuple(fallbacks)),
            None if parameters is None else to_json(parameters),
        ),
    )

"""Settings that the user changed through the server: one JSON value a name."""

from typing import Any

import msgspec

from refact_lsp.store.rows import Connection, to_json


def all_settings(connection: Connection) -> dict[str, Any]:
    """Read every setting by its dotted name; a value that is no JSON is left out."""
    found: dict[str, Any] = {}
    for name, value in connection.execute("SELECT name, value_json FROM settings"):
        try:
            found[name] = msgspec.json.decode(value)
        except msgspec.DecodeError:
            continue
    return found


def raw_setting(connection: Connection, name: str) -> str | None:
    """Read one setting's JSON text, for those that must not be guessed."""
    for (value,) in connection.execute("SELECT value_json FROM settings WHERE name = ?", (name,)):
        return value
    return None


def set_setting(connection: Connection, name: str, value: object) -> None:
    """Store one setting; None forgets it."""
    if value is None:
        connection.execute("DELETE FROM settings WHERE name = ?", (name,))
        return
    connection.execute(
        "INSERT INTO settings VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value_json = ?2",
        (name, to_json(value)),
    )

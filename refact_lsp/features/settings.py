"""Settings that the user stores: dotted names in the editor's shape, checked before kept."""

from collections.abc import Mapping
from typing import Any

from refact_lsp.app.application import App
from refact_lsp.core.problems import refuse
from refact_lsp.core.settings_in_force import STORED_NAMES, misfit
from refact_lsp.store.rows import Connection
from refact_lsp.store.settings import set_setting


async def change(app: App, values: Mapping[str, Any]) -> None:
    """Store settings; null forgets one. Nothing is kept where one does not fit."""
    for name, value in values.items():
        if name not in STORED_NAMES:
            raise refuse(
                "invalidRequest",
                f"There is no setting {name!r}.",
                f"The settings are {', '.join(STORED_NAMES)}.",
                field=name,
            )
        if value is not None and (warning := misfit(name, value)):
            raise refuse("invalidRequest", warning, field=name)

    def write(connection: Connection) -> None:
        for name, value in values.items():
            set_setting(connection, name, value)

    await app.change(write)

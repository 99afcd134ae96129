"""The user's own privacy rules. Rules that cannot be read are told, never guessed: they block."""

from collections.abc import Sequence

import msgspec

from refact_lsp.core.privacy import Zone, compile_zone
from refact_lsp.core.problems import refuse
from refact_lsp.store.rows import Connection
from refact_lsp.store.settings import raw_setting, set_setting

_RULES = "privacy.rules"
_LOCAL_ONLY = "privacy.localOnly"


class PrivacyRow(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored; `problem` says why it cannot be read, and then everything is blocked."""

    zones: tuple[Zone, ...] = ()
    local_only: bool = False
    problem: str | None = None


def privacy(connection: Connection) -> PrivacyRow:
    """Read the user's rules."""
    try:
        return PrivacyRow(
            zones=msgspec.json.decode(
                raw_setting(connection, _RULES) or "[]", type=tuple[Zone, ...]
            ),
            local_only=msgspec.json.decode(
                raw_setting(connection, _LOCAL_ONLY) or "false", type=bool
            ),
        )
    except msgspec.DecodeError as error:
        return PrivacyRow(
            local_only=True, problem=f"The stored privacy rules cannot be read: {error}."
        )


def set_privacy(
    connection: Connection,
    *,
    zones: Sequence[Zone] | None = None,
    local_only: bool | None = None,
) -> None:
    """Store what is given and keep the rest; refuses a pattern that cannot be read."""
    if zones is not None:
        for zone in zones:
            if zone.source != "user":
                raise refuse(
                    "invalidRequest",
                    f"The rule {zone.name!r} is not the user's own.",
                    "Send the rules whose source is user; the others are kept where they are.",
                    field="rules",
                )
            compile_zone(zone)
        set_setting(connection, _RULES, list(zones))
    if local_only is not None:
        set_setting(connection, _LOCAL_ONLY, local_only)

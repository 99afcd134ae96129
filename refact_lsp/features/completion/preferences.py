"""What `refact/completion/configure` switches: overrides of the settings, and the snooze."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from refact_lsp.core.types import Value
from refact_lsp.features.completion.cut.context import Multiline
from refact_lsp.features.completion.ports import Settings

_MOST_SNOOZE_S = 10 * 365 * 86_400.0  # who says "for ever" in numbers leaves the calendar


class Changes(Value, frozen=True, kw_only=True):
    """The params of `configure`; what is absent stays. `snooze_ms` 0 wakes up."""

    enabled: bool | None = None
    snooze_ms: float | None = None
    languages: dict[str, bool] | None = None
    debounce_ms: int | Literal["auto"] | None = None
    multiline: Multiline | None = None
    quiet: bool | None = None


_STORED_NAMES = {
    field.name: f"completion.{field.encode_name}" for field in msgspec.structs.fields(Changes)
}


class Configured(Value, frozen=True, kw_only=True, omit_defaults=False):
    """The result of `configure`."""

    enabled: bool
    languages: Mapping[str, bool]
    debounce_ms: int | Literal["auto"]
    multiline: Multiline
    quiet: bool
    until: str | msgspec.UnsetType | None = msgspec.UNSET


class Preferences:
    """The settings with this session's changes laid over them."""

    def __init__(
        self, settings: Callable[[], Settings], save: Callable[[Mapping[str, object]], None] | None
    ) -> None:
        self._settings = settings
        self._save = save
        self._overrides: dict[str, Any] = {}
        self._snoozed_until_s = 0.0
        self._until: str | None = None
        self._base: Settings | None = None
        self._effective = Settings()

    def current(self) -> Settings:
        """Give the settings in force; costs nothing while they stay the same."""
        base = self._settings()
        if base is not self._base:
            self._base = base
            self._effective = msgspec.structs.replace(base, **self._overrides)
        return self._effective

    def snoozed(self, now_s: float) -> bool:
        return now_s < self._snoozed_until_s

    def change(self, changes: Changes, now_s: float, at: Callable[[float], str]) -> Configured:
        """Apply and keep changes; `at` gives the wall time so many seconds from now."""
        current = self.current()
        wanted: dict[str, Any] = {}
        if changes.enabled is not None:
            wanted["enabled"] = changes.enabled
        if changes.languages is not None:
            wanted["languages"] = {**current.languages, **changes.languages}
        if changes.debounce_ms is not None:
            wanted["debounce_ms"] = changes.debounce_ms
        if changes.multiline is not None:
            wanted["multiline"] = changes.multiline
        if changes.quiet is not None:
            wanted["quiet"] = changes.quiet
        if changes.snooze_ms is not None:
            snooze_s = min(max(changes.snooze_ms / 1000, 0.0), _MOST_SNOOZE_S)
            self._snoozed_until_s = now_s + snooze_s
            self._until = at(snooze_s)
        if wanted:
            if self._save is not None:
                self._save({_STORED_NAMES[name]: value for name, value in wanted.items()})
            if wanted.get("debounce_ms") == "auto":
                wanted["debounce_ms"] = None
            self._overrides.update(wanted)
            self._base = None
        return self.state(now_s)

    def state(self, now_s: float) -> Configured:
        """Describe what is in force."""
        current = self.current()
        return Configured(
            enabled=current.enabled,
            languages=dict(current.languages),
            debounce_ms="auto" if current.debounce_ms is None else current.debounce_ms,
            multiline=current.multiline,
            quiet=current.quiet,
            until=self._until if self.snoozed(now_s) else msgspec.UNSET,
        )

"""The settings that count: defaults, under what the store keeps, under what the editor sent.

The store keeps dotted names (`completion.enabled`) in the editor's shape, so both pass one door.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from refact_lsp.core.settings import GROUPS, EditorSettings, Multiline, read_settings
from refact_lsp.core.types import Role, Value

# What the store may hold; `capabilities` are a client's own, `models` are the default models.
STORED_NAMES: tuple[str, ...] = tuple(
    f"{group}.{field.encode_name}"
    for group, kind in GROUPS
    if group != "capabilities"
    for field in msgspec.structs.fields(kind)
)


class CompletionInForce(Value, frozen=True, kw_only=True):
    """Inline completion; `max_tokens` of None leaves the length to the engine.

    `quiet` lets the embedded model speak only where it is nearly sure.
    """

    enabled: bool = True
    debounce_ms: int | Literal["auto"] = "auto"
    multiline: Multiline = "auto"
    max_tokens: int | None = None
    languages: dict[str, bool] = msgspec.field(default_factory=dict[str, bool])
    globs: dict[str, bool] = msgspec.field(default_factory=dict[str, bool])
    suggest_while_waiting: bool = False
    quiet: bool = False


class IndexInForce(Value, frozen=True, kw_only=True):
    """The search index."""

    enabled: bool = True


class PrivacyInForce(Value, frozen=True, kw_only=True):
    """`local_only` refuses every host that is not loopback."""

    local_only: bool = False


class LogInForce(Value, frozen=True, kw_only=True):
    """The log; a file beside the standard error stream where one is named."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    file: str | None = None


class Settings(Value, frozen=True, kw_only=True):
    """All of it; `models` overrides the default models for this session."""

    completion: CompletionInForce = CompletionInForce()
    index: IndexInForce = IndexInForce()
    privacy: PrivacyInForce = PrivacyInForce()
    log: LogInForce = LogInForce()
    models: dict[Role, str] = msgspec.field(default_factory=dict[Role, str])
    approve: bool = False


def in_force(stored: Mapping[str, Any], editor: EditorSettings) -> tuple[Settings, list[str]]:
    """Lay the editor's settings over the stored ones; warnings name stored values that misfit.

    `local_only` is on where either says so: an editor's file can narrow, never open.
    """
    kept, warnings = read_settings(_nested(stored))
    completion = _given(kept.completion) | _given(editor.completion)
    completion["languages"] = kept.completion.languages | editor.completion.languages
    completion["globs"] = kept.completion.globs | editor.completion.globs
    settings = Settings(
        completion=CompletionInForce(**completion),
        index=IndexInForce(**_given(kept.index) | _given(editor.index)),
        privacy=PrivacyInForce(
            local_only=bool(kept.privacy.local_only or editor.privacy.local_only)
        ),
        log=LogInForce(**_given(kept.log) | _given(editor.log)),
        models=kept.models | editor.models,
        approve=editor.capabilities.approve,
    )
    return settings, [f"Stored: {warning}" for warning in warnings]


def shown(settings: Value) -> dict[str, Any]:
    """Write settings out whole, defaults included."""
    return {
        field.encode_name: shown(value) if isinstance(value, Value) else value
        for field in msgspec.structs.fields(settings)
        if (value := getattr(settings, field.name)) is not None
    }


def misfit(name: str, value: object) -> str | None:
    """Say why a value does not fit a stored setting; None where it does."""
    _, warnings = read_settings(_nested({name: value}))
    return warnings[0].replace("; the default is used", "") if warnings else None


def _given(group: Value) -> dict[str, Any]:
    return {
        name: value
        for name in group.__struct_fields__
        if (value := getattr(group, name)) is not None
    }


def _nested(stored: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in stored.items():
        group, dot, last = name.partition(".")
        if dot:
            tree.setdefault(group, {})[last] = value
    return tree

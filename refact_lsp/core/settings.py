"""Settings that an editor sends for its session (protocol, section 10).

They override the store for as long as the session lives; None means "not set here". None of them
can name a host, a header, a key or a program. A value that does not fit is a warning and is left
out: a server always starts.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, cast, get_type_hints

import msgspec

from refact_lsp.core.types import ROLES, Role, Value

Multiline = Literal["auto", "never", "always"]
Positive = Annotated[int, msgspec.Meta(ge=1)]
NotNegative = Annotated[int, msgspec.Meta(ge=0)]


class CompletionSettings(Value, frozen=True, kw_only=True):
    """Inline completion; `debounce_ms` in milliseconds, `globs` switch by path, the last wins."""

    enabled: bool | None = None
    debounce_ms: NotNegative | Literal["auto"] | None = None
    multiline: Multiline | None = None
    max_tokens: Positive | None = None
    languages: dict[str, bool] = msgspec.field(default_factory=dict[str, bool])
    globs: dict[str, bool] = msgspec.field(default_factory=dict[str, bool])
    suggest_while_waiting: bool | None = None
    quiet: bool | None = None


class IndexSettings(Value, frozen=True, kw_only=True):
    """The search index."""

    enabled: bool | None = None


class PrivacySettings(Value, frozen=True, kw_only=True):
    """`local_only` refuses every host that is not loopback."""

    local_only: bool | None = None


class LogSettings(Value, frozen=True, kw_only=True):
    """Where the log goes, and how much of it."""

    level: Literal["debug", "info", "warning", "error"] | None = None
    file: str | None = None


class ClientAbilities(Value, frozen=True, kw_only=True):
    """What a front end can do beyond LSP; read from `initializationOptions` alone."""

    approve: bool = False


class EditorSettings(Value, frozen=True, kw_only=True):
    """All of it; `models` maps a role to `provider/model`."""

    completion: CompletionSettings = CompletionSettings()
    index: IndexSettings = IndexSettings()
    privacy: PrivacySettings = PrivacySettings()
    log: LogSettings = LogSettings()
    capabilities: ClientAbilities = ClientAbilities()
    models: dict[Role, str] = msgspec.field(default_factory=dict[Role, str])


GROUPS: tuple[tuple[str, type[Value]], ...] = (
    ("completion", CompletionSettings),
    ("index", IndexSettings),
    ("privacy", PrivacySettings),
    ("log", LogSettings),
    ("capabilities", ClientAbilities),
)


def read_settings(*layers: object) -> tuple[EditorSettings, list[str]]:
    """Merge what editors sent, a later layer over an earlier one; warnings name what misfits."""
    warnings: list[str] = []
    groups: dict[str, Any] = {}
    for name, kind in GROUPS:
        fields: dict[str, Any] = {}
        for group in _groups(layers, name, warnings):
            fields |= _fitting(name, kind, group, warnings)
        groups[name] = kind(**fields)
    models: dict[Role, str] = {}
    for group in _groups(layers, "models", warnings):
        models |= _fitting_models(group, warnings)
    return EditorSettings(models=models, **groups), warnings


def _groups(
    layers: tuple[object, ...], name: str, warnings: list[str]
) -> list[Mapping[str, object]]:
    """Return the mappings under one name; absent and null ones are passed over."""
    found: list[Mapping[str, object]] = []
    for layer in layers:
        group = cast("Mapping[str, object]", layer).get(name) if isinstance(layer, dict) else None
        if isinstance(group, dict):
            found.append(cast("Mapping[str, object]", group))
        elif group is not None:
            warnings.append(f"Setting {name!r} is no object; it is ignored.")
    return found


def _fitting(
    name: str, kind: type[Value], group: Mapping[str, object], warnings: list[str]
) -> dict[str, Any]:
    """Convert field by field, so that one bad value costs only itself; null means not set."""
    hints = get_type_hints(kind, include_extras=True)
    fields: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        value = group.get(field.encode_name)
        if value is None:
            continue
        try:
            fields[field.name] = msgspec.convert(value, hints[field.name])
        except msgspec.ValidationError:
            # The value is not repeated: it may be a key in the wrong place.
            wanted = _in_words(hints[field.name])
            warnings.append(
                f"Setting {name}.{field.encode_name} must be {wanted}; the default is used."
            )
    return fields


def _in_words(hint: object) -> str:
    """Say for a person what values a field's type has."""
    from msgspec import inspect

    def words(kind: inspect.Type) -> str:
        match kind:
            case inspect.BoolType():
                return "true or false"
            case inspect.IntType(ge=least):
                return f"a whole number of {least} or more"
            case inspect.LiteralType(values=values):
                return " or ".join(f'"{value}"' for value in values)
            case inspect.DictType(value_type=of):
                return f"an object with {words(of)} for each name"
            case inspect.UnionType(types=types):
                each = (words(one) for one in types if not isinstance(one, inspect.NoneType))
                return " or ".join(sorted(each))
            case _:
                return "a text"

    return words(inspect.type_info(hint))


def _fitting_models(group: Mapping[str, object], warnings: list[str]) -> dict[Role, str]:
    models: dict[Role, str] = {}
    for role, model in group.items():
        if role not in ROLES:
            warnings.append(f"Setting models.{role} names no role; the roles are {_ROLE_LIST}.")
        elif isinstance(model, str) and "/" in model:
            models[role] = model
        elif model is not None:
            warnings.append(f"Setting models.{role} is not of the form provider/model; ignored.")
    return models


_ROLE_LIST = ", ".join(ROLES)

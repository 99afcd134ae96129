"""Changes of a request that make a model take it: plain values, and how they are made. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, cast

import msgspec

from refact_lsp.core.types import Value

_LEVELS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")

# A path into the body: names, and `*` for every element of a list.
Path = tuple[str, ...]


class Rename(Value, frozen=True, kw_only=True, tag="rename"):
    """The same value under another name beside it."""

    path: Path
    to: str


class Drop(Value, frozen=True, kw_only=True, tag="drop"):
    """Without it the server takes its own default."""

    path: Path


class AtMost(Value, frozen=True, kw_only=True, tag="atMost"):
    """A number no larger, or a list no longer, than that."""

    path: Path
    limit: int


class OneOf(Value, frozen=True, kw_only=True, tag="oneOf"):
    """A level among these; another one becomes the nearest, one that is no level is dropped."""

    path: Path
    values: tuple[str, ...]


class Role(Value, frozen=True, kw_only=True, tag="role"):
    """Messages of a role that the server does not know are sent in another."""

    path: Path
    unknown: str
    to: str


Adjustment = Rename | Drop | AtMost | OneOf | Role


class Memory(Protocol):
    """Keeps what was learned, for each provider and model."""

    def recall(self, provider: str, model: str) -> Sequence[Adjustment]: ...
    def remember(self, provider: str, model: str, adjustment: Adjustment) -> None: ...


class Remembered:
    """A memory for as long as the process lives."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[Adjustment, ...]] = {}

    def recall(self, provider: str, model: str) -> Sequence[Adjustment]:
        return self._known.get((provider, model), ())

    def remember(self, provider: str, model: str, adjustment: Adjustment) -> None:
        known = self._known.get((provider, model), ())
        self._known[provider, model] = (*known, adjustment)


def apply(request: bytes, adjustments: Sequence[Adjustment]) -> bytes:
    """Give the request as the model takes it."""
    body = decoded(request) if adjustments else None
    if not isinstance(body, dict):
        return request
    for adjustment in adjustments:
        adjust(cast("dict[str, Any]", body), adjustment)
    return msgspec.json.encode(body)


def decoded(data: bytes) -> object:
    """Give the JSON, or None where it is none."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return None


def adjust(body: dict[str, Any], adjustment: Adjustment) -> None:
    """Change the body in place; a path that is not in it is no error."""
    *_, name = adjustment.path
    for holder in list(_holders(body, adjustment.path)):
        value = holder.pop(name)
        match adjustment:
            case Rename(to=to):
                holder.setdefault(to, value)
            case Drop():
                pass
            case AtMost(limit=limit):
                holder[name] = _at_most(value, limit)
            case OneOf(values=values):
                nearest = value if value in values else _nearest(value, values)
                holder.update({name: nearest} if nearest else {})
            case Role(unknown=unknown, to=to):
                holder[name] = to if value == unknown else value
    if len(adjustment.path) > 1:
        _prune(body, adjustment.path[:-1])


def _holders(value: object, path: Path) -> Iterator[dict[str, Any]]:
    """Find the objects that have the last name of the path."""
    name, *rest = path
    match value:
        case list() if name == "*":
            for item in cast("list[Any]", value):
                yield from _holders(item, tuple(rest))
        case dict() if name in value:
            holder = cast("dict[str, Any]", value)
            yield from _holders(holder[name], tuple(rest)) if rest else (holder,)
        case _:
            return


def _prune(body: dict[str, Any], path: Path) -> None:
    """Take away an object that was left empty."""
    for holder in list(_holders(body, path)) if path[-1] != "*" else []:
        if holder[path[-1]] == {}:
            del holder[path[-1]]


def _at_most(value: object, limit: int) -> object:
    match value:
        case list():
            return cast("list[object]", value)[:limit]
        case int() | float():
            return min(value, limit)
        case _:
            return value


def _nearest(value: object, values: Sequence[str]) -> str | None:
    known = [level for level in values if level in _LEVELS]
    if value not in _LEVELS or not known:
        return None
    wanted = _LEVELS.index(str(value))
    return min(known, key=lambda level: abs(_LEVELS.index(level) - wanted))

"""The one front door: method names, their shapes and what serves them.

Editors over stdio, the command line in-process, the settings page and the tests all call `call`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from refact_lsp.rpc.session import Session


class UnknownMethod(Exception):  # noqa: N818  — named after the JSON-RPC condition
    """No such method: JSON-RPC's -32601."""


class InvalidParams(Exception):  # noqa: N818  — named after the JSON-RPC condition
    """Params that do not fit: JSON-RPC's -32602; the text names the field."""


class Method(msgspec.Struct, frozen=True):
    """One row of the table."""

    name: str
    params: type[msgspec.Struct]
    result: type[msgspec.Struct]
    serve: Callable[[Session, Any], Awaitable[msgspec.Struct]]


def tabled(*groups: Sequence[Method]) -> Mapping[str, Method]:
    """One table of all groups; a name given twice is our own mistake."""
    table: dict[str, Method] = {}
    for group in groups:
        for method in group:
            if method.name in table:
                raise ValueError(method.name)
            table[method.name] = method
    return MappingProxyType(table)


async def call(
    table: Mapping[str, Method], session: Session, name: str, params: bytes
) -> msgspec.Struct:
    """Serve one call.

    Raises `UnknownMethod`, `InvalidParams`, and `RefactError` for what went wrong inside.
    """
    method = table.get(name)
    if method is None:
        raise UnknownMethod(name)
    try:
        decoded = msgspec.json.decode(params or b"{}", type=method.params)
    except msgspec.DecodeError as error:
        raise InvalidParams(f"{name}: {error}") from None
    return await method.serve(session, decoded)

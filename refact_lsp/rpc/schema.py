"""The protocol's JSON Schema, made from the method table."""

import inspect
from collections.abc import Mapping
from typing import Any

import msgspec

from refact_lsp.core.nouns import Status
from refact_lsp.core.problems import Problem
from refact_lsp.features.chat.told import Told
from refact_lsp.rpc.messages.setup import TokenizerProgress
from refact_lsp.rpc.methods import TABLE

PROTOCOL_VERSION = 1
NOTIFICATIONS: Mapping[str, type[msgspec.Struct]] = {
    "refact/statusChanged": Status,
    "refact/chat/event": Told,
    "refact/models/tokenizerProgress": TokenizerProgress,
}


def protocol_schema() -> dict[str, Any]:
    """One document: every method with its params and result, and the shapes they share."""
    methods = sorted(TABLE.values(), key=lambda method: method.name)
    types = [kind for method in methods for kind in (method.params, method.result)]
    shapes, components = msgspec.json.schema_components(
        [*types, Problem, *NOTIFICATIONS.values()], ref_template="#/$defs/{name}"
    )
    for shape in components.values():
        if "description" in shape:  # docstrings keep their indentation before Python 3.13
            shape["description"] = inspect.cleandoc(shape["description"])
    told = shapes[len(types) + 1 :]
    pairs = zip(shapes[: len(types) : 2], shapes[1 : len(types) : 2], strict=True)
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "refact",
        "version": PROTOCOL_VERSION,
        "methods": {
            method.name: {"params": params, "result": result}
            for method, (params, result) in zip(methods, pairs, strict=True)
        },
        "notifications": dict(zip(NOTIFICATIONS, told, strict=True)),
        "error": {"code": -32001, "data": shapes[len(types)]},
        "$defs": components,
    }
    # As a client reads it: defaults that are tuples here are arrays there.
    return msgspec.json.decode(msgspec.json.encode(document))

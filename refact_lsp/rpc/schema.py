"""The protocol's JSON Schema, made from the method table."""

from typing import Any

import msgspec

from refact_lsp.core.problems import Problem
from refact_lsp.rpc.methods import TABLE

PROTOCOL_VERSION = 1


def protocol_schema() -> dict[str, Any]:
    """One document: every method with its params and result, and the shapes they share."""
    methods = sorted(TABLE.values(), key=lambda method: method.name)
    types = [kind for method in methods for kind in (method.params, method.result)]
    shapes, components = msgspec.json.schema_components(
        [*types, Problem], ref_template="#/$defs/{name}"
    )
    pairs = zip(shapes[:-1:2], shapes[1::2], strict=True)
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "refact",
        "version": PROTOCOL_VERSION,
        "methods": {
            method.name: {"params": params, "result": result}
            for method, (params, result) in zip(methods, pairs, strict=True)
        },
        "error": {"code": -32001, "data": shapes[-1]},
        "$defs": components,
    }
    # As a client reads it: defaults that are tuples here are arrays there.
    return msgspec.json.decode(msgspec.json.encode(document))

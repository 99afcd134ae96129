"""Params and results of every `refact/*` method, in the order of the protocol's page.

The JSON Schema and the TypeScript types are generated from these structs. Unknown fields of params
are ignored; a missing or misshapen one is refused with its name.
"""

from refact_lsp.core.types import Value


class Empty(Value, frozen=True, kw_only=True):
    """No fields."""

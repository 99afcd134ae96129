"""Typed departures of an endpoint from its wire format. A field says its default in its comment.

Registry files set them (`[quirks]`); wire formats branch on them, never on a provider's name.
A test refuses a field that no registry file sets.
"""

import msgspec


class Quirks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All default to the plain behaviour of the wire format."""

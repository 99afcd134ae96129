"""What went wrong, in the protocol's shape.

Every failure that a person can meet is a `Problem`: `message` says what happened, `hint` what to
do next, and neither ever holds a secret. `RefactError` carries one through the layers.
"""

from typing import Literal

import msgspec

ProblemKind = Literal[
    "notConfigured",
    "authentication",
    "permission",
    "billing",
    "rateLimited",
    "overloaded",
    "contextTooLong",
    "modelNotFound",
    "unsupported",
    "invalidRequest",
    "contentFilter",
    "network",
    "timeout",
    "badResponse",
    "privacy",
    "budget",
    "offline",
    "cancelled",
    "internal",
]


class Problem(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A failure as front ends see it; absent fields are left out on the wire."""

    kind: ProblemKind
    message: str
    hint: str | None = None
    field: str | None = None
    provider: str | None = None
    status: int | None = None
    retry_after_ms: int | None = None
    request_id: str | None = None


class RefactError(Exception):
    """A failure with its `Problem`; raised where it is known, translated once at the front door."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def refuse(
    kind: ProblemKind,
    message: str,
    hint: str | None = None,
    *,
    field: str | None = None,
    provider: str | None = None,
) -> RefactError:
    """Make the error to raise for a failure found on this side of the wire."""
    return RefactError(
        Problem(kind=kind, message=message, hint=hint, field=field, provider=provider)
    )

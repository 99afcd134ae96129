"""What the worker and its child say to one another, each message behind its length.

The child imports this and little else: whatever is imported here costs the start of every child.
"""

from typing import Any

import msgspec

LENGTH_BYTES = 4


class Job(msgspec.Struct, frozen=True):
    """What the child is asked to run: `package.module:function` and its arguments."""

    target: str
    args: list[Any]


class Progress(msgspec.Struct, frozen=True, tag=True):
    """How far a job is, from 0 to 1, and what it is at."""

    fraction: float
    message: str


class Done(msgspec.Struct, frozen=True, tag=True):
    """A job's result."""

    result: Any


class Failed(msgspec.Struct, frozen=True, tag=True):
    """A job raised; `error` is the exception's type and message."""

    error: str


Answer = Progress | Done | Failed


def frame(message: msgspec.Struct) -> bytes:
    """Encode a message behind its length."""
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body

"""What is written down of every request that left the process: sizes and names, never content."""

from datetime import datetime

from refact_lsp.core.problems import ProblemKind
from refact_lsp.core.types import Value


class Purpose(Value, frozen=True, kw_only=True):
    """Why a request is made; `files` are the paths whose text is in it.

    `role` is one of the six roles, or a word for what is none: `models`, `setup`, `usage`.
    """

    role: str
    model: str = ""
    files: tuple[str, ...] = ()


class Outgoing(Value, frozen=True, kw_only=True):
    """A request about to leave, as a budget or a switch judges it; sizes in bytes."""

    provider: str
    host: str
    role: str
    model: str
    bytes_out: int
    files: tuple[str, ...] = ()


class _Departed(Value, frozen=True, kw_only=True):
    """One request that left; sizes in bytes, heads included, as they were on the wire."""

    at: datetime
    provider: str
    host: str
    role: str
    model: str
    bytes_out: int
    bytes_in: int
    files: tuple[str, ...]


class LedgerEntry(_Departed, frozen=True, kw_only=True):
    """A request as the client tells of it.

    `status` is absent where no answer came; `error` is absent where all went well.
    """

    status: int | None = None
    error: ProblemKind | None = None


class LedgerRow(_Departed, frozen=True, kw_only=True):
    """An entry as it is kept and shown; `status` is the HTTP status, or the problem's kind."""

    status: str

"""What the server needs from the product, and what it lends to it. Nothing of LSP leaks through.

`lsp` talks to a `Backend` and is handed one by a factory after `initialize` is answered, so that
tests and benchmarks can serve a constant one.
"""

from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import msgspec

from refact_lsp.core.settings import EditorSettings
from refact_lsp.core.text import Edit, Snapshot


class UnknownMethod(Exception):  # noqa: N818  — named after the JSON-RPC condition
    """No such `refact/*` method: JSON-RPC's -32601."""


class InvalidParams(Exception):  # noqa: N818  — named after the JSON-RPC condition
    """Params that do not fit: JSON-RPC's -32602; the text names the field."""


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """The editor at the other end; `roots` are absolute paths of workspace folders."""

    name: str
    version: str | None
    roots: tuple[str, ...]
    inline_completion: bool
    progress: bool
    approve: bool


class Selected(msgspec.Struct, frozen=True, kw_only=True):
    """The selected entry of the completion menu: its text would replace the range."""

    start_line: int
    start_column: int
    end_line: int
    end_column: int
    text: str


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """How a completion was asked for; indentation where the client says it."""

    automatic: bool = True
    selected: Selected | None = None
    tab_size: int | None = None
    insert_spaces: bool | None = None


class Suggestion(Protocol):
    """One text and the range of the snapshot that it replaces; columns in code points."""

    @property
    def id(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def start_line(self) -> int: ...
    @property
    def start_column(self) -> int: ...
    @property
    def end_line(self) -> int: ...
    @property
    def end_column(self) -> int: ...


# What is known at once, or what has to be waited for.
Found = Sequence[Suggestion] | Coroutine[Any, Any, Sequence[Suggestion]]


class Backend(Protocol):
    """The product. Notifications are plain calls in the order they came and must not block.

    `open` runs once, after `initialize`; until it has returned, requests wait and notifications
    are held back. If it raises, `call` answers with that problem and `complete` is not asked.
    """

    async def open(self, settings: EditorSettings) -> None: ...
    async def close(self) -> None: ...

    def complete(self, snapshot: Snapshot, ask: Ask) -> Found:
        """Answer at once where that is possible: a task costs more than finding in a cache."""
        ...

    async def call(self, method: str, params: bytes) -> msgspec.Struct | None:
        """Serve a `refact/*` request; `params` is its JSON, `{}` where it has none.

        Raises `UnknownMethod`, `InvalidParams`, or `RefactError` for what went wrong inside.
        """
        ...

    def settings_changed(self, settings: EditorSettings) -> None: ...
    def folders_changed(self, roots: Sequence[str]) -> None: ...

    def opened(self, uri: str) -> None: ...
    def changed(self, uri: str, edits: Sequence[Edit]) -> None:
        """Tell edits already applied, each against the text after the one before it.

        No edits means that the whole text was replaced.
        """
        ...

    def closed(self, uri: str) -> None: ...
    def focused(self, uri: str | None) -> None: ...

    def shown(self, item: str) -> None: ...
    def accepted(self, item: str) -> None: ...
    def accepted_part(self, item: str, characters: int) -> None:
        """So many characters (UTF-16 units, from the text's beginning) are taken so far."""
        ...

    def configured(self) -> bool:
        """Say whether a model serves completion: for clients that ask for a sign-in."""
        ...


class Progress(Protocol):
    """A running task in the editor's status area."""

    def report(self, message: str, percent: int | None = None) -> None: ...


class Editor(Protocol):
    """What the server lends to the product. Valid until `Backend.close` has returned."""

    @property
    def client(self) -> Client: ...

    def notify(self, method: str, params: msgspec.Struct) -> None:
        """Queue a notification; `await drained()` where many follow one another."""
        ...

    async def drained(self) -> None:
        """Wait until the client keeps up with what is sent."""
        ...

    async def request(self, method: str, params: msgspec.Struct) -> Any:
        """Ask the client; the decoded JSON of its result. Raises `RefactError` on its refusal."""
        ...

    def show(self, message: str) -> None:
        """Put a warning before the user."""
        ...

    def progress(self, title: str) -> AbstractAsyncContextManager[Progress]:
        """Show work that takes long; silent where the client cannot show it."""
        ...

    def documents(self) -> Sequence[str]:
        """Return the URIs of the open documents, the one opened last at the end."""
        ...

    def document(self, uri: str) -> Snapshot | None:
        """Return an open document as it is now, its cursor at the start; None if not open."""
        ...


BackendFactory = Callable[[Editor], Backend]

"""What the server lends to the product: the `Editor` of `backend.py`, over one connection."""

import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from refact_lsp.core.text import Snapshot
from refact_lsp.lsp.backend import Client, Progress
from refact_lsp.lsp.connection import Connection
from refact_lsp.lsp.documents import Documents
from refact_lsp.lsp.messages import ShowMessage

if TYPE_CHECKING:
    from refact_lsp.lsp.pygls_server import Features

_WARNING = 2


class Link:
    """`features` gives pygls' part, which may not be loaded yet."""

    def __init__(
        self,
        client: Client,
        connection: Connection,
        documents: Documents,
        features: "Callable[[], Features]",
    ) -> None:
        self.client = client
        self._connection = connection
        self._documents = documents
        self._features = features

    def notify(self, method: str, params: msgspec.Struct) -> None:
        self._connection.notify(method, params)

    async def drained(self) -> None:
        await self._connection.drained()

    async def request(self, method: str, params: msgspec.Struct) -> Any:
        return await self._connection.request(method, params)

    def show(self, message: str) -> None:
        self.notify("window/showMessage", ShowMessage(type=_WARNING, message=message))

    @contextlib.asynccontextmanager
    async def progress(self, title: str) -> AsyncGenerator[Progress]:
        if self.client.progress:
            async with self._features().progress(title) as running:
                yield running
        else:
            yield _Unseen()

    def documents(self) -> Sequence[str]:
        return self._documents.uris

    def document(self, uri: str) -> Snapshot | None:
        return self._documents.snapshot(uri)


class _Unseen:
    """The progress of a client that cannot show it."""

    def report(self, message: str, percent: int | None = None) -> None:
        """Nobody to tell."""

"""How the product shows long work to whoever it works for."""

import contextlib
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager

from refact_lsp.app.worker import OnProgress

Shown = Callable[[str], AbstractAsyncContextManager[OnProgress]]
"""Shows work of a title for as long as the context lasts; told how far it is, from 0 to 1."""


@contextlib.asynccontextmanager
async def unseen(_title: str) -> AsyncGenerator[OnProgress]:
    """Show nothing: for whoever has nobody to show it to."""
    yield lambda _fraction, _message: None

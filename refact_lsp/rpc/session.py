"""A client of the front door: the app it talks to, and a way to tell it things."""

import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec

from refact_lsp.app.application import App, open_app
from refact_lsp.features.completion.service import Completion

Notify = Callable[[str, msgspec.Struct], None]


@dataclass(frozen=True, slots=True)
class Session:
    """One client; `completion` is there where documents are open."""

    app: App
    notify: Notify
    completion: Completion | None = None


@asynccontextmanager
async def open_session() -> AsyncGenerator[Session]:
    """Open an app for one command; notifications have nobody to go to."""
    async with open_app(os.environ) as app:
        yield Session(app, lambda _method, _params: None)

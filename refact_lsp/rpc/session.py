"""A client of the front door: the app it talks to, and a way to tell it things."""

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from refact_lsp.app.application import App, open_app
from refact_lsp.features.chat.service import Chat
from refact_lsp.llm.client import Pause

if TYPE_CHECKING:  # a command has no documents, and starts sooner without the engine
    from refact_lsp.features.completion.service import Completion

Notify = Callable[[str, msgspec.Struct], None]


async def _at_once() -> None:
    """Wait for nobody: this client takes notifications as they come."""


class Session(msgspec.Struct, frozen=True):
    """One client; `completion` is there where documents are open.

    `drained` waits until the client keeps up with what it is told.
    """

    app: App
    notify: Notify
    chat: Chat
    completion: "Completion | None" = None
    drained: Callable[[], Awaitable[None]] = _at_once


def to_nobody(_method: str, _params: msgspec.Struct) -> None:
    """Notify nobody."""


@asynccontextmanager
async def open_session(
    notify: Notify = to_nobody, *, pause: Pause = asyncio.sleep
) -> AsyncGenerator[Session]:
    """Open an app for one command, in the folder that it runs in."""
    async with open_app(os.environ, pause=pause) as app:
        app.guard.set_roots([Path.cwd()])
        yield Session(app, notify, Chat(app))

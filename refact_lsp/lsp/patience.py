"""Long work in an editor: shown once it takes a moment, and no faster than can be read."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from refact_lsp.app.progress import Shown
from refact_lsp.app.worker import OnProgress
from refact_lsp.lsp.backend import Progress

PATIENCE_S = 1.0
"""What ends sooner is not worth a look."""
PACE_S = 0.25

_log = logging.getLogger(__name__)


def patient(
    show: Callable[[str], AbstractAsyncContextManager[Progress]],
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Shown:
    """Make `Shown` of something that shows at once whatever it is told."""

    @contextlib.asynccontextmanager
    async def shown(title: str) -> AsyncGenerator[OnProgress]:
        newest = (0.0, "")

        def note(fraction: float, message: str) -> None:
            nonlocal newest
            newest = (fraction, message)

        async def follow() -> None:
            await sleep(PATIENCE_S)
            async with show(title) as running:
                told = (-1.0, "")
                while True:
                    if newest != told:
                        told = newest
                        running.report(told[1], int(100 * told[0]))
                    await sleep(PACE_S)

        following = asyncio.get_running_loop().create_task(follow())
        try:
            yield note
        finally:
            following.cancel()
            [outcome] = await asyncio.gather(following, return_exceptions=True)
            if not isinstance(outcome, asyncio.CancelledError):
                _log.warning("the progress of %r could not be shown", title, exc_info=outcome)

    return shown

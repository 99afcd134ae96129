"""The edge of background work: a fault is logged and never ends the app's task group."""

import logging
from collections.abc import Awaitable, Callable
from typing import ParamSpec

log = logging.getLogger(__name__)
P = ParamSpec("P")


async def guarded(work: Callable[P, Awaitable[None]], *args: P.args, **kwargs: P.kwargs) -> None:
    """Run work to its end; only a cancellation gets out."""
    try:
        await work(*args, **kwargs)
    except Exception:
        log.exception("Background work of completion failed")

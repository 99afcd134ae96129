"""Commands reach everything through the front door: the same method table as the editors."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from refact_lsp.core import collector
from refact_lsp.rpc.methods import TABLE
from refact_lsp.rpc.session import Notify, Session, open_session, to_nobody
from refact_lsp.rpc.table import call

T = TypeVar("T")
R = TypeVar("R", bound=msgspec.Struct)


def with_session(work: Callable[[Session], Awaitable[T]], notify: Notify = to_nobody) -> T:
    """Run work with an open session; raises what went wrong inside, not the group around it."""
    collector.resume()

    async def run() -> T:
        async with open_session(notify) as session:
            return await work(session)

    return asyncio.run(run())


async def ask(session: Session, method: str, params: object, kind: type[R]) -> R:
    """Call one method within a session; `kind` is the struct that the table says it gives."""
    result = await call(TABLE, session, method, msgspec.json.encode(params))
    if not isinstance(result, kind):
        raise TypeError(f"{method} gives {type(result).__name__}, not {kind.__name__}")
    return result


def ask_once(method: str, params: object, kind: type[R]) -> R:
    """Call one method in a session of its own."""
    return with_session(lambda session: ask(session, method, params, kind))

"""Serves LSP on the standard handles: start-up and end of the process.

`REFACT_STARTUP` says which short cuts are taken: `early` answers `initialize` before the rest is
imported (early.py), `lazy` builds lsprotocol's classes when they are used (lazy_types.py). Both are
taken where it is not set; `plain` takes neither, and pygls answers `initialize` itself. Importing
this file must stay cheap.
"""

import json
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from refact_lsp.core import collector
from refact_lsp.lsp.early import answer_initialize, initialize_result, take_handles, write_all
from refact_lsp.lsp.framing import Frames, frame

if TYPE_CHECKING:
    from refact_lsp.lsp.backend import BackendFactory
    from refact_lsp.lsp.pygls_server import Features

END_S = 0.8
SWITCH_S = 0.0005
BOTH = "early,lazy"

Load = Callable[[], "BackendFactory"]


def serve(load: Load) -> None:
    """Run until the client is gone, then end the process; `load` is called after `initialize`."""
    switches = os.environ.get("REFACT_STARTUP", BOTH).split(",")
    before_pygls = _import_types_lazily if "lazy" in switches else _nothing
    handles = take_handles()
    features: Features | None = None
    if "early" in switches:
        params, frames = answer_initialize(*handles, initialize_result)
    else:
        before_pygls()
        features, params, frames = plain_start(handles)
    try:
        import asyncio

        from refact_lsp.lsp.server import Server

        factory = load()
    except Exception as error:
        # The client holds an answer already: tell it, then fail.
        write_all(handles[1], _failed(error))
        raise
    collector.resume()

    # The database's thread must not hold up an answer for the 5 ms that Python lets it by default.
    sys.setswitchinterval(SWITCH_S)

    async def run() -> int:
        server = Server(params, factory, features, before_pygls=before_pygls, ending=_limit_end)
        return await server.serve(*handles, frames)

    sys.exit(asyncio.run(run()))


def plain_start(handles: tuple[int, int]) -> "tuple[Features, dict[str, Any], Frames]":
    """Load pygls first and let it answer."""
    from refact_lsp.lsp.client import read_initialize
    from refact_lsp.lsp.pygls_server import Features

    made: list[Features] = []

    def result(params: dict[str, Any]) -> dict[str, Any]:
        made.append(Features(read_initialize(params)))
        return made[0].result

    params, frames = answer_initialize(*handles, result)
    return made[0], params, frames


def _import_types_lazily() -> None:
    from refact_lsp.lsp.lazy_types import import_lazily

    import_lazily()


def _nothing() -> None:
    """Take no short cut."""


def _limit_end(code: int) -> None:
    """Let nothing outlive the end: no thread in a system call, no task that does not let go."""
    import threading

    timer = threading.Timer(END_S, os._exit, (code,))
    timer.daemon = True
    timer.start()


def _failed(error: Exception) -> bytes:
    text = f"refact-lsp could not start ({type(error).__name__}: {error})."
    params = {"type": 1, "message": text}
    message = {"jsonrpc": "2.0", "method": "window/showMessage", "params": params}
    return frame(json.dumps(message).encode())

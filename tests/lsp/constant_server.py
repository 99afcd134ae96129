"""A real server process with a constant product: `python -m tests.lsp.constant_server`.

Imports as little as `refact_lsp.__main__` does before `initialize` is answered. It waits a
tenth of what `HURRY` names in its environment.
"""

import os
from typing import TYPE_CHECKING

from refact_lsp.core import collector
from refact_lsp.lsp import main

if TYPE_CHECKING:
    from refact_lsp.lsp.backend import BackendFactory


def serve() -> None:
    """Serve on the standard handles, and end the process."""
    main.serve(load)


def load() -> "BackendFactory":
    from refact_lsp.lsp import server
    from tests.lsp.constant import Constant

    waits = {"END_S": main, "SETTINGS_WAIT_S": server, "QUIET_S": server}
    if name := os.environ.get("HURRY"):
        setattr(waits[name], name, getattr(waits[name], name) / 10)
    return Constant


if __name__ == "__main__":
    collector.hold_off()
    serve()

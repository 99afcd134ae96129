"""A real server process with a constant product: `python -m tests.lsp.constant_server`.

Imports as little as `refact_lsp.__main__` does before `initialize` is answered. It waits a
tenth of what `HURRY` names in its environment.
"""

import os

from refact_lsp.core import collector
from refact_lsp.lsp import main

if __name__ == "__main__":
    collector.hold_off()

    def load():
        from refact_lsp.lsp import server
        from tests.lsp.constant import Constant

        waits = {"END_S": main, "SETTINGS_WAIT_S": server, "QUIET_S": server}
        if name := os.environ.get("HURRY"):
            setattr(waits[name], name, getattr(waits[name], name) / 10)
        return Constant

    main.serve(load)

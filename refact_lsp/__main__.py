"""Entry point: no argument or `--stdio` serves LSP, anything else is a command."""

import sys
from typing import TYPE_CHECKING

from refact_lsp.core import collector

if TYPE_CHECKING:
    from refact_lsp.lsp.backend import BackendFactory

# What shells say of a program that Ctrl-C ended.
INTERRUPTED = 130


def main() -> None:
    """Start what the arguments ask for."""
    collector.hold_off()
    try:
        if sys.argv[1:] in ([], ["--stdio"]):
            from refact_lsp.lsp.main import serve

            serve(_backend)
        else:
            from refact_lsp.cli.main import run

            run()
    except KeyboardInterrupt:  # while it starts, or while it waits for a client
        sys.exit(INTERRUPTED)


def _backend() -> "BackendFactory":
    """Load what the server serves; called when `initialize` is answered."""
    from refact_lsp.lsp.session import EditorSession

    return EditorSession


if __name__ == "__main__":
    main()

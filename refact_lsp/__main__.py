"""Entry point: no argument or `--stdio` serves LSP, anything else is a command."""

import sys


def main() -> None:
    """Start what the arguments ask for."""
    if sys.argv[1:] in ([], ["--stdio"]):
        from refact_lsp.lsp.main import serve

        serve()
    else:
        from refact_lsp.cli.main import run

        run()


if __name__ == "__main__":
    main()

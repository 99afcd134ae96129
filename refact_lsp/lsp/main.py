"""Serve LSP on the standard handles."""


def serve() -> None:
    """Run until the client is gone."""

"""What each editor does by itself, so that the server neither waits nor answers twice. Data."""

import msgspec


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """An editor's habits: its own delay before it asks, and how many items it can cycle."""

    delay_ms: int = 0
    automatic_items: int = 1


# Keyed by the start of the name that the client gives at `initialize`, lower case.
CLIENTS: dict[str, Client] = {
    "neovim": Client(delay_ms=200, automatic_items=3),
    "visual studio code": Client(delay_ms=50),
    "code-server": Client(delay_ms=50),
    "vscodium": Client(delay_ms=50),
    "cursor": Client(delay_ms=50),
    "helix": Client(delay_ms=250),
    "emacs": Client(delay_ms=2000),
    "copilot-lsp": Client(delay_ms=100),
    "sidekick": Client(delay_ms=100),
}


def client_named(name: str) -> Client:
    """Find the habits of a client; a client that is not listed has none."""
    lowered = name.lower()
    return next(
        (client for start, client in CLIENTS.items() if lowered.startswith(start)), Client()
    )

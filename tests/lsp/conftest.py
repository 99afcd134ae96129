"""Server processes, shared by tests where nothing is wrong with that."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.lsp.raw_client import NEOVIM, URI, RawClient

WAYS = ("plain", "early,lazy")


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, RawClient]]:
    """Initialized servers (UTF-8 positions), by way of starting; filled as they are asked for."""
    running: dict[str, RawClient] = {}
    yield running
    for client in running.values():
        client.end()


@pytest.fixture(params=WAYS, scope="module")
def shared(request: pytest.FixtureRequest, servers: dict[str, RawClient]) -> RawClient:
    """The server that started that way; all tests of a process talk to the same."""
    if request.param not in servers:
        servers[request.param] = RawClient(request.param)
        servers[request.param].start(NEOVIM)
    return servers[request.param]


@pytest.fixture
def server(shared: RawClient) -> Iterator[RawClient]:
    """The shared server without open documents and without old messages."""
    shared.others.clear()
    yield shared
    shared.send("textDocument/didClose", {"textDocument": {"uri": URI}})


@pytest.fixture
def start() -> Iterator[Callable[..., RawClient]]:
    """Start servers of one's own; they are gone after the test."""
    started: list[RawClient] = []

    def run(*arguments: Any, **options: Any) -> RawClient:
        started.append(RawClient(*arguments, **options))
        return started[-1]

    yield run
    for client in started:
        client.end()

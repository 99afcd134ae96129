"""Server processes, shared by tests where nothing is wrong with that."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from tests.lsp.forks import Forks
from tests.lsp.raw_client import NEOVIM, URI, RawClient

WAYS = ("plain", "early,lazy")


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks | None]:
    """What forks servers whose start is not what a test is about; None where nothing can."""
    with ExitStack() as stack:
        yield stack.enter_context(closing(Forks())) if hasattr(os, "fork") else None


@pytest.fixture(scope="session")
def servers(forks: Forks | None) -> Iterator[dict[str, RawClient]]:
    """Initialized servers (UTF-8 positions), by way of starting; filled as they are asked for."""
    running: dict[str, RawClient] = {}
    yield running
    for client in running.values():
        client.end()


@pytest.fixture(params=WAYS, scope="module")
def shared(
    request: pytest.FixtureRequest, servers: dict[str, RawClient], forks: Forks | None
) -> RawClient:
    """The server that started that way; all tests of a process talk to the same."""
    if request.param not in servers:
        anew = request.param == "plain"
        servers[request.param] = RawClient(request.param, forks=None if anew else forks)
        servers[request.param].start(NEOVIM)
    return servers[request.param]


@pytest.fixture
def server(shared: RawClient) -> Iterator[RawClient]:
    """The shared server without open documents and without old messages."""
    shared.others.clear()
    yield shared
    shared.send("textDocument/didClose", {"textDocument": {"uri": URI}})


Start = Callable[..., RawClient]


@pytest.fixture
def started() -> Iterator[list[RawClient]]:
    """Servers of a test's own; they are gone after it."""
    clients: list[RawClient] = []
    yield clients
    for client in clients:
        client.end()


@pytest.fixture
def start(started: list[RawClient], forks: Forks | None) -> Start:
    """Have a server of one's own."""
    return lambda: started.append(RawClient(forks=forks)) or started[-1]


@pytest.fixture
def start_anew(started: list[RawClient]) -> Start:
    """Start one from the beginning, where that is what a test is about."""

    def run(*arguments: Any, **options: Any) -> RawClient:
        started.append(RawClient(*arguments, **options))
        return started[-1]

    return run

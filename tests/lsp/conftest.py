"""Server processes, shared by the tests of a module where nothing is wrong with that."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.lsp.raw_client import NEOVIM, URI, RawClient

WAYS = ("plain", "early,lazy")


@pytest.fixture(params=WAYS, scope="module")
def shared(request: pytest.FixtureRequest) -> Iterator[RawClient]:
    """An initialized server (UTF-8 positions), once for each way of starting."""
    client = RawClient(request.param)
    client.start(NEOVIM)
    yield client
    client.end()


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

"""The pool alone: which connection a request goes by, and which are put away."""

import asyncio
import gc
import time
import weakref
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import httpcore
import pytest

from refact_lsp.core.certificates import trusting
from refact_lsp.llm import network
from refact_lsp.llm.network import Pool, Request
from tests.servers.certificates import server_context
from tests.servers.http2 import http2_server
from tests.servers.scripted import Exchange, Reply, Scripted, scripted


@asynccontextmanager
async def open_pool(
    ca_file: str | None = None, *, proxy: str | None = None
) -> AsyncGenerator[Pool]:
    pool = Pool(trusting(ca_file) if ca_file else None, connect_s=5, proxy=proxy)
    try:
        yield pool
    finally:
        await pool.aclose()


def request_to(url: str) -> Request:
    return Request(
        "GET", httpcore.URL(url), [(b"host", b"h")], b"", departs=lambda: None, extensions={}
    )


async def ask(pool: Pool, server: Scripted, path: str = "/") -> bytes:
    return await answer_to(pool, request_to(f"{server.url}{path}"))


async def answer_to(pool: Pool, request: Request) -> bytes:
    response = await pool.handle_async_request(request)
    try:
        return await response.aread()
    finally:
        await response.aclose()


async def say_the_target(exchange: Exchange) -> None:
    await exchange.reply(Reply(body=exchange.request.target.encode()))


@pytest.mark.parametrize("secure", [False, True])
async def test_requests_at_once_are_each_sent_once_and_answered(tmp_path: Path, *, secure: bool):
    tls, ca_file = server_context(tmp_path) if secure else (None, None)
    async with scripted(say_the_target, tls=tls) as server, open_pool(ca_file) as pool:
        first = await asyncio.gather(ask(pool, server, "/1"), ask(pool, server, "/2"))
        # Two connections are idle, and three ask.
        then = await asyncio.gather(*[ask(pool, server, f"/{number}") for number in (3, 4, 5)])
    assert (first, then) == ([b"/1", b"/2"], [b"/3", b"/4", b"/5"])
    assert sorted(request.target for request in server.requests) == ["/1", "/2", "/3", "/4", "/5"]
    assert server.connections == 3


async def test_a_connection_that_the_server_closed_is_put_away():
    async with scripted(say_the_target) as server, open_pool() as pool:
        await asyncio.gather(ask(pool, server), ask(pool, server))
        both = pool.connections
        next(iter(server.tasks)).cancel()
        while not any(each.has_expired() for each in both):  # noqa: ASYNC110  — it has no event
            await asyncio.sleep(0)
        assert await ask(pool, server, "/again") == b"/again"
        (left,) = pool.connections
        assert {each.is_closed() for each in both if each is not left} == {True}
    assert server.connections == 2


async def test_a_connection_that_was_idle_for_too_long_is_put_away(
    monkeypatch: pytest.MonkeyPatch,
):
    async with scripted(say_the_target) as server, open_pool() as pool:
        await ask(pool, server)
        (old,) = pool.connections
        later = SimpleNamespace(monotonic=lambda: time.monotonic() + network.KEEP_IDLE_S + 1)
        monkeypatch.setattr("httpcore._async.http11.time", later)
        assert await ask(pool, server, "/again") == b"/again"
        (new,) = pool.connections
        assert (new is old, old.is_closed(), server.connections) == (False, True, 2)


async def test_a_cancel_while_connections_are_put_away_leaves_the_rest_to_the_next_request(
    monkeypatch: pytest.MonkeyPatch,
):
    async with scripted(say_the_target) as proxy, open_pool(proxy=proxy.url) as pool:

        async def asked() -> None:
            await answer_to(pool, request_to("http://elsewhere.test/"))

        await asyncio.gather(asked(), asked(), asked())
        old = pool.connections
        later = SimpleNamespace(monotonic=lambda: time.monotonic() + network.KEEP_IDLE_S + 1)
        monkeypatch.setattr("httpcore._async.http11.time", later)
        task = asyncio.get_running_loop().create_task(asked())
        await asyncio.sleep(0)  # it waits for the first of them to close
        task.cancel()
        await asyncio.wait({task})
        await asked()
        assert [connection.is_closed() for connection in old] == [True] * 3


async def test_a_connection_whose_request_was_cancelled_is_put_away():
    async def handler(exchange: Exchange) -> None:
        quiet = exchange.request.target == "/quiet"
        await exchange.reply(Reply(raw=b"", end="hang") if quiet else Reply(body=b"[]"))

    async with scripted(handler) as server, open_pool() as pool:
        for number in range(1, 4):
            await ask(pool, server)
            task = asyncio.get_running_loop().create_task(ask(pool, server, "/quiet"))
            await server.until(lambda asked=2 * number: len(server.requests) == asked)
            task.cancel()
            await server.until(lambda ended=number: len(server.closed_sockets) == ended)
            assert [connection.is_closed() for connection in pool.connections] == [True]
    assert server.connections == 3


async def test_each_server_is_asked_by_a_connection_of_its_own():
    async with (
        scripted(say_the_target) as one,
        scripted(say_the_target) as other,
        open_pool() as pool,
    ):
        for server in (one, other, one, other):
            await ask(pool, server)
    assert [(s.connections, len(s.requests)) for s in (one, other)] == [(1, 2), (1, 2)]


@pytest.mark.parametrize("secure", [False, True])
async def test_a_cancel_at_any_moment_of_dialling_leaves_no_socket(tmp_path: Path, *, secure: bool):
    tls, ca_file = server_context(tmp_path) if secure else (None, None)
    async with scripted(say_the_target, tls=tls) as server, open_pool(ca_file) as pool:
        for turns in range(12):
            task = asyncio.get_running_loop().create_task(ask(pool, server))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait({task})
        assert await ask(pool, server, "/again") == b"/again"
        gc.collect()  # a socket that nobody closed complains
        assert len(pool.connections) == 1


async def cancelled_at_every_turn(pool: Pool, url: str) -> list["weakref.ref[Request]"]:
    """Ask until an answer comes before it is cancelled, each time by a connection of its own."""
    asked: list[weakref.ref[Request]] = []
    answered = False
    while not answered:
        request = request_to(url)
        task = asyncio.get_running_loop().create_task(answer_to(pool, request))
        for _ in asked:
            await asyncio.sleep(0)
        answered = not task.cancel()
        await asyncio.wait({task})
        asked.append(weakref.ref(request))
        await pool.aclose()
    return asked


async def test_nothing_is_kept_of_a_request_that_is_cancelled_at_any_moment():
    async with scripted(say_the_target) as server, open_pool() as pool:
        asked = await cancelled_at_every_turn(pool, server.url)
        gc.collect()
        assert [turn for turn, request in enumerate(asked) if request() is not None] == []
        assert len(server.requests) > 1  # the last ones came as far as their answers


async def test_a_connection_is_idle_after_a_cancel_at_any_moment_of_an_http2_answer(tmp_path: Path):
    tls, ca_file = server_context(tmp_path, alpn=("h2",))
    async with http2_server(tls, b"whole", ends=True) as server, open_pool(ca_file) as pool:
        assert await answer_to(pool, request_to(server.url)) == b"whole"
        (connection,) = pool.connections
        turns, answered = 0, False
        while not answered:
            task = asyncio.get_running_loop().create_task(answer_to(pool, request_to(server.url)))
            await server.until(lambda seen=1 + turns: server.streams > seen)
            for _ in range(turns):
                await asyncio.sleep(0)
            turns, answered = turns + 1, not task.cancel()
            await asyncio.wait({task})
            assert connection.is_idle()
    assert server.connections == 1


async def test_a_cancel_at_any_moment_leaves_no_connection_to_a_proxy_taken():
    async with scripted(say_the_target) as proxy, open_pool(proxy=proxy.url) as pool:
        turns, answered = 0, False
        while not answered:
            request = request_to("http://models.example/")
            task = asyncio.get_running_loop().create_task(answer_to(pool, request))
            for _ in range(turns):
                await asyncio.sleep(0)
            turns, answered = turns + 1, not task.cancel()
            await asyncio.wait({task})
            left = [each for each in pool.connections if not each.is_closed()]
            assert all(each.is_idle() for each in left), turns
            for each in left:  # the next one dials again
                await each.aclose()
    assert proxy.requests


async def test_a_cancel_at_any_moment_leaves_the_request_beside_it_its_connection_to_a_proxy():
    async with scripted(say_the_target) as proxy, open_pool(proxy=proxy.url) as pool:

        def begun() -> asyncio.Task[bytes]:
            request = request_to("http://models.example/")
            return asyncio.get_running_loop().create_task(answer_to(pool, request))

        assert await begun()
        for turns in range(1, 6):
            first, second = begun(), begun()
            for _ in range(turns):
                await asyncio.sleep(0)
            second.cancel()
            assert await first == b"http://models.example/"
            await asyncio.wait({second})
            assert await begun() == b"http://models.example/"
        assert len(pool.connections) <= 2

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest

from refact_lsp.llm.retry import BRIEF, NONE
from tests.llm.calls import PURPOSE, LineParser, asker, endpoint, problem_of, request
from tests.servers.certificates import server_context
from tests.servers.http2 import http2_server
from tests.servers.scripted import chat_chunks


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_http2_is_spoken_over_tls_and_one_connection_carries_several_answers(tmp_path: Path):
    tls, ca_file = server_context(tmp_path, alpn=("h2",))
    whole = b"".join(chat_chunks("a", "b"))
    async with http2_server(tls, whole, ends=True) as server, asker() as ask:
        to = endpoint(server.url, ca_file=ca_file)
        first = await ask.text(to)
        rest = await asyncio.gather(*[ask.text(to) for _ in range(5)])
    assert {first, *rest} == {"ab"}
    assert (server.connections, server.streams, server.resets) == (1, 6, [])


async def test_a_cancel_on_http2_tells_the_server_and_keeps_the_connection(tmp_path: Path):
    tls, ca_file = server_context(tmp_path, alpn=("h2",))
    async with (
        http2_server(tls, chat_chunks("a")[0], ends=False) as server,
        asker() as ask,
    ):
        to = endpoint(server.url, ca_file=ca_file, timeout_ms=5000)
        for _ in range(120):  # more than the streams that a server admits at a time
            events = ask.client.stream(to, request(), LineParser, PURPOSE)
            async with aclosing(events):
                await anext(events)
        await server.until(lambda: bool(server.resets))
        assert (server.connections, server.streams) == (1, 120)
        assert {entry.error for entry in ask.ledger} == {"cancelled"}


async def test_a_cancel_before_the_answer_begins_tells_the_server_too(tmp_path: Path):
    tls, ca_file = server_context(tmp_path, alpn=("h2",))
    async with http2_server(tls, b"", ends=False) as server, asker() as ask:
        to = endpoint(server.url, ca_file=ca_file, timeout_ms=5000)
        task = asyncio.get_running_loop().create_task(ask.text(to))
        await server.until(lambda: server.streams == 1)
        task.cancel()
        await server.until(lambda: bool(server.resets))
        await asyncio.gather(task, return_exceptions=True)
    assert server.connections == 1


async def test_a_connection_that_the_server_ended_is_replaced(tmp_path: Path):
    tls, ca_file = server_context(tmp_path, alpn=("h2",))
    whole = b"".join(chat_chunks("a"))
    async with http2_server(tls, whole, ends=True) as server, asker() as ask:
        to = endpoint(server.url, ca_file=ca_file)
        assert await ask.text(to) == "a"
        server.end_connections()
        assert await ask.text(to, patience=BRIEF) == "a"
    assert server.connections == 2


async def test_a_request_that_a_goodbye_left_out_goes_by_another_connection(tmp_path: Path):
    tls, ca_file = server_context(tmp_path, alpn=("h2",))
    whole = b"".join(chat_chunks("a"))
    async with http2_server(tls, whole, ends=True) as server, asker() as ask:
        to = endpoint(server.url, ca_file=ca_file)
        assert await ask.text(to) == "a"
        server.leaves = True
        assert await ask.text(to) == "a"
    assert (server.connections, server.streams, len(ask.ledger)) == (2, 2, 2)


@pytest.mark.parametrize("late", [b"", b"more"])
async def test_a_goodbye_in_the_middle_of_an_answer_is_a_problem(tmp_path: Path, late: bytes):
    tls, ca_file = server_context(tmp_path, alpn=("h2",))
    begun = chat_chunks("a")[0]
    async with http2_server(tls, begun, ends=False) as server, asker() as ask:
        to = endpoint(server.url, ca_file=ca_file, timeout_ms=5000)
        events = ask.client.stream(to, request(), LineParser, PURPOSE)
        await anext(events)
        server.end_connections(late=late)
        assert (await problem_of(lambda: anext(events))).kind == "network"
    assert [(entry.status, entry.error) for entry in ask.ledger] == [(200, "network")]


async def test_an_answer_is_read_to_its_end_though_its_connection_takes_no_other_request(
    tmp_path: Path,
):
    tls, ca_file = server_context(tmp_path, alpn=("h2",))
    long = b"".join(chat_chunks(*["a" * 9000] * 10))  # more than is read at a time
    async with http2_server(tls, long, ends=True) as server, asker() as ask:
        to = endpoint(server.url, ca_file=ca_file, timeout_ms=5000)
        first = ask.client.stream(to, request(), LineParser, PURPOSE, patience=NONE)
        async with aclosing(first):
            await anext(first)
            server.close_connections()
            await turns(50)
            assert len(await ask.text(to)) == 90_000
            assert len([event async for event in first]) == 10
    assert server.connections == 2


@pytest.mark.parametrize("begun", [False, True])
async def test_a_cancel_at_any_moment_leaves_a_row_and_a_connection_of_use(
    tmp_path: Path, *, begun: bool
):
    tls, ca_file = server_context(tmp_path, alpn=("h2",))
    async with http2_server(tls, chat_chunks("a")[0], ends=False) as server, asker() as ask:
        to = endpoint(server.url, ca_file=ca_file, timeout_ms=5000)
        async with aclosing(ask.client.stream(to, request(), LineParser, PURPOSE)) as events:
            await anext(events)
        for wait in range(12, 0, -1):
            seen = server.streams
            task = asyncio.get_running_loop().create_task(ask.text(to))
            if begun:
                await server.until(lambda seen=seen: server.streams > seen)
            await turns(wait)
            task.cancel()
            await turns(wait // 3)
            task.cancel()  # while the first one still ends it
            await asyncio.wait({task})
        await turns(50)
        assert len(server.resets) == server.streams <= len(ask.ledger) <= 13
        (pool,) = ask.client._pools.values()
        (connection,) = pool.connections
        assert connection.is_available()
        server.close_connections()
        await turns(50)
        assert connection.has_expired()
    assert {entry.error for entry in ask.ledger} == {"cancelled"}

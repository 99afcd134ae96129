import asyncio
from contextlib import aclosing
from pathlib import Path

from refact_lsp.llm.retry import BRIEF
from tests.llm.calls import PURPOSE, LineParser, asker, endpoint, request
from tests.servers.certificates import server_context
from tests.servers.http2 import http2_server
from tests.servers.scripted import chat_chunks


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

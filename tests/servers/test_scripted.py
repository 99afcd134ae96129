import asyncio

import pytest

from tests.servers.scripted import Exchange, Reply, chat_chunks, scripted

REQUEST = b"POST /v1/x HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi"


async def test_scripted_replies_come_in_order_and_the_last_repeats():
    async with scripted([Reply(status=429, body=b"a"), Reply(body=b"b")]) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        heads: list[bytes] = []
        for _ in range(3):
            writer.write(REQUEST)
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            await reader.readexactly(1)
        writer.close()
    assert [head.split()[1] for head in heads] == [b"429", b"200", b"200"]
    assert [(r.method, r.target, r.body) for r in server.requests] == [("POST", "/v1/x", b"hi")] * 3
    assert server.connections == 1


async def test_a_client_that_goes_in_the_middle_of_an_answer_is_noticed():
    async with scripted(Reply(body=chat_chunks("a"), end="hang")) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(REQUEST)
        await reader.readuntil(b"[DONE]")
        writer.close()
        await server.until(lambda: server.closed_sockets == [0])


async def test_a_reset_reaches_the_client_as_a_reset():
    async def handler(exchange: Exchange) -> None:
        await exchange.start()
        exchange.reset()

    async with scripted(handler) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(REQUEST)
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()

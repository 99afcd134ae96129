import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from refact_lsp.core.events import Event, TextDelta
from refact_lsp.core.ledger import Outgoing, Purpose
from refact_lsp.core.problems import Problem, RefactError, refuse
from refact_lsp.llm.exchange import Timeouts
from refact_lsp.llm.retry import BRIEF, PATIENT, Patience
from refact_lsp.llm.wire.base import HttpRequest
from tests.llm.calls import PURPOSE, LineParser, asker, endpoint, problem_of, request
from tests.rows import every_row
from tests.servers.certificates import server_context
from tests.servers.scripted import Exchange, Reply, chat_chunks, scripted

AT_ONCE = Patience(tries=4, first_wait_ms=0, longest_wait_ms=0)
LONG = 60_000


async def test_an_answer_streams_and_its_connection_serves_the_next():
    async with scripted(Reply(body=chat_chunks("a", "b"))) as server, asker() as ask:
        assert [await ask.text(endpoint(server.url)) for _ in range(3)] == ["ab"] * 3
    assert server.connections == 1
    assert {r.headers["authorization"] for r in server.requests} == {"Bearer sk-usual-key"}


async def test_pieces_that_came_together_are_read_together():
    fed: list[bytes] = []

    class Noting(LineParser):
        def feed(self, data: bytes) -> Sequence[Event]:
            fed.append(data)
            return super().feed(data)

    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in chat_chunks("a", "b"))
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    async with scripted(Reply(raw=head + body + b"0\r\n\r\n")) as server, asker() as ask:
        stream = ask.client.stream(endpoint(server.url), request(), Noting, PURPOSE)
        said = [event async for event in stream if isinstance(event, TextDelta)]
    assert said == [TextDelta(delta="a"), TextDelta(delta="b")]
    assert list(filter(None, fed)) == [b"".join(chat_chunks("a", "b"))]


async def test_what_came_before_a_broken_chunk_is_given():
    begun = chat_chunks("a")[0]
    raw = b"%x\r\n%b\r\nno size\r\n" % (len(begun), begun)
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    async with scripted(Reply(raw=head + raw, end="hang")) as server, asker() as ask:
        stream = ask.client.stream(endpoint(server.url), request(), LineParser, PURPOSE)
        assert await anext(stream) == TextDelta(delta="a")
        problem = await problem_of(lambda: anext(stream))
    assert problem.kind == "network"


async def test_a_request_is_written_down_at_whatever_moment_it_is_cancelled():
    async with scripted(Reply(body=chat_chunks("a"))) as server, asker() as ask:
        answered = False
        while not answered:
            asked = len(ask.ledger)
            task = asyncio.get_running_loop().create_task(ask.text(endpoint(server.url)))
            await server.until(lambda asked=asked: len(server.requests) > asked)
            for _ in range(asked):
                await asyncio.sleep(0)
            answered = not task.cancel()
            await asyncio.wait({task})
            assert len(ask.ledger) == len(server.requests)  # also where its closing was cancelled
    assert {(e.status, e.error) for e in ask.ledger} == {(None, "cancelled"), (200, None)}


@pytest.mark.parametrize("secure", [False, True])
async def test_a_cancel_while_waiting_closes_the_socket_at_once(tmp_path: Path, *, secure: bool):
    tls, ca_file = server_context(tmp_path) if secure else (None, None)
    async with scripted(Reply(pause_s=LONG), tls=tls) as server, asker() as ask:
        to = endpoint(server.url, timeout_ms=LONG, ca_file=ca_file)
        task = asyncio.get_running_loop().create_task(ask.text(to))
        await server.until(lambda: len(server.requests) == 1)
        task.cancel()
        await server.until(lambda: server.closed_sockets == [0])
        with pytest.raises(asyncio.CancelledError):
            await task
    assert [(e.status, e.error) for e in ask.ledger] == [(None, "cancelled")]


async def test_a_reader_that_stops_early_closes_the_socket_at_once():
    async with scripted(Reply(body=chat_chunks("a")[:1], end="hang")) as server, asker() as ask:
        to = endpoint(server.url, timeout_ms=LONG)
        async with aclosing(ask.client.stream(to, request(), LineParser, PURPOSE)) as events:
            assert await anext(events) == TextDelta(delta="a")
        await server.until(lambda: server.closed_sockets == [0])
    assert [(e.status, e.error) for e in ask.ledger] == [(200, "cancelled")]


async def test_a_busy_server_is_asked_again_and_each_wait_is_told():
    told: list[tuple[int, int, str]] = []

    def on_retry(tried: int, wait_ms: int, problem: Problem) -> None:
        told.append((tried, wait_ms, problem.kind))

    replies = [
        Reply(status=429, headers={"retry-after-ms": "0"}),
        Reply(status=529),
        Reply(body=chat_chunks("a")),
    ]
    async with scripted(replies) as server, asker() as ask:
        text = await ask.text(endpoint(server.url), patience=AT_ONCE, on_retry=on_retry)
    assert (text, told) == ("a", [(1, 0, "rateLimited"), (2, 0, "overloaded")])
    assert [(e.status, e.error) for e in ask.ledger] == [
        (429, "rateLimited"),
        (529, "overloaded"),
        (200, None),
    ]


async def test_nothing_is_asked_again_once_something_was_shown():
    replies = [Reply(body=chat_chunks("a")[:1], end="reset"), Reply(body=chat_chunks("b"))]
    async with scripted(replies) as server, asker() as ask:
        problem = await ask.problem(endpoint(server.url), patience=AT_ONCE)
    assert (problem.kind, len(server.requests)) == ("network", 1)


@every_row("status", [400, 401, 402, 403, 404, 422])
async def test_a_refusal_is_not_asked_again(status: int):
    async with scripted(Reply(status=status)) as server, asker() as ask:
        await ask.problem(endpoint(server.url), patience=AT_ONCE)
    assert len(server.requests) == 1


async def test_a_wait_longer_than_the_patience_ends_it_at_once():
    reply = Reply(status=429, headers={"retry-after": "3600"})
    async with scripted(reply) as server, asker() as ask:
        problem = await ask.problem(endpoint(server.url), patience=PATIENT)
    assert (problem.retry_after_ms, len(server.requests)) == (3_600_000, 1)


async def test_a_connection_that_the_server_closed_meanwhile_is_not_used():
    async def handler(exchange: Exchange) -> None:
        await exchange.reply(Reply(body=chat_chunks("a")))
        exchange.keep = False

    async with scripted(handler) as server, asker() as ask:
        assert [await ask.text(endpoint(server.url)) for _ in range(3)] == ["a"] * 3
    assert server.connections == 3


async def test_a_401_gets_one_fresh_token():
    asked: list[bool] = []

    async def authorize(refresh: bool) -> Mapping[str, str]:
        asked.append(refresh)
        return {"authorization": "Bearer fresh" if refresh else "Bearer stale"}

    replies = [Reply(status=401), Reply(body=chat_chunks("a")), Reply(status=401)]
    async with scripted(replies) as server, asker() as ask:
        to = endpoint(server.url, authorize=authorize)
        assert await ask.text(to) == "a"
        assert (await ask.problem(to)).kind == "authentication"
    assert [r.headers["authorization"][7:] for r in server.requests] == ["stale", "fresh"] * 2
    assert asked == [False, True] * 2
    assert [e.error for e in ask.ledger] == ["authentication", None, *["authentication"] * 2]


async def test_a_key_that_cannot_be_refreshed_is_tried_once():
    async with scripted(Reply(status=401)) as server, asker() as ask:
        await ask.problem(endpoint(server.url))
    assert len(server.requests) == 1


async def test_a_refused_parameter_is_left_out_and_remembered_for_the_model():
    body = json.dumps({"model": "m", "messages": [], "temperature": 1, "max_tokens": 5}).encode()
    refusals = [
        "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        "'temperature' does not support 1 with this model. Only the default (1) is supported.",
    ]
    replies = [
        *[Reply(status=400, body=json.dumps({"error": {"message": m}}).encode()) for m in refusals],
        Reply(body=chat_chunks("a")),
    ]
    async with scripted(replies) as server, asker() as ask:
        to = endpoint(server.url)
        assert [await ask.text(to, request(body)) for _ in range(2)] == ["a", "a"]
    right = {"model": "m", "messages": [], "max_completion_tokens": 5}
    assert [r.json == right for r in server.requests] == [False, False, True, True]


async def test_a_redirect_within_the_host_is_followed_and_one_to_another_host_or_port_never():
    async with scripted(Reply(body=b"[]")) as other, asker() as ask:

        async def handler(exchange: Exchange) -> None:
            place = {"/a": "/b", "/c": f"{other.url}/x", "/loop": "/loop"}.get(
                exchange.request.target
            )
            moved = Reply(status=302, headers={"location": place or ""})
            await exchange.reply(moved if place else Reply(body=b"[1]"))

        async with scripted(handler) as server:
            to = endpoint(server.url)
            models = Purpose(role="models")
            assert await ask.client.fetch(to, "x", "a", purpose=models) == b"[1]"
            elsewhere = await problem_of(
                lambda: ask.client.fetch(to, "x", "c", purpose=models, patience=BRIEF)
            )
            loop = await problem_of(lambda: ask.client.fetch(to, "x", "loop", purpose=models))
    assert elsewhere.kind == loop.kind == "badResponse"
    assert other.url in (elsewhere.hint or "")
    assert other.requests == []


async def test_a_post_follows_a_redirect_that_keeps_it_a_post():
    async def handler(exchange: Exchange) -> None:
        moved = exchange.request.target == "/v1/chat"
        redirect = Reply(status=307, headers={"location": "/v2/chat"})
        await exchange.reply(redirect if moved else Reply(body=chat_chunks("a")))

    async with scripted(handler) as server, asker() as ask:
        assert await ask.text(endpoint(server.url)) == "a"
    assert [(r.method, r.target, r.body) for r in server.requests] == [
        ("POST", "/v1/chat", request().body),
        ("POST", "/v2/chat", request().body),
    ]


async def test_a_post_is_not_turned_into_a_get_by_a_redirect():
    async def handler(exchange: Exchange) -> None:
        moved = Reply(status=302, headers={"location": "/elsewhere"})
        await exchange.reply(moved)

    async with scripted(handler) as server, asker() as ask:
        assert (await ask.problem(endpoint(server.url))).kind == "badResponse"
    assert len(server.requests) == 1


async def test_local_only_refuses_every_other_host_and_sends_nothing():
    async with (
        scripted(Reply(body=chat_chunks("a"))) as server,
        asker(local_only=lambda: True) as ask,
    ):
        assert await ask.text(endpoint(server.url)) == "a"
        assert await ask.text(endpoint(server.url.replace("127.0.0.1", "localhost"))) == "a"
        for url in ("https://api.example", "https://10.0.0.1", "https://localhost.example"):
            assert (await ask.problem(endpoint(url))).kind == "privacy"
        proxied = endpoint(server.url, proxy="http://proxy.example:3128")
        assert (await ask.problem(proxied)).kind == "privacy"
    assert len(ask.ledger) == 2


async def test_plain_http_leaves_the_machine_only_where_it_is_allowed():
    async with asker() as ask:
        problem = await ask.problem(endpoint("http://10.255.255.1"))
    assert (problem.kind, problem.field) == ("invalidRequest", "baseUrl")
    assert ask.ledger == []


async def test_a_gate_refuses_before_anything_is_sent():
    seen: list[Outgoing] = []

    async def gate(outgoing: Outgoing) -> None:
        seen.append(outgoing)
        raise refuse("budget", "The cap is reached.", "Raise it.")

    async with scripted(Reply()) as server, asker(gate=gate) as ask:
        assert (await ask.problem(endpoint(server.url), patience=AT_ONCE)).kind == "budget"
    assert server.requests == ask.ledger == []
    assert seen[0].bytes_out > len(request().body)


async def test_the_ledger_has_what_left_and_what_came_and_no_content():
    asked = request(b'{"model":"m","secret":"words"}')
    purpose = Purpose(role="completion", model="m", files=("/a.py",))
    async with scripted(Reply(body=chat_chunks("said"))) as server, asker() as ask:
        stream = ask.client.stream(endpoint(server.url), asked, LineParser, purpose)
        assert [event async for event in stream]
    (entry,) = ask.ledger
    assert (entry.provider, entry.host, entry.role, entry.model, entry.files, entry.status) == (
        *("p", "127.0.0.1", "completion", "m"),
        ("/a.py",),
        200,
    )
    assert entry.bytes_out > len(asked.body)
    assert entry.bytes_in > sum(map(len, chat_chunks("said")))
    assert "words" not in repr(entry)
    assert "said" not in repr(entry)


async def test_a_proxy_takes_requests_for_other_hosts_and_the_environment_s_none_for_loopback():
    async def handler(exchange: Exchange) -> None:
        tunnel = exchange.request.method == "CONNECT"
        await exchange.reply(Reply(status=403) if tunnel else Reply(body=chat_chunks("proxied")))

    async with scripted(Reply(body=chat_chunks("direct"))) as server, scripted(handler) as proxy:
        environ = {"http_proxy": proxy.url, "https_proxy": proxy.url}
        async with asker(environ=environ) as ask:
            far = endpoint("http://models.example", allow_http=True)
            assert await ask.text(endpoint(server.url)) == "direct"
            assert await ask.text(far) == "proxied"
            assert await ask.text(endpoint(server.url, proxy=proxy.url)) == "proxied"
            refused = await ask.problem(endpoint("https://models.example"))
    assert [r.target for r in proxy.requests] == [
        "http://models.example:80/v1/chat",
        f"{server.url}/v1/chat",
        "models.example:443",
    ]
    assert "authorization" not in proxy.requests[2].headers
    assert (refused.kind, "proxy refused" in refused.message) == ("network", True)
    assert len(ask.ledger) == 3


async def test_a_proxy_that_is_not_there_is_named_as_the_cause():
    async with scripted(Reply()) as gone:
        proxy = gone.url
    async with asker() as ask:
        problem = await ask.problem(endpoint("https://models.example", proxy=proxy))
    assert (problem.kind, "proxy" in problem.message) == ("network", True)


async def test_a_proxy_that_says_nothing_is_waited_for_no_longer_than_a_connection():
    quick = Timeouts(connect_ms=50)
    async with scripted(Reply(pause_s=LONG)) as proxy, asker(timeouts=quick) as ask:
        problem = await ask.problem(endpoint("https://models.example", proxy=proxy.url))
    assert problem.kind == "timeout"
    assert ask.ledger == []


@every_row("proxy", ["ftp://p:1", "p:1", "http://", "http://p:99999", "socks5://"])
async def test_a_proxy_s_address_that_cannot_be_used_is_refused(proxy: str):
    async with asker() as ask:
        problem = await ask.problem(endpoint("https://models.example", proxy=proxy))
    assert (problem.kind, problem.field) == ("notConfigured", "proxy")


async def test_a_list_is_fetched_whole_and_a_page_in_its_place_is_a_problem():
    purpose = Purpose(role="models")
    replies = [Reply(body=b'{"data":[]}'), Reply(body=b"<html>")]
    async with scripted(replies) as server, asker() as ask:
        to = endpoint(server.url)
        whole = await ask.client.fetch(to, "models", "/v1/models", purpose=purpose)
        page = await problem_of(lambda: ask.client.fetch(to, "models", purpose=purpose))
    assert (whole, page.kind) == (b'{"data":[]}', "badResponse")
    assert server.requests[0].target == "/v1/models"
    assert "content-length" not in server.requests[0].headers


async def test_a_route_without_address_is_refused():
    async with asker() as ask:
        with pytest.raises(RefactError) as caught:
            await ask.text(
                endpoint("http://x", addresses={}), HttpRequest(route="chat", path="", body=b"")
            )
    assert caught.value.problem.kind == "unsupported"


async def test_completion_finds_a_place_beside_running_chats():
    async with scripted(Reply(body=chat_chunks("a")[:1], end="hang")) as server, asker() as ask:
        to = endpoint(server.url, timeout_ms=LONG, max_concurrency=2)
        completion = Purpose(role="completion", model="m")
        async with aclosing(ask.client.stream(to, request(), LineParser, PURPOSE)) as chat:
            await anext(chat)
            second = asyncio.get_running_loop().create_task(ask.text(to))
            async with aclosing(ask.client.stream(to, request(), LineParser, completion)) as text:
                assert await anext(text)
            assert len(server.requests) == 2
            second.cancel()
            await asyncio.gather(second, return_exceptions=True)

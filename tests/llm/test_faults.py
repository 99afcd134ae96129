"""Every fault of issue 3's list: its kind and hint, and no secret in anything that it says."""

import asyncio
import gzip
import io
import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from refact_lsp.core.problems import RefactError
from refact_lsp.llm.endpoint import Endpoint
from tests.llm.calls import asker, endpoint, problem_of
from tests.rows import every_row
from tests.servers.certificates import server_context
from tests.servers.scripted import Exchange, Reply, chat_chunks, scripted, sse

SECRETS = (
    "sk-planted-0123456789",
    "planted-header",
    "planted-user",
    "planted-word",
    "planted-query",
)


def secretive(server_url: str, **more: Any) -> Endpoint:
    """Make an endpoint full of secrets: key, header, user and password, query."""

    async def authorize(_: bool) -> Mapping[str, str]:
        return {"authorization": f"Bearer {SECRETS[0]}"}

    scheme, _, host = server_url.partition("://")
    address = f"{scheme}://{SECRETS[2]}:{SECRETS[3]}@{host}/v1/chat?key={SECRETS[4]}"
    return endpoint(
        server_url,
        **{
            "addresses": {"chat": address},
            "authorize": authorize,
            "headers": {"x-secret": SECRETS[1]},
            **more,
        },
    )


ECHO = " ".join(SECRETS).encode()
PAGE = b"<!doctype html><title>Sign in</title>" + ECHO


def error(message: str, **more: str) -> bytes:
    import json

    return json.dumps({"error": {"message": f"{message} {' '.join(SECRETS)}", **more}}).encode()


async def redirecting(exchange: Exchange) -> None:
    await exchange.reply(Reply(status=307, headers={"location": "https://evil.example/v1/chat"}))


FAULTS: dict[str, tuple[Reply | Callable[[Exchange], Awaitable[None]], str, str]] = {
    "401": (Reply(status=401, body=error("Incorrect API key provided:")), "authentication", ""),
    "403": (Reply(status=403, body=error("Not allowed")), "permission", ""),
    "404 model": (
        Reply(status=404, body=error("The model `m` does not exist", code="model_not_found")),
        "modelNotFound",
        "",
    ),
    "402": (Reply(status=402, body=error("Insufficient balance")), "billing", ""),
    "429": (Reply(status=429, body=error("Slow down")), "rateLimited", ""),
    "429 with a wait": (
        Reply(status=429, headers={"retry-after": "7"}, body=error("Slow down")),
        "rateLimited",
        "",
    ),
    "529": (Reply(status=529, body=error("Overloaded", type="overloaded_error")), "overloaded", ""),
    "500": (Reply(status=500, body=error("Oops")), "overloaded", ""),
    "a page with 200": (Reply(body=PAGE, content_type="text/html"), "badResponse", "web page"),
    "a page called JSON": (Reply(body=PAGE), "badResponse", "web page"),
    "nothing with 200": (Reply(body=b""), "badResponse", "empty"),
    "half an event": (Reply(body=b'data: {"choi'), "badResponse", "cut"),
    "words with 200": (Reply(body=b"OK " + ECHO, content_type="text/plain"), "badResponse", "OK"),
    "an error in the stream": (Reply(body=sse({"error": {"message": ECHO.decode()}})), "", ""),
    "silence": (Reply(pause_s=5), "timeout", "nothing came for 0.15 s"),
    "silence after the head": (Reply(body=[], end="hang"), "timeout", "nothing came"),
    "silence in the middle": (
        Reply(body=[*chat_chunks("a")[:1]], end="hang"),
        "timeout",
        "stopped in the middle",
    ),
    "a reset in the middle": (
        Reply(body=chat_chunks("a")[:1], end="reset"),
        "network",
        "dropped the connection",
    ),
    "a close in the middle": (
        Reply(body=chat_chunks("a")[:1], end="close"),
        "network",
        "dropped the connection",
    ),
    "a close before anything": (Reply(raw=b"", end="close"), "network", "dropped the connection"),
    "no HTTP": (Reply(raw=b"SSH-2.0-x " + ECHO + b"\r\n\r\n", end="close"), "network", ""),
    "a redirect to another host": (redirecting, "badResponse", "evil.example"),
    "unknown compression": (Reply(headers={"content-encoding": "br"}), "badResponse", "'br'"),
    "broken gzip": (
        Reply(headers={"content-encoding": "gzip"}, body=b"\x1f\x8b" + ECHO),
        "badResponse",
        "compression is broken",
    ),
}


@every_row("fault", FAULTS)
async def test_a_fault_has_its_kind_and_hint_and_tells_no_secret(
    fault: str, caplog: pytest.LogCaptureFixture
):
    script, kind, words = FAULTS[fault]
    caplog.clear()
    caplog.set_level(logging.DEBUG)
    output = io.StringIO()
    async with scripted(script) as server, asker() as ask:
        to = secretive(server.url)
        with pytest.raises(RefactError) as caught:
            await ask.text(to)
    problem = caught.value.problem
    assert problem.kind == kind or not kind
    assert words in problem.message
    assert problem.hint
    assert problem.provider == "p"
    traceback.print_exception(caught.value, file=output, chain=True)
    output.write(f"{problem!r} {caught.value!r} {to!r} {ask.ledger!r} {caplog.text}")
    assert caught.value.__context__ is None
    assert not [secret for secret in SECRETS if secret in output.getvalue()]
    assert server.requests[0].headers["authorization"] == f"Bearer {SECRETS[0]}"
    assert ask.ledger[0].error == problem.kind


async def test_the_wait_that_a_server_names_is_told():
    async with scripted(Reply(status=429, headers={"retry-after": "7"})) as server, asker() as ask:
        assert (await ask.problem(endpoint(server.url))).retry_after_ms == 7000


async def test_invalid_utf8_and_gzip_and_a_line_of_ten_megabytes_are_read():
    long = "x" * 10_000_000
    whole = b"".join(chat_chunks(long))
    broken = b'data: {"choices":[{"delta":{"content":"a\xffb"}}]}\n\ndata: [DONE]\n\n'
    zipped = gzip.compress(b"".join(chat_chunks("zip")))
    replies = [
        Reply(body=[whole]),
        Reply(body=[broken]),
        Reply(body=[zipped[:9], zipped[9:]], headers={"content-encoding": "gzip"}),
    ]
    async with scripted(replies) as server, asker() as ask:
        to = endpoint(server.url)
        assert [await ask.text(to) for _ in range(3)] == [long, "a\ufffdb", "zip"]


async def test_an_answer_without_end_is_cut_off_and_a_bomb_is_met_while_small():
    from refact_lsp.llm.exchange import Limits

    bomb = gzip.compress(bytes(50_000_000), 1)
    replies = [
        Reply(body=chat_chunks(*["word"] * 200)),
        Reply(body=bomb, headers={"content-encoding": "gzip"}),
    ]
    async with (
        scripted(replies) as server,
        asker(limits=Limits(answer_bytes=5000)) as ask,
    ):
        for _ in replies:
            assert (await ask.problem(endpoint(server.url))).kind == "badResponse"


async def test_an_expired_certificate_an_unknown_one_and_a_wrong_host_are_told_apart(
    tmp_path: Path,
):
    expired, ca_file = server_context(tmp_path / "a", expired=True)
    other, other_ca = server_context(tmp_path / "b", host="other.example")
    async with (
        scripted(Reply(), tls=expired) as old,
        scripted(Reply(), tls=other) as wrong,
        asker() as ask,
    ):
        problems = [
            await ask.problem(secretive(old.url, ca_file=ca_file)),
            await ask.problem(secretive(old.url)),
            await ask.problem(secretive(wrong.url, ca_file=other_ca)),
        ]
    assert [problem.kind for problem in problems] == ["network"] * 3
    for words, problem in zip(("expired", "does not know", "another host"), problems, strict=True):
        assert words in problem.message
    assert old.requests == wrong.requests == ask.ledger == []


async def test_a_missing_or_broken_certificate_file_is_named(tmp_path: Path):
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    async with asker() as ask:
        for file in (tmp_path / "absent.pem", broken):
            problem = await ask.problem(endpoint("https://127.0.0.1:1", ca_file=str(file)))
            assert (problem.kind, problem.field) == ("notConfigured", "caFile")
            assert file.name in problem.message


async def test_no_server_no_such_host_and_tls_to_a_plain_server_have_their_hints():
    async with scripted(Reply()) as server:
        closed = server.url

    async def plain_words(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(plain_words, "127.0.0.1", 0)
    async with server, asker() as ask:
        refused = await ask.problem(endpoint(closed))
        unknown = await ask.problem(endpoint("https://no-such-host.invalid"))
        port = server.sockets[0].getsockname()[1]
        plain = await ask.problem(endpoint(f"https://127.0.0.1:{port}"))
    assert refused.hint
    assert (refused.kind, "Start the local server" in refused.hint) == ("network", True)
    assert unknown.kind in ("network", "offline")
    assert (plain.kind, "http://" in (plain.hint or "")) == ("network", True)
    assert ask.ledger == []


@every_row("value", ["sk-planted\n", "sk-planted\r\nx: y", "sk-pl\x00anted", "sk-←"])
async def test_a_key_with_a_line_break_is_refused_and_not_shown(value: str):
    async def authorize(_: bool) -> Mapping[str, str]:
        return {"authorization": f"Bearer {value}"}

    async with scripted(Reply()) as server, asker() as ask:
        problem = await problem_of(lambda: ask.text(endpoint(server.url, authorize=authorize)))
    assert problem.kind == "invalidRequest"
    assert "planted" not in repr(problem)
    assert server.requests == []

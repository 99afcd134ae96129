"""`refact-lsp chat`, as a person uses it; a process of its own where one is interrupted."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from refact_lsp.core.parts import TextPart
from refact_lsp.rpc.methods import TABLE
from refact_lsp.rpc.session import open_session
from refact_lsp.rpc.table import call
from tests.cli.shell import Shell
from tests.servers.scripted import Exchange, Reply, Scripted, chat_chunks, scripted


@pytest.fixture
async def server() -> AsyncGenerator[Scripted]:
    """A provider that says what it was asked last, saved as `custom`."""

    async def echo(exchange: Exchange) -> None:
        asked = exchange.request.json["messages"][-1]["content"]
        body = chat_chunks("You said: ", asked)
        await exchange.reply(Reply(body=body, content_type="text/event-stream"))

    async with scripted(echo) as running:
        params = {"template": "custom", "settings": {"baseUrl": running.url}}
        async with open_session() as session:
            await call(TABLE, session, "refact/providers/save", json.dumps(params).encode())
        yield running


async def test_a_question_streams_its_answer_and_says_what_it_cost(shell: Shell, server: Scripted):
    out, err = await shell.beside("chat", "hello", "--model", "custom/m")
    assert out == "You said: hello\n"
    assert err.startswith("custom/m  ")
    assert "tokens" in err
    thread = err.split("--thread ")[1].strip()
    again, _ = await shell.beside("chat", "and again", "--thread", thread, "--model", "custom/m")
    assert again == "You said: and again\n"
    assert len(server.requests[-1].json["messages"]) == 3


async def test_every_event_is_a_line_of_json(shell: Shell, server: Scripted, tmp_path: Path):
    file = tmp_path / "a.py"
    file.write_text("one\ntwo\nthree\n")
    asked = ("chat", "--json", "--model", "custom/m", "--file", f"{file}:2-2")
    out, _ = await shell.beside(*asked, stdin="piped ")
    told: list[Any] = [json.loads(line) for line in out.splitlines()]
    said = "".join(event["event"].get("delta", "") for event in told)
    assert said.startswith("You said: piped a.py:2-2")
    assert "two" in said
    assert "three" not in said
    assert told[-1]["event"] == {"type": "done", "finishReason": "stop"}


async def test_a_problem_is_two_lines_and_an_exit_code(shell: Shell, server: Scripted):
    out, err = await shell.beside("chat", "hello", code=1)
    assert out == ""
    assert len(err.strip().splitlines()) == 2
    asked = ("chat", "hello", "--model", "custom/m", "--file", "/nowhere.py")
    _, err = await shell.beside(*asked, code=2)
    assert "/nowhere.py" in err


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
async def test_an_interrupt_keeps_what_came():
    async def half(exchange: Exchange) -> None:
        await exchange.start(200, {"content-type": "text/event-stream"})
        await exchange.chunk(chat_chunks("Half of it")[0])
        await exchange.gone.wait()
        exchange.keep = False

    async with scripted(half) as running:
        params = {"template": "custom", "settings": {"baseUrl": running.url}}
        async with open_session() as session:
            await call(TABLE, session, "refact/providers/save", json.dumps(params).encode())
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "refact_lsp", "chat", "Go on", "--model", "custom/m",
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            # Tests that run in the background ignore it, and so would their children.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
        assert process.stdout is not None
        assert await process.stdout.readexactly(4) == b"Half"
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
    assert (process.returncode, out) == (1, b" of it\n")
    assert b"Traceback" not in err
    async with open_session() as session:
        page = await session.chat.threads(None, 1, None)
        kept = (await session.chat.get(page.threads[0].id)).messages
    assert kept[1].content == (TextPart(text="Half of it"),)
    assert kept[1].finish_reason == "cancelled"

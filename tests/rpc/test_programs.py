"""Vendors' own programs, played by scripts that speak the JSON lines of their documentation."""

import asyncio
import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any, Literal

import pytest

from refact_lsp.core.problems import RefactError
from refact_lsp.rpc.session import Session

CODEX = [
    {"type": "thread.started", "thread_id": "t1"},
    {"type": "turn.started"},
    {"type": "item.completed", "item": {"id": "i0", "type": "reasoning", "text": "Thinking."}},
    {"type": "item.updated", "item": {"id": "i1", "type": "agent_message", "text": "Hel"}},
    {"type": "item.completed", "item": {"id": "i1", "type": "agent_message", "text": "Hello"}},
    {
        "type": "turn.completed",
        "usage": {"input_tokens": 120, "cached_input_tokens": 100, "output_tokens": 7},
    },
]


def _piece(kind: str, **delta: str) -> dict[str, Any]:
    event = {"type": "content_block_delta", "index": 0, "delta": {"type": kind, **delta}}
    return {"type": "stream_event", "event": event, "parent_tool_use_id": None}


CLAUDE = [
    {"type": "system", "subtype": "init", "session_id": "s", "tools": []},
    _piece("thinking_delta", thinking="Thinking."),
    _piece("text_delta", text="Hel"),
    _piece("text_delta", text="lo"),
    {"type": "assistant", "message": {"content": [{"type": "text", "text": "Hello"}]}},
    {
        "type": "result", "subtype": "success", "is_error": False, "result": "Hello",
        "usage": {
            "input_tokens": 15, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 5,
            "output_tokens": 7,
        },
    },
]  # fmt: skip
FAMILIES = [
    ("openai-codex", "codex", CODEX, "gpt-6.1-terra"),
    ("claude-code", "claude", CLAUDE, "claude-sonnet-5-5"),
]


SCRIPT = """#!/bin/sh
cat > {folder}/input
printf '%s\\0' "$@" > {folder}/arguments
pwd > {folder}/cwd
ls -A > {folder}/files
cat {folder}/errors >&2
cat {folder}/lines
{end}
"""


class Program:
    """Puts a script of that name first on the PATH and reads what it was given."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._path = folder / "bin"
        self._folder = folder / "given"
        self._path.mkdir()
        self._folder.mkdir()
        monkeypatch.setenv("PATH", f"{self._path}{os.pathsep}{os.environ['PATH']}")

    def install(
        self, name: str, lines: list[Any], *, end: str = "", errors: str = "warming up\n"
    ) -> None:
        texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
        (self._folder / "lines").write_text("".join(f"{text}\n" for text in texts))
        (self._folder / "errors").write_text(errors)
        script = self._path / name
        script.write_text(SCRIPT.format(folder=shlex.quote(str(self._folder)), end=end))
        script.chmod(0o755)

    def given(self, what: Literal["input", "arguments", "cwd", "files"]) -> str:
        return (self._folder / what).read_text()


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    return Program(tmp_path, monkeypatch)


async def add(ask: Any, template: str) -> dict[str, Any]:
    settings = {"access": "program"}
    return (await ask("refact/providers/save", template=template, settings=settings))["provider"]


@pytest.mark.parametrize(("template", "name", "lines", "model"), FAMILIES)
async def test_a_chat_goes_through_the_program(
    ask: Any, program: Program, template: str, name: str, lines: list[Any], model: str
):
    program.install(name, lines)
    provider = await add(ask, template)
    assert provider["auth"] == {"state": "ready", "source": "command"}
    assert provider["addresses"] == {}
    turned = await ask("refact/chat/send", content="Say hello", model=f"{template}/{model}")
    assert [part["type"] for part in turned["message"]["content"]] == ["reasoning", "text"]
    assert turned["message"]["content"][1]["text"] == "Hello"
    assert turned["usage"]["inputTokens"] == 120
    assert turned["usage"]["cacheReadTokens"] == 100
    assert turned["usage"]["outputTokens"] == 7
    assert "cost" not in turned
    assert "Say hello" in program.given("input")
    assert "Say hello" not in program.given("arguments")
    assert model in program.given("arguments").split("\0")
    assert program.given("files") == ""
    assert not exists(program.given("cwd").rstrip("\n"))
    entries = (await ask("refact/ledger/list", provider=template))["entries"]
    chats = [row for row in entries if row["role"] == "chat"]
    assert (chats[0]["host"], chats[0]["model"], chats[0]["status"]) == (name, model, "0")
    assert chats[0]["bytesOut"] > 0 < chats[0]["bytesIn"]
    rows = (await ask("refact/usage/summary", by=["role"]))["rows"]
    assert "chat" in [row["keys"][0] for row in rows]


@pytest.mark.parametrize(("template", "name", "lines", "model"), FAMILIES)
async def test_its_test_and_its_models_need_no_key(
    ask: Any, program: Program, template: str, name: str, lines: list[Any], model: str
):
    program.install(name, lines)
    await add(ask, template)
    refreshed = await ask("refact/models/refresh", provider=template)
    assert "error" not in refreshed
    models = {entry["name"]: entry for entry in refreshed["models"]}
    assert models[model]["capabilities"]["tools"] is False
    assert "completion" not in models[model]["roles"]
    report = await ask("refact/providers/test", id=template)
    assert report["ok"], report
    assert name in report["steps"][0]["detail"]


async def test_a_program_that_is_not_installed_is_told_with_what_to_do(
    ask: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("PATH", str(tmp_path))
    provider = await add(ask, "openai-codex")
    assert provider["auth"]["state"] == "missing"
    report = await ask("refact/providers/test", id="openai-codex")
    assert report["error"]["kind"] == "notConfigured"
    assert "codex login" in report["error"]["hint"]


@pytest.mark.parametrize(
    ("template", "name", "lines", "kind", "word"),
    [
        (
            "claude-code", "claude",
            [{"type": "result", "subtype": "success", "is_error": True,
              "result": "Invalid API key · Please run /login"}],
            "authentication", "claude",
        ),
        (
            "openai-codex", "codex",
            [{"type": "error", "message": "Reconnecting... 1/5"},
             {"type": "turn.failed", "error": {"message": "You have hit your usage limit"}}],
            "rateLimited", "",
        ),
        ("openai-codex", "codex", CODEX[:-1], "badResponse", "codex"),
        ("claude-code", "claude", ["Welcome!"], "badResponse", "claude"),
        ("openai-codex", "codex", ["[" * 9000, "\udcff".encode("utf-8", "replace").decode()],
         "badResponse", "codex"),
    ],
)  # fmt: skip
async def test_what_fails_is_a_problem_with_a_hint(
    ask: Any, program: Program, template: str, name: str, lines: list[Any], kind: str, word: str
):
    program.install(name, lines, end="exit 1")
    await add(ask, template)
    model = {family[0]: family[3] for family in FAMILIES}[template]
    with pytest.raises(RefactError) as caught:
        await ask("refact/chat/send", content="Hello", model=f"{template}/{model}")
    problem = caught.value.problem
    assert problem.kind == kind
    assert word in (problem.hint or "")
    assert problem.message.endswith(f"{name} wrote: warming up")


@pytest.mark.parametrize(
    ("errors", "kind", "told"),
    [
        ("old\n" * 900 + "1\n2\n\x1b[31m3\x1b[0m\n\n", "badResponse", "codex wrote: 1 2 3"),
        ("\xff\x00half a line", "badResponse", "half a line"),
        ("Error: 401 Unauthorized, please log in", "authentication", "please log in"),
        (f"sent sk-proj-{'a1B2' * 8} to it", "badResponse", "sent [redacted] to it"),
        ("key is planted-value", "badResponse", "key is [redacted]"),
        ("", "badResponse", "complete."),
    ],
)
async def test_the_last_words_of_a_program_are_told_without_secrets(
    ask: Any,
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
    errors: str,
    kind: str,
    told: str,
):
    monkeypatch.setenv("SOME_API_KEY", "planted-value")
    program.install("codex", CODEX[:2], end="exit 1", errors=errors)
    await add(ask, "openai-codex")
    with pytest.raises(RefactError) as caught:
        await ask("refact/chat/send", content="Hello", model="openai-codex/gpt-6.1-terra")
    problem = caught.value.problem
    assert (problem.kind, problem.message.endswith(told)) == (kind, True), problem
    assert "old" not in problem.message
    assert ("codex login" in (problem.hint or "")) is (kind == "authentication")


async def test_a_program_that_writes_much_for_a_terminal_is_not_held_up(ask: Any, program: Program):
    program.install("codex", CODEX, errors="x" * 300_000)
    await add(ask, "openai-codex")
    turned = await ask("refact/chat/send", content="Hello", model="openai-codex/gpt-6.1-terra")
    assert turned["finishReason"] == "stop"


async def test_a_cancelled_chat_kills_the_program_and_its_children(
    ask: Any, program: Program, session: Session
):
    began, ended = asyncio.Event(), asyncio.Event()

    async def watch(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        began.set()
        await reader.read()  # ends when nobody holds the other end any more
        ended.set()
        writer.close()

    async with await asyncio.start_server(watch, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        code = (
            f"import os, socket; held = socket.create_connection(('127.0.0.1', {port}))\n"
            "held.set_inheritable(True)\n"
            "os.spawnlp(os.P_NOWAIT, 'sleep', 'sleep', '600')\n"
            "held.send(b'x'); os.execlp('sleep', 'sleep', '600')"
        )
        program.install("codex", CODEX[:4], end=f"exec {shlex.join([sys.executable, '-c', code])}")
        await add(ask, "openai-codex")
        asked = ask("refact/chat/send", content="Hello", model="openai-codex/gpt-6.1-terra")
        chat = session.app.start(asked)
        async with asyncio.timeout(20):
            await began.wait()
            chat.cancel()
            await ended.wait()
            await asyncio.wait([chat])
    (entry, *_) = (await ask("refact/ledger/list", provider="openai-codex"))["entries"]
    assert entry["status"] == "cancelled"


async def test_a_program_is_as_far_away_as_its_vendor_whatever_the_address(
    ask: Any, program: Program, tmp_path: Path
):
    program.install("codex", CODEX)
    settings = {"access": "program", "baseUrl": "http://127.0.0.1:1"}
    saved = await ask("refact/providers/save", template="openai-codex", settings=settings)
    assert (saved["provider"]["locality"], saved["provider"]["addresses"]) == ("cloud", {})
    rule = {"name": "here only", "patterns": ["*.sql"], "sendTo": ["local"]}
    await ask("refact/privacy/set", rules=[rule])
    (tmp_path / "a.sql").write_text("select 1")
    uri = (tmp_path / "a.sql").as_uri()
    verdict = await ask("refact/privacy/check", uri=uri, provider="openai-codex")
    assert (verdict["allowed"], verdict["rule"]) == (False, "here only")


async def test_local_only_and_a_cap_stop_it_before_it_starts(ask: Any, program: Program):
    program.install("codex", CODEX)
    await add(ask, "openai-codex")
    for method, params, kind in (
        ("refact/privacy/set", {"localOnly": True}, "privacy"),
        ("refact/budget/set", {"monthly": "0"}, "budget"),
    ):
        await ask(method, **params)
        with pytest.raises(RefactError) as caught:
            await ask("refact/chat/send", content="Hi", model="openai-codex/gpt-6.1-terra")
        assert caught.value.problem.kind == kind
        await ask("refact/privacy/set", localOnly=False)
    assert (await ask("refact/ledger/list"))["entries"] == []


def exists(path: str) -> bool:
    return Path(path).exists()

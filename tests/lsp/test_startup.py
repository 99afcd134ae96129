"""The short cuts of start-up change nothing but the time: same answers, same classes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from refact_lsp.lsp.client import read_initialize
from refact_lsp.lsp.early import capabilities
from refact_lsp.lsp.framing import Frames
from refact_lsp.lsp.main import plain_start
from tests.lsp.lazy_classes import described
from tests.lsp.raw_client import BARE, HELIX, NEOVIM, VSCODE, RawClient, framed, inline

EARLY = "file:///w/early.py"
ODD_ABOUT: dict[str, Any] = {
    "processId": "x",
    "workspaceFolders": 3,
    "clientInfo": {},
    "rootUri": "file://[x",
}
ODD: dict[str, Any] = ODD_ABOUT | {
    "capabilities": {
        "general": {"positionEncodings": 3},
        "textDocument": {"synchronization": []},
        "workspace": 1,
        "window": {"workDoneProgress": "yes"},
    }
}
PROFILES = [VSCODE, NEOVIM, HELIX, BARE, ODD]
Start = Callable[..., RawClient]


def run(code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("params", PROFILES, ids=["vscode", "neovim", "helix", "bare", "odd"])
def test_the_early_answer_is_what_pygls_would_say(params: dict[str, Any]):
    from refact_lsp.lsp.pygls_server import Features  # builds all of LSP's classes

    said = Features(read_initialize(params)).result
    assert said["capabilities"] == capabilities(params["capabilities"])
    assert said["serverInfo"]["name"] == "refact-lsp"


@pytest.mark.parametrize(
    ("way", "params", "encoding"),
    [
        # The other ways go with the client that asks for most.
        *((way, VSCODE, "utf-16") for way in ("plain", "early", "lazy", "early,lazy")),
        ("early,lazy", NEOVIM, "utf-8"),
        ("early,lazy", BARE | ODD_ABOUT, "utf-16"),
    ],
)
def test_a_session_in_one_burst(start: Start, way: str, params: dict[str, Any], encoding: str):
    """What comes before `initialize` is refused; what comes while the server imports waits."""
    client = start(way)
    client.send("refact/echo", {"text": "x"}, "early")
    client.open("dropped", EARLY)
    client.raw(framed(b"{x}") + framed(b"[]"))
    client.send("initialize", {"capabilities": 3}, "odd")
    client.send("initialize", key="none")
    client.send("initialize", params, "init")
    client.send("initialized", {})
    client.open("abc\nde")
    client.send("textDocument/inlineCompletion", inline(), 2)
    client.send("refact/slow", {}, 3)
    client.send("$/cancelRequest", {"id": 3})
    refused = [client.next() for _ in range(5)]
    assert [(each["id"], each["error"]["code"]) for each in refused] == [
        ("early", -32002),
        (None, -32700),
        (None, -32600),
        ("odd", -32602),
        ("none", -32602),
    ]
    offered = client.reply("init")["result"]["capabilities"]
    assert offered["positionEncoding"] == encoding
    assert offered["inlineCompletionProvider"] == {}
    assert offered["textDocumentSync"]["change"] == 2
    if params is VSCODE:
        client.answer(client.told("workspace/configuration"), [None])
    assert len(client.reply(2)["result"]["items"]) == 1
    assert client.reply(3)["error"]["code"] == -32800
    client.change((0, 3, 0, 3, "XY"))
    assert client.text() == "abcXY\nde"
    assert client.text(EARLY) is None
    assert client.result("refact/collects")["value"] is True  # its start is over


@pytest.mark.parametrize(("sent", "code"), [([], 0), ([{"method": "exit"}], 1)])
def test_the_plain_way_ends_where_the_client_leaves_first(
    tmp_path: Path, sent: list[dict[str, Any]], code: int
):
    with pytest.raises(SystemExit) as ended:
        from_file(tmp_path, sent)
    assert ended.value.code == code


def test_the_plain_way_answers_from_a_file_to_a_file(tmp_path: Path):
    """The rest of such a session does not depend on the way: see test_endings.py."""
    said = from_file(tmp_path, [{"id": 1, "method": "initialize", "params": BARE}])
    assert said["result"]["capabilities"] == capabilities({})


def from_file(folder: Path, messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Start the plain way on files; gives the one answer."""
    given, answered = folder / "in", folder / "out"
    bodies = [json.dumps({"jsonrpc": "2.0"} | each).encode() for each in messages]
    given.write_bytes(b"".join(map(framed, bodies)))
    with given.open("rb") as stdin, answered.open("wb") as stdout:
        plain_start((stdin.fileno(), stdout.fileno()))
    (answer,) = Frames().feed(answered.read_bytes())
    assert isinstance(answer, bytes)
    return json.loads(answer)


def test_a_large_document_right_behind_initialize_arrives_whole(start: Start):
    client = start()
    client.send("initialize", NEOVIM, 1)
    client.send("initialized", {})
    client.open("é" * 300_000)
    assert "result" in client.reply(1)
    assert client.text() == "é" * 300_000


def test_the_answer_needs_hardly_an_import():
    code = (
        "import sys; import refact_lsp.lsp.main;"
        "print([m for m in ('asyncio', 'msgspec', 'pygls', 'lsprotocol', 'attrs', 'logging')"
        " if m in sys.modules])"
    )
    assert run(code) == "[]\n"


@pytest.fixture(scope="module")
def lazy() -> dict[str, Any]:
    """How it went in a process that built lsprotocol's classes lazily: see lazy_classes.py."""
    command = [sys.executable, "-m", "tests.lsp.lazy_classes"]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def test_lazy_classes_equal_eager_ones(lazy: dict[str, Any]):
    """All of lsprotocol's classes, field by field, and those that can be made without arguments."""
    from lsprotocol import types

    assert "__slots__" in vars(types.Position)  # those of this process are built by attrs
    eager = list(described())
    assert len(eager) > 1000
    assert lazy["all"] == eager


def test_hardly_a_class_is_built_before_it_is_used(lazy: dict[str, Any]):
    """Guards the gain without a clock: an upgrade that defeats the laziness fails here."""
    assert 0 < lazy["built"] < 60


def test_lazy_classes_are_built_once_by_many_threads(lazy: dict[str, Any]):
    assert lazy["raced"] == []


def test_a_server_that_cannot_start_says_so_and_fails():
    code = """
from refact_lsp.lsp.main import serve
def load():
    raise RuntimeError("no such thing")
serve(load)
"""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": BARE})
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=framed(body.encode()),
        capture_output=True,
        env=os.environ | {"REFACT_STARTUP": "early,lazy"},
        check=False,
    )
    assert done.returncode == 1
    assert b"window/showMessage" in done.stdout

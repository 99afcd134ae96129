"""The short cuts of start-up change nothing but the time: same answers, same classes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from refact_lsp.lsp.client import read_initialize
from refact_lsp.lsp.early import capabilities
from refact_lsp.lsp.pygls_server import Features
from tests.lsp.conftest import WAYS
from tests.lsp.raw_client import BARE, HELIX, NEOVIM, VSCODE, RawClient, framed, inline

ODD: dict[str, Any] = {
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
    said = Features(read_initialize(params)).result
    assert said["capabilities"] == capabilities(params["capabilities"])
    assert said["serverInfo"]["name"] == "refact-lsp"


@pytest.mark.parametrize(
    ("way", "params", "encoding"),
    [
        (way, params, encoding)
        for params, encoding in ((VSCODE, "utf-16"), (NEOVIM, "utf-8"), (BARE, "utf-16"))
        # The other ways go with the client that asks for most.
        for way in (("plain", "early", "lazy", "early,lazy") if params is VSCODE else WAYS[-1:])
    ],
)
def test_a_session_in_one_burst(start: Start, way: str, params: dict[str, Any], encoding: str):
    """What comes while the server is still importing waits, in order."""
    client = start(way)
    client.send("initialize", params, "init")
    client.send("initialized", {})
    client.open("abc\nde")
    client.send("textDocument/inlineCompletion", inline(), 2)
    client.send("refact/slow", {}, 3)
    client.send("$/cancelRequest", {"id": 3})
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


@pytest.mark.parametrize("way", ["plain", "early,lazy"])
def test_before_initialize_nothing_else_is_served(start: Start, way: str):
    client = start(way)
    assert client.code("refact/echo", {"text": "x"}) == -32002
    client.open("dropped")
    client.raw(framed(b"{x}"))
    assert client.reply(None)["error"]["code"] == -32700
    client.raw(framed(b"[]"))
    assert client.reply(None)["error"]["code"] == -32600
    assert client.code("initialize", {"capabilities": 3}) == -32602
    assert client.code("initialize") == -32602
    client.start(BARE | {"processId": "x", "workspaceFolders": 3, "clientInfo": {}})
    assert client.text() is None


def test_a_large_document_right_behind_initialize_arrives_whole(start: Start):
    client = start()
    client.send("initialize", NEOVIM, 1)
    client.send("initialized", {})
    client.open("é" * 2_000_000)
    assert "result" in client.reply(1)
    assert client.text() == "é" * 2_000_000


def test_the_answer_needs_hardly_an_import():
    code = (
        "import sys; import refact_lsp.lsp.main;"
        "print([m for m in ('asyncio', 'msgspec', 'pygls', 'lsprotocol', 'attrs', 'logging')"
        " if m in sys.modules])"
    )
    assert run(code) == "[]\n"


COMPARE = """
import sys
if sys.argv[1] == "lazy":
    from refact_lsp.lsp.lazy_types import import_lazily
    import_lazily()
import attrs
from lsprotocol import converters, types
convert = converters.get_converter()
for name, cls in sorted(types.ALL_TYPES_MAP.items()):
    if not (isinstance(cls, type) and attrs.has(cls)):
        continue
    print(name, [
        (f.name, repr(f.type), repr(f.default), f.kw_only, f.init, f.eq, f.validator is None)
        for f in attrs.fields(cls)
    ])
    try:
        made = cls()
    except TypeError as error:
        print(str(error)[:300])
        continue
    print(convert.unstructure(made), repr(made), made == cls(), cls.__hash__ is None)
class Sub(types.Command): pass
print(Sub("a", "b"), Sub("a", "b") == Sub("a", "b"), attrs.fields(Sub)[0].name)
@attrs.define
class More(types.TextEdit):
    extra: int = 0
print(More(None, "x", 3), [f.name for f in attrs.fields(More)])
one = types.Position(1, 2)
print(one, one == types.Position(1, 2), one < types.Position(2, 0), one.__match_args__)
for bad in (-1, "x"):
    try:
        types.Position(bad, 0)
    except Exception as error:
        print(type(error))
"""


def test_lazy_classes_equal_eager_ones():
    """All of lsprotocol's classes, field by field, and those that can be made without arguments."""
    eager, lazy = run(COMPARE, "eager"), run(COMPARE, "lazy")
    assert eager.count("\n") > 1000
    assert lazy == eager


def test_hardly_a_class_is_built_before_it_is_used():
    """Guards the gain without a clock: an upgrade that defeats the laziness fails here."""
    code = """
from refact_lsp.lsp.lazy_types import import_lazily
import_lazily()
from refact_lsp.lsp.messages import InitializeParams
from refact_lsp.lsp.pygls_server import Features
Features(InitializeParams({}))
from lsprotocol import types
marks = ("__attrs_props__", "__attrs_own_setattr__")
print(sum(
    isinstance(cls, type) and any(mark in vars(cls) for mark in marks)
    for cls in types.ALL_TYPES_MAP.values()
))
"""
    assert int(run(code)) < 60


def test_lazy_classes_are_built_once_by_many_threads():
    code = """
import sys, threading
sys.setswitchinterval(1e-6)
from refact_lsp.lsp.lazy_types import import_lazily
import_lazily()
from lsprotocol import types
bad = []
def work():
    try:
        for name in ("Position", "Range", "TextEdit", "Location", "CompletionItem", "Command"):
            getattr(types, name).__attrs_attrs__
            types.Position(1, 2)
            types.Command("a", "b")
    except Exception as error:
        bad.append(repr(error))
threads = [threading.Thread(target=work) for _ in range(16)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(bad)
"""
    assert run(code) == "[]\n"


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

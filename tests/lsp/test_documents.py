"""Text sync through the server: what the client sees is what the product reads."""

import json
import random
import time
from collections.abc import Callable
from typing import Any

import pytest

from refact_lsp.core.text import Encoding
from tests.core.slow_text import slow_edit
from tests.lsp.raw_client import AUTOMATIC, BARE, HELIX, URI, VSCODE, RawClient, framed, inline

ALPHABET = "ab é€😀\t\n\r\x0b\x0c\x85\u2028\u2029"
UTF32 = {"capabilities": {"general": {"positionEncodings": ["utf-7", "utf-32"]}}}


def test_edits_apply_in_order(server: RawClient):
    server.open("one\ntwo\nthree")
    server.change(
        (1, 0, 1, 3, "zwei"), (0, 3, 1, 0, " "), (0, 99, 9, 9, "!"), "whole", (0, 0, 0, 0, "the ")
    )
    assert server.text() == "the whole"


def test_a_range_backwards_is_taken_forwards(server: RawClient):
    server.open("abc")
    server.change((0, 2, 0, 1, "X"))
    assert server.text() == "aXc"


def test_only_lf_and_cr_end_lines(server: RawClient):
    server.open("a\x0cb\u2028c\x85d\r1\r\n2\n3")
    server.change((1, 0, 1, 1, "eins"), (2, 0, 2, 1, "zwei"), (3, 0, 3, 1, "drei"))
    assert server.text() == "a\x0cb\u2028c\x85d\reins\r\nzwei\ndrei"


def test_random_edits_keep_the_client_and_the_server_alike(server: RawClient):
    edit_at_random(server, "utf-8")


@pytest.mark.parametrize(
    ("profile", "encoding"),
    [(VSCODE, "utf-16"), (BARE, "utf-16"), (UTF32, "utf-32")],
    ids=["asked for", "by default", "utf-32"],
)
def test_and_so_they_do_in_other_units(
    start: Callable[..., RawClient], profile: dict[str, Any], encoding: Encoding
):
    client = start()
    assert client.start(profile)["capabilities"]["positionEncoding"] == encoding
    edit_at_random(client, encoding)


def edit_at_random(client: RawClient, encoding: Encoding) -> None:
    random_ = random.Random(encoding)
    for number in range(25):
        uri = f"file:///w/{number}.txt"
        text = "".join(random_.choices(ALPHABET, k=random_.randrange(60)))
        client.open(text, uri)
        for version in range(2, 12):
            places = [random_.choice([0, 1, 2, 3, 5, 9, 40]) for _ in range(4)]
            new = "".join(random_.choices(ALPHABET, k=random_.randrange(5)))
            client.change((*places, new), uri=uri, version=version)
            text = slow_edit(text, places, new, encoding)
        assert client.text(uri) == text
        client.send("textDocument/didClose", {"textDocument": {"uri": uri}})


def test_half_a_surrogate_pair_keeps_its_place(start: Callable[..., RawClient]):
    client = start()
    client.start(VSCODE)
    client.open("ab")
    client.change((0, 1, 0, 1, "\ud83d"))  # an editor's edit may cut a pair in two
    client.change((0, 3, 0, 3, "!"))
    assert client.text() == "a\ufffdb!"
    assert client.result("refact/echo", {"text": "x\udc00"}) == {"text": "x\ufffd"}


def test_a_document_that_is_not_open_is_not_read(server: RawClient):
    path: dict[str, Any] = {"document": {"uri": f"file://{__file__}"}}
    assert server.result("textDocument/inlineCompletion", inline(**path)) == {"items": []}
    server.change((0, 0, 0, 0, "x"), uri="file:///w/never.py")
    assert server.text("file:///w/never.py") is None


def test_closing_forgets_a_document(server: RawClient):
    server.open("abc")
    server.send("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert server.text() is None


def test_edits_reach_the_product_in_code_points(server: RawClient):
    server.open("😀b\nc")
    server.change((0, 4, 0, 5, "X"), (0, 5, 1, 0, ""))
    log = server.result("refact/log")["value"]
    assert log[-1] == [
        "changed",
        URI,
        {"start_line": 0, "start_column": 1, "end_line": 0, "end_column": 2, "text": "X"},
        {"start_line": 0, "start_column": 2, "end_line": 1, "end_column": 0, "text": ""},
    ]


def test_a_snapshot_is_what_was_there_when_it_was_asked(server: RawClient):
    """The edit behind a request, in the same packet, does not change what the request sees."""
    server.open("abc\n")
    ask = {"jsonrpc": "2.0", "id": 4, "method": "textDocument/inlineCompletion", "params": inline()}
    edit = {
        "jsonrpc": "2.0",
        "method": "textDocument/didChange",
        "params": {
            "textDocument": {"uri": URI, "version": 2},
            "contentChanges": [{"text": "a very long line"}],
        },
    }
    server.raw(framed(json.dumps(ask).encode()) + framed(json.dumps(edit).encode()))
    [item] = server.reply(4)["result"]["items"]
    assert item["range"]["end"] == {"line": 0, "character": 3}


def test_a_long_line_is_edited_quickly(server: RawClient):
    server.open("é" * 1_000_000)
    began = time.monotonic()
    for number in range(20):
        server.change((0, 1_000_000, 0, 1_000_000, "x"), version=number + 2)
    assert server.text() == "é" * 500_000 + "x" * 20 + "é" * 500_000
    assert time.monotonic() - began < 5  # stock pygls needs half a second an edit


@pytest.mark.parametrize("version", [1, 3])
def test_a_request_for_another_version_gets_nothing(server: RawClient, version: int):
    server.open("abc")
    server.change((0, 0, 0, 0, "x"), version=2)
    wrong = inline(document={"version": version}, **AUTOMATIC)
    assert server.result("textDocument/inlineCompletion", wrong) == {"items": []}
    right = inline(document={"version": 2}, **AUTOMATIC)
    assert len(server.result("textDocument/inlineCompletion", right)["items"]) == 1


def test_the_menu_is_for_clients_without_ghost_text(start: Callable[..., RawClient]):
    client = start()
    offered = client.start(HELIX)["capabilities"]
    assert "." in offered["completionProvider"]["triggerCharacters"]
    client.open("x = 😀gho")
    position = {"line": 0, "character": 11}
    params = {"textDocument": {"uri": URI}, "position": position}
    [item] = client.result("textDocument/completion", params)["items"]
    assert item["textEdit"]["newText"] == "ghoghost_text()"
    assert item["textEdit"]["range"]["start"] == {"line": 0, "character": 8}
    assert item["textEdit"]["range"]["end"] == position
    assert item["filterText"].startswith("gho")
    assert item["command"]["arguments"] == ["item-1"]

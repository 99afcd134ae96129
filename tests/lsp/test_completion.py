"""Inline completion's manners: what reaches the product, and that it never raises an error box."""

import json
from typing import Any

import pytest

from tests.lsp.raw_client import AUTOMATIC, URI, RawClient, framed, inline


@pytest.mark.parametrize("line", ["# fail", "# refuse", "# nothing"])
def test_nothing_and_failures_are_an_empty_list(server: RawClient, line: str):
    server.open(line)
    answer = server.result("textDocument/inlineCompletion", inline(0, len(line), **AUTOMATIC))
    assert answer == {"items": []}
    assert "secret-path" not in json.dumps(server.others)


def test_a_request_without_context_is_served(server: RawClient):
    server.open("abc")
    assert len(server.result("textDocument/inlineCompletion", inline())["items"]) == 1


def test_cancelled_completion_is_told_so(server: RawClient):
    server.open("# slow")
    server.send("textDocument/inlineCompletion", inline(**AUTOMATIC), 5)
    server.result("refact/echo", {"text": "a"})
    server.send("$/cancelRequest", {"id": 5})
    assert server.reply(5)["error"]["code"] == -32800


def test_what_is_known_at_once_is_answered_before_the_next_message_is_read(server: RawClient):
    server.open("abc")
    server.result("refact/echo", {"text": "a"})  # the product is open by now
    ask = {"jsonrpc": "2.0", "id": 6, "method": "textDocument/inlineCompletion", "params": inline()}
    cancel = {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 6}}
    server.raw(b"".join(framed(json.dumps(message).encode()) for message in (ask, cancel)))
    assert len(server.reply(6)["result"]["items"]) == 1


def test_how_it_was_asked_reaches_the_product(server: RawClient):
    server.open("😀pri\n")
    where = {"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 7}}
    more: dict[str, Any] = {
        "context": {
            "triggerKind": 1,
            "selectedCompletionInfo": {"range": where, "text": "print"},
        },
        "formattingOptions": {"tabSize": 3, "insertSpaces": False},
    }
    server.result("textDocument/inlineCompletion", inline(0, 7, **more))
    ask = server.result("refact/seen")["value"][1]
    selected = {"start_line": 0, "start_column": 1, "end_line": 0, "end_column": 4, "text": "print"}
    assert ask == {"automatic": False, "selected": selected, "tab_size": 3, "insert_spaces": False}


def test_what_became_of_an_item_reaches_the_product(server: RawClient):
    server.open("abc")
    [item] = server.result("textDocument/inlineCompletion", inline(**AUTOMATIC))["items"]
    server.send("textDocument/didShowCompletion", {"item": item})
    server.send("textDocument/didPartiallyAcceptCompletion", {"item": item, "acceptedLength": 5})
    accepted = {"command": "refact.completion.accepted", "arguments": ["item-1"]}
    assert server.result("workspace/executeCommand", accepted) is None
    server.send("textDocument/didFocus", {"textDocument": {"uri": URI}})
    server.send("textDocument/didFocus", {})
    server.send("textDocument/didShowCompletion", {"item": {}})
    assert server.result("refact/log")["value"][-5:] == [
        ["shown", "item-1"],
        ["acceptedPart", "item-1", 5],
        ["accepted", "item-1"],
        ["focused", URI],
        ["focused", None],
    ]


def test_copilot_clients_are_told_the_truth(server: RawClient):
    assert server.result("checkStatus", {}) == {"status": "OK"}
    assert server.result("signIn", {}) == {"status": "AlreadySignedIn"}

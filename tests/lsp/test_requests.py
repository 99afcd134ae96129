"""Every request gets an answer, whatever is wrong with it, both ways of starting."""

import json
import time

import pytest

from tests.lsp.raw_client import AUTOMATIC, URI, RawClient, framed, inline


def test_a_good_request_is_answered(server: RawClient):
    server.open("abc\n")
    [item] = server.result("textDocument/inlineCompletion", inline(0, 1, **AUTOMATIC))["items"]
    assert item == {
        "insertText": "ghost_text()",
        "range": {"start": {"line": 0, "character": 1}, "end": {"line": 0, "character": 3}},
        "command": {
            "title": "Accepted",
            "command": "refact.completion.accepted",
            "arguments": ["item-1"],
        },
    }


@pytest.mark.parametrize(
    ("method", "params", "field"),
    [
        ("textDocument/inlineCompletion", None, "textDocument"),
        ("textDocument/inlineCompletion", {}, "textDocument"),
        ("textDocument/inlineCompletion", {"textDocument": {"uri": URI}}, "position"),
        ("textDocument/inlineCompletion", {"textDocument": {"uri": 3}, "position": {}}, "uri"),
        ("textDocument/inlineCompletion", inline(-1), "line"),
        ("textDocument/inlineCompletion", [1, 2], "array"),
        ("workspace/executeCommand", {"arguments": []}, "command"),
        ("workspace/executeCommand", {"command": "nope"}, "command"),
        ("workspace/executeCommand", {"command": "refact.completion.accepted"}, "arguments"),
        ("refact/echo", {"text": 3}, "text"),
        ("refact/echo", None, "text"),
    ],
)
def test_params_that_do_not_fit_are_refused_by_name(
    server: RawClient, method: str, params: object, field: str
):
    error = server.ask(method, params)["error"]
    assert error["code"] == -32602
    assert field in error["message"]


@pytest.mark.parametrize("method", ["nope", "refact/nope", "textDocument/hover", "$/nope"])
def test_an_unknown_method_is_refused(server: RawClient, method: str):
    assert server.code(method, {}) == -32601


def test_an_unknown_notification_is_passed_over(server: RawClient):
    server.send("$/nope", {})
    server.send("textDocument/didSave", {})
    assert server.result("refact/echo", {"text": "a"}) == {"text": "a"}


@pytest.mark.parametrize("body", [b"{x}", b"", b'{"jsonrpc"', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_a_parse_error(server: RawClient, body: bytes):
    server.raw(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    if body:
        error = server.reply(None)["error"]
        assert error["code"] == -32700
    assert server.result("refact/echo", {"text": "a"}) == {"text": "a"}


@pytest.mark.parametrize(
    ("message", "key"),
    [
        ({"id": 1, "method": "refact/echo", "params": {"text": "a"}}, 1),
        ({"jsonrpc": "1.0", "id": "one", "method": "refact/echo"}, "one"),
        ({"jsonrpc": "2.0", "id": None, "method": "refact/echo"}, None),
        ({"jsonrpc": "2.0", "id": 1.5, "method": "refact/echo"}, None),
        ({"jsonrpc": "2.0", "id": True, "method": "refact/echo"}, None),
        ({"jsonrpc": "2.0", "id": 7, "method": 3}, 7),
        (3, None),
        ([], None),
    ],
)
def test_what_is_no_request_is_an_invalid_request(server: RawClient, message: object, key: object):
    server.raw(framed(json.dumps(message).encode()))
    assert server.reply(key)["error"]["code"] == -32600


def test_each_message_of_a_batch_is_answered(server: RawClient):
    batch = [{"jsonrpc": "2.0", "id": key, "method": "refact/echo"} for key in (1, "b")]
    server.raw(framed(json.dumps(batch).encode()))
    assert server.reply(1)["error"]["code"] == -32600
    assert server.reply("b")["error"]["code"] == -32600


ECHO = framed(b'{"jsonrpc":"2.0","id":"echo","method":"refact/echo","params":{"text":"a"}}')


@pytest.mark.parametrize(
    "message", [b'[{"id":"\\ud800"}]', b'{"jsonrpc":2,"id":"\\udc00","method":"refact/echo"}']
)
def test_an_id_that_no_answer_can_hold_is_answered_as_it_can_be(server: RawClient, message: bytes):
    server.raw(framed(message) + ECHO)
    assert server.reply("\ufffd")["error"]["code"] == -32600
    assert server.reply("echo")["result"] == {"text": "a"}


@pytest.mark.parametrize(
    "message",
    [
        b'{"jsonrpc":"2.0","id":"x","result":"\xff"}',
        b'{"jsonrpc":"2.0","id":"x","error":3}',
        b'{"jsonrpc":"2.0","result":3}',
        b'{"jsonrpc":"2.0","error":{"code":1,"message":"no"}}',
    ],
)
def test_a_response_that_says_nothing_does_not_hold_up_what_follows(
    server: RawClient, message: bytes
):
    server.send("$/setTrace", {"value": "off"})  # pygls is loaded by now
    server.raw(framed(message) + ECHO)
    assert server.reply("echo")["result"] == {"text": "a"}


def test_an_answer_that_cannot_be_read_is_a_refusal(server: RawClient):
    server.send("refact/ask", {}, 33)
    key = server.told("refact/question")["id"].encode()
    server.raw(framed(b'{"jsonrpc":"2.0","id":"%b","result":"\xff"}' % key) + ECHO)
    assert server.reply("echo")["result"] == {"text": "a"}
    assert server.reply(33)["error"]["code"] == -32001


def test_an_id_that_is_in_use_is_refused(server: RawClient):
    server.send("refact/slow", {}, "same")
    server.send("refact/echo", {"text": "a"}, "same")
    assert server.reply("same")["error"]["code"] == -32600
    server.send("$/cancelRequest", {"id": "same"})
    assert server.reply("same")["error"]["code"] == -32800


def test_initialize_counts_once(server: RawClient):
    assert server.code("initialize", {"capabilities": {}}) == -32600


def test_nested_messages_and_odd_keys_arrive_as_they_are(server: RawClient):
    params = {
        "jsonrpc": "2.0",
        "message": {"jsonrpc": "2.0", "id": 1, "method": "x", "params": {"jsonrpc": 3}},
        "class": 1,
        "_x": 2,
        "a-b": [{"type_name": None}],
        "type_name": "kept",
    }
    assert server.result("refact/raw", params) == {"value": params}
    assert server.result("refact/raw", [1, {"class": 2}]) == {"value": [1, {"class": 2}]}
    assert server.result("refact/raw") == {"value": {}}


@pytest.mark.parametrize(
    "head",
    [
        b"content-length: %d\r\n\r\n",
        b"CONTENT-LENGTH:%d\r\nContent-Type: application/vscode-jsonrpc; charset=utf8\r\n\r\n",
        b"Garbage\r\nContent-Length : %d\r\n\r\n",
        b"\r\n\r\nContent-Length: nine\r\n\r\nContent-Length: -3\r\n\r\nContent-Length: %d\r\n\r\n",
    ],
)
def test_headers_are_read_with_tolerance(server: RawClient, head: bytes):
    body = b'{"jsonrpc":"2.0","id":5,"method":"refact/echo","params":{"text":"a"}}'
    server.raw(head % len(body) + body)
    assert server.reply(5)["result"] == {"text": "a"}


def test_a_problem_is_data_and_never_a_traceback(server: RawClient):
    error = server.ask("refact/problem")["error"]
    assert error["code"] == -32001
    assert error["data"] == {
        "kind": "privacy",
        "message": "Not this file.",
        "hint": "Ask for another.",
        "field": "uri",
    }


def test_a_bug_is_told_without_its_text(server: RawClient):
    error = server.ask("refact/bug")["error"]
    assert error["code"] == -32603
    assert "KeyError" in error["message"]
    assert "secret-path" not in json.dumps(error)
    assert "data" not in error


@pytest.mark.parametrize("key", [77, "seventy-seven"])
def test_cancelling_ends_the_work_and_says_so(server: RawClient, key: object):
    before = server.result("refact/seen")["value"][3]
    server.send("refact/slow", {}, key)
    assert server.result("refact/echo", {"text": "a"}) == {"text": "a"}  # it is running by now
    server.send("$/cancelRequest", {"id": key})
    assert server.reply(key)["error"]["code"] == -32800
    assert server.result("refact/seen")["value"][3] == before + 1


def test_a_request_that_is_cancelled_before_it_began_begins_and_ends(server: RawClient):
    slow = b'{"jsonrpc":"2.0","id":9,"method":"refact/slow","params":{}}'
    cancel = b'{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":9}}'
    before = server.result("refact/seen")["value"][3]
    server.raw(framed(slow) + framed(cancel))
    assert server.reply(9)["error"]["code"] == -32800
    assert server.result("refact/seen")["value"][3] == before + 1


def test_cancelling_what_is_not_there_does_nothing(server: RawClient):
    server.send("$/cancelRequest", {"id": "never"})
    server.send("$/cancelRequest", {})
    assert server.result("refact/echo", {"text": "a"}) == {"text": "a"}


def test_threads_in_use_do_not_stop_the_reading(server: RawClient):
    for key in range(40, 60):
        server.send("refact/block", {}, key)
    began = time.monotonic()
    assert server.result("refact/echo", {"text": "a"}) == {"text": "a"}
    assert time.monotonic() - began < 3
    for key in range(40, 60):
        server.send("$/cancelRequest", {"id": key})
        assert server.reply(key)["error"]["code"] == -32800


def test_printing_does_not_reach_the_client(server: RawClient):
    assert server.result("refact/print") == {"value": None}


def test_requests_to_the_client_are_matched_with_their_answers(server: RawClient):
    server.send("refact/ask", {}, 31)
    question = server.told("refact/question")
    server.answer(question, {"class": 1})
    assert server.reply(31)["result"] == {"value": {"class": 1}}
    server.send("refact/ask", {}, 32)
    question = server.told("refact/question")
    refusal = {"jsonrpc": "2.0", "id": question["id"], "error": {"code": -1, "message": "no"}}
    server.raw(framed(json.dumps(refusal).encode()))
    assert "no" in server.reply(32)["error"]["message"]
    server.answer({"id": "never asked"}, 3)
    server.result("refact/tell")
    assert server.told("refact/told")["params"] == {"value": 2}


def test_large_messages_arrive_whole(server: RawClient):
    text = "é" * 2_000_000
    assert server.result("refact/echo", {"text": text}) == {"text": text}

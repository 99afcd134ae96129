"""However the client leaves, the server is gone within a second, with nothing left running."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from refact_lsp.lsp.framing import Frames
from refact_lsp.lsp.main import END_S
from tests.lsp.raw_client import BARE, NEOVIM, RawClient, framed, inline

Start = Callable[..., RawClient]
# The promise is one second; the rest is for a machine that runs other tests beside.
SOON_S = 2.5


@pytest.fixture
def client(start: Start) -> RawClient:
    client = start()
    client.start(BARE)
    return client


def gone(client: RawClient) -> int:
    began = time.monotonic()
    code = client.exit_code()
    assert time.monotonic() - began < SOON_S
    return code


def test_shutdown_then_exit_is_0_and_nothing_is_served_between(client: RawClient):
    client.send("refact/slow", {}, "slow")
    assert client.ask("shutdown") == {"jsonrpc": "2.0", "id": client.next_id, "result": None}
    assert client.reply("slow")["error"]["code"] == -32800
    assert client.code("refact/echo", {"text": "a"}) == -32600
    assert client.code("shutdown") == -32600
    client.send("exit")
    assert gone(client) == 0
    assert client.others == []


def test_the_end_of_input_ends_the_server_amid_work(client: RawClient):
    client.open("# slow")
    client.send("textDocument/inlineCompletion", inline(), 1)
    client.send("refact/slow", {}, 2)
    client.result("refact/echo", {"text": "a"})
    client.close_input()
    assert gone(client) == 0


def test_a_thread_in_a_system_call_does_not_outlive_the_end(
    start: Start, monkeypatch: pytest.MonkeyPatch
):
    assert END_S < 1
    monkeypatch.setenv("HURRY", "END_S")
    client = start()
    client.start(BARE)
    client.send("refact/block", {}, 1)
    client.result("refact/echo", {"text": "a"})
    client.close_input()
    gone(client)


def test_a_closed_output_ends_the_server(client: RawClient):
    client.close_output()
    gone(client)


def test_a_client_that_vanishes_ends_the_server(start: Start):
    """Its pipes stay open here, as when a child of the editor has inherited them."""
    editor = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    client = start()
    client.start(NEOVIM | {"processId": editor.pid})
    assert client.result("refact/echo", {"text": "a"}) == {"text": "a"}
    editor.send_signal(signal.SIGKILL)
    gone(client)
    editor.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_in_order(start: Start, number: signal.Signals):
    client = start()
    client.start(BARE)
    client.send("refact/slow", {}, 1)
    client.result("refact/echo", {"text": "a"})
    client.process.send_signal(number)
    assert gone(client) == 128 + number


def test_a_process_of_another_namespace_is_not_waited_for_and_exit_without_shutdown_is_1(
    start: Start,
):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    client = start()
    client.start(NEOVIM | {"processId": ended.pid})
    assert client.result("refact/echo", {"text": "a"}) == {"text": "a"}
    client.send("exit")
    assert gone(client) == 1


EXIT = framed(b'{"jsonrpc":"2.0","method":"exit"}')


@pytest.mark.parametrize(
    ("way", "messages", "code"),
    [("early,lazy", b"", 0), ("early,lazy", EXIT, 1), ("plain", EXIT, 1)],
)
def test_leaving_before_initialize_ends_the_server(
    start: Start, way: str, messages: bytes, code: int
):
    """What was loaded before it, in the plain way, does not hold up the end."""
    client = start(way)
    client.raw(messages)
    client.close_input()
    assert client.exit_code() == code


def test_an_interrupt_before_initialize_is_no_traceback(start: Start):
    """As where somebody tries the program in a terminal, sees nothing, and presses Ctrl-C."""
    client = start(module="refact_lsp", stderr=subprocess.PIPE)
    client.send("refact/echo", {}, 1)
    assert client.reply(1)["error"]["code"] == -32002  # it reads by now
    client.process.send_signal(signal.SIGINT)
    assert client.exit_code() == 130
    assert client.process.stderr is not None
    assert client.process.stderr.read() == b""


def memory_mb(client: RawClient) -> float:
    pages = int(Path(f"/proc/{client.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_client_that_does_not_read_is_waited_for_within_bounds(start: Start):
    """20 MB are asked for and not read; the server stops taking requests, and loses none."""
    client = start()
    client.start(BARE)
    client.result("refact/echo", {"text": "a"})
    before_mb = memory_mb(client)
    assert client.process.stdin is not None
    stdin = client.process.stdin.fileno()
    os.set_blocking(stdin, False)
    padding = "p" * 20_000
    asked = bytearray()
    count = 1000
    for key in range(count):
        params = {"size": 20_000, "padding": padding}
        message = {"jsonrpc": "2.0", "id": key, "method": "refact/big", "params": params}
        asked += framed(json.dumps(message).encode())
    sent = 0
    while select.select([], [stdin], [], 0.2)[1]:  # until it takes nothing for a while
        sent += os.write(stdin, asked[sent : sent + 65536])
    assert sent < len(asked) / 2
    assert memory_mb(client) - before_mb < 30
    os.set_blocking(stdin, True)
    rest = threading.Thread(target=client.raw, args=(asked[sent:],))
    rest.start()
    for key in range(count):
        assert len(client.reply(key)["result"]["value"]) == 20_000
    rest.join()


@pytest.mark.parametrize("leave", [RawClient.close_output, RawClient.close_input])
def test_a_client_that_does_not_read_can_still_leave(
    start: Start, leave: Callable[[RawClient], None]
):
    client = start()
    client.start(BARE)
    for key in range(400):
        client.send("refact/big", {"size": 20_000}, key)
    leave(client)
    gone(client)


def session(*messages: dict[str, Any]) -> bytes:
    return b"".join(framed(json.dumps({"jsonrpc": "2.0"} | each).encode()) for each in messages)


def test_files_as_handles_are_served_by_threads(tmp_path: Path):
    given, answered = tmp_path / "in", tmp_path / "out"
    given.write_bytes(
        session(
            {"id": 0, "method": "refact/echo"},
            {"id": 1, "method": "initialize", "params": BARE},
            {"method": "initialized", "params": {}},
            {"id": 2, "method": "textDocument/inlineCompletion", "params": inline()},
            {"id": 3, "method": "shutdown"},
            {"method": "exit"},
        )
    )
    with given.open("rb") as stdin, answered.open("wb") as stdout:
        command = [sys.executable, "-m", "tests.lsp.constant_server"]
        done = subprocess.run(command, stdin=stdin, stdout=stdout, timeout=20, check=False)
    assert done.returncode == 0
    frames = Frames().feed(answered.read_bytes())
    replies = [json.loads(body) for body in frames if isinstance(body, bytes)]
    assert [each["id"] for each in replies] == [0, 1, 2, 3]
    assert replies[0]["error"]["code"] == -32002
    assert replies[2]["result"] == {"items": []}


def test_one_socket_on_both_handles_is_served_by_threads():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        command = [sys.executable, "-m", "tests.lsp.constant_server"]
        process = subprocess.Popen(command, stdin=theirs.fileno(), stdout=theirs.fileno())
        theirs.close()
        ours.settimeout(10)
        reader = ours.makefile("rb")
        ours.sendall(session({"id": 1, "method": "initialize", "params": BARE}))
        assert reply(reader)["id"] == 1
        big = {"id": 2, "method": "refact/echo", "params": {"text": "x" * 3_000_000}}
        ours.sendall(session(big))
        assert len(reply(reader)["result"]["text"]) == 3_000_000
        ours.sendall(session({"id": 3, "method": "refact/slow", "params": {}}))
        ours.shutdown(socket.SHUT_WR)
        began = time.monotonic()
        assert process.wait(5) == 0
        assert time.monotonic() - began < SOON_S
        reader.close()


def reply(reader: Any) -> dict[str, Any]:
    size = int(reader.readline().split(b":")[1])
    reader.readline()
    return json.loads(reader.read(size))

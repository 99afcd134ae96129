"""Constant servers (constant_server.py) that are forked from one process, which imports for all.

Importing is nine tenths of what a server costs that is started for a few messages. What is forked
is a process of its own all the same: its handles, its signals and its end are real. Only how a
process begins is not: it takes all short cuts, and test_startup.py starts each anew.

`python -m tests.lsp.forks FD` is that one process; it is asked on a socket.
"""

import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import IO

from refact_lsp.core import collector
from refact_lsp.lsp.lazy_types import import_lazily
from tests.lsp import constant_server

_IMPORTED = ("refact_lsp.lsp.server", "refact_lsp.lsp.pygls_server", "tests.lsp.constant")
_REQUEST_BYTES = 1 << 18
_HANDLES = 4
_NUMBER_BYTES = 4


class Forked:
    """A server that runs, as far as tests need it like a `subprocess.Popen`."""

    stderr = None

    def __init__(self, stdin: IO[bytes], stdout: IO[bytes], told: int) -> None:
        self.stdin, self.stdout, self._told = stdin, stdout, told
        self.pid = _read_number(told)
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(f"server {self.pid}", timeout or 0)
            self.returncode = _read_number(self._told)
            os.close(self._told)
        return self.returncode

    def poll(self) -> int | None:
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Forks:
    """Starts the one process, and servers from it."""

    def __init__(self) -> None:
        self._asked, asking = socket.socketpair()
        with asking:
            command = [sys.executable, "-m", __name__, str(asking.fileno())]
            self._process = subprocess.Popen(command, pass_fds=[asking.fileno()])

    def start(self, environment: Mapping[str, str]) -> Forked:
        """Give a server that starts with both short cuts."""
        their_stdin, stdin = os.pipe()
        stdout, their_stdout = os.pipe()
        told, telling = os.pipe()
        request = json.dumps(dict(environment)).encode()
        socket.send_fds(self._asked, [request], [their_stdin, their_stdout, 2, telling])
        for handle in (their_stdin, their_stdout, telling):
            os.close(handle)
        return Forked(os.fdopen(stdin, "wb", 0), os.fdopen(stdout, "rb", 0), told)

    def close(self) -> None:
        self._asked.close()
        self._process.wait()


def main(asked: socket.socket) -> None:
    """Fork servers until nobody can ask any more."""
    import_lazily()
    for name in _IMPORTED:
        importlib.import_module(name)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests
    while True:
        request, handles, _, _ = socket.recv_fds(asked, _REQUEST_BYTES, _HANDLES)
        if not request:
            break
        if os.fork() == 0:
            asked.close()
            _become_server(*handles)
            os.environ.clear()
            os.environ.update(json.loads(request))
            constant_server.serve()
        for handle in handles:
            os.close(handle)
    with suppress(ChildProcessError):  # none is left
        while True:
            os.wait()


def _become_server(stdin: int, stdout: int, stderr: int, telling: int) -> None:
    """Return in a child with these handles; this process stays to tell of its end."""
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number, handle in enumerate((stdin, stdout, stderr)):
            os.dup2(handle, number)
    for handle in (stdin, stdout, stderr):
        os.close(handle)
    if pid == 0:
        os.close(telling)
        return
    with suppress(BrokenPipeError):  # the tests are gone
        os.write(telling, _number(pid))
        _, status = os.waitpid(pid, 0)
        os.write(telling, _number(os.waitstatus_to_exitcode(status)))
    os._exit(0)


def _number(value: int) -> bytes:
    return value.to_bytes(_NUMBER_BYTES, "big", signed=True)


def _read_number(handle: int) -> int:
    return int.from_bytes(os.read(handle, _NUMBER_BYTES), "big", signed=True)


if __name__ == "__main__":
    collector.hold_off()
    main(socket.socket(fileno=int(sys.argv[1])))

"""The watch over the client's process, where no file descriptor tells of its end."""

import asyncio
import os
import subprocess
import sys

import pytest

from refact_lsp.lsp import parent


async def test_polling_notices_the_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(parent, "POLL_S", 0.01)
    # asyncio would reap the process, and with it the reason to poll.
    process = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE
    )
    gone = asyncio.Event()
    stop = parent._poll(asyncio.get_running_loop(), process.pid, gone.set)
    assert not gone.is_set()
    process.communicate(b"\n")
    async with asyncio.timeout(5):
        await gone.wait()
    stop()


async def test_a_watch_can_be_stopped():
    stop = parent.watch(os.getpid(), lambda: None)
    stop()
    parent._poll(asyncio.get_running_loop(), os.getpid(), lambda: None)()


def test_what_is_no_process_is_not_alive():
    assert not parent._alive(0)
    assert not parent._alive(-1)
    assert not parent._alive(2**70)
    assert parent._alive(os.getpid())

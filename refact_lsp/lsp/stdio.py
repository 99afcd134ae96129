"""The standard handles as one channel: chunks of bytes in, bytes out, never blocking the loop.

Pipes, sockets and terminals are read by asyncio itself. Where it cannot (Windows' handles, regular
files, one socket on both handles) two threads do the same work. Both keep what the client does not
read within bounds: beyond `HIGH_BYTES` of unread output no further input is taken.
"""

import asyncio
import contextlib
import os
import queue
import select
import stat
import sys
import threading
from collections.abc import Callable
from typing import Protocol

HIGH_BYTES = 4 * 1024 * 1024
LOW_BYTES = 512 * 1024
CHUNK_BYTES = 256 * 1024
LOOK_S = 0.25

Receive = Callable[[bytes], None]
Lost = Callable[[], None]


class Channel(Protocol):
    """An open pair of handles."""

    def write(self, data: bytes) -> None:
        """Queue bytes; dropped once the client is gone."""
        ...

    async def drained(self) -> None:
        """Wait until little enough is queued."""
        ...

    async def close(self, flush_s: float) -> None:
        """Stop reading, give queued output so much time, let go of the handles."""
        ...


async def open_channel(fd_in: int, fd_out: int, receive: Receive, lost: Lost) -> Channel:
    """Start reading; `lost` is called, maybe more than once, when the client is gone."""
    if _asyncio_can_use(fd_in, fd_out):
        return await _open_pipes(fd_in, fd_out, receive, lost)
    return _Threads(fd_in, fd_out, receive, lost)


def _asyncio_can_use(fd_in: int, fd_out: int) -> bool:
    if sys.platform == "win32" or os.path.sameopenfile(fd_in, fd_out):
        return False  # asyncio takes input on the output's handle for its end
    kinds = (stat.S_ISFIFO, stat.S_ISSOCK, stat.S_ISCHR)
    modes = (os.fstat(fd_in).st_mode, os.fstat(fd_out).st_mode)
    return all(any(kind(mode) for kind in kinds) for mode in modes)


class _Input(asyncio.Protocol):
    def __init__(self, receive: Receive, lost: Lost) -> None:
        self._receive = receive
        self._lost = lost

    def data_received(self, data: bytes) -> None:
        self._receive(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  — asyncio's name
        self._lost()


class _Pipes(asyncio.BaseProtocol):
    """asyncio's transports; this object is the output's protocol."""

    def __init__(self, lost: Lost) -> None:
        self._lost = lost
        self._flows = asyncio.Event()
        self._flows.set()
        self._ended = asyncio.Event()
        self.source: asyncio.ReadTransport | None = None
        self.sink: asyncio.WriteTransport | None = None

    def pause_writing(self) -> None:
        self._flows.clear()
        if self.source is not None:
            self.source.pause_reading()
            self._look_for_the_end(self.source)

    def resume_writing(self) -> None:
        self._flows.set()
        if self.source is not None:
            self.source.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  — asyncio's name
        self._flows.set()
        self._ended.set()
        self._lost()

    def _look_for_the_end(self, source: asyncio.ReadTransport) -> None:
        """See now and then, while nothing is read, whether the client has left meanwhile."""
        if self._flows.is_set() or source.is_closing():
            return
        poll = select.poll()
        poll.register(source.get_extra_info("pipe"), getattr(select, "POLLRDHUP", 0))
        if poll.poll(0):
            self._lost()
        else:
            asyncio.get_running_loop().call_later(LOOK_S, self._look_for_the_end, source)

    def write(self, data: bytes) -> None:
        if self.sink is not None and not self.sink.is_closing():
            self.sink.write(data)

    async def drained(self) -> None:
        await self._flows.wait()

    async def close(self, flush_s: float) -> None:
        if self.source is not None:
            self.source.close()
        if self.sink is not None:
            self.sink.close()  # writes what is queued first
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(flush_s):
                    await self._ended.wait()
            if not self._ended.is_set():
                self.sink.abort()


async def _open_pipes(fd_in: int, fd_out: int, receive: Receive, lost: Lost) -> _Pipes:
    loop = asyncio.get_running_loop()
    pipes = _Pipes(lost)
    sink, _ = await loop.connect_write_pipe(lambda: pipes, os.fdopen(fd_out, "wb", 0))
    sink.set_write_buffer_limits(high=HIGH_BYTES, low=LOW_BYTES)
    pipes.sink = sink
    source, _ = await loop.connect_read_pipe(
        lambda: _Input(receive, lost), os.fdopen(fd_in, "rb", 0)
    )
    pipes.source = source
    return pipes


class _Threads:
    """One thread reads, one writes; both end with the process, whatever blocks them."""

    def __init__(self, fd_in: int, fd_out: int, receive: Receive, lost: Lost) -> None:
        self._loop = asyncio.get_running_loop()
        self._receive, self._lost = receive, lost
        self._may_read = threading.Event()
        self._may_read.set()
        self._chunks = threading.Semaphore(4)  # read ahead of the loop, at most
        self._flows = asyncio.Event()
        self._flows.set()
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._queued_bytes = 0
        self._writer = threading.Thread(target=self._write_all, args=(fd_out,), daemon=True)
        self._writer.start()
        threading.Thread(target=self._read_all, args=(fd_in,), daemon=True).start()

    def write(self, data: bytes) -> None:
        self._queued_bytes += len(data)
        if self._queued_bytes > HIGH_BYTES:
            self._flows.clear()
            self._may_read.clear()
        self._queue.put(data)

    async def drained(self) -> None:
        await self._flows.wait()

    async def close(self, flush_s: float) -> None:
        self._queue.put(None)
        await asyncio.to_thread(self._writer.join, flush_s)

    def _written(self, count: int) -> None:
        self._queued_bytes -= count
        if self._queued_bytes <= LOW_BYTES:
            self._flows.set()
            self._may_read.set()

    def _taken(self, data: bytes) -> None:
        self._chunks.release()
        self._receive(data)

    def _tell(self, callback: Callable[..., None], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(callback, *args)

    def _read_all(self, fd: int) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(fd, CHUNK_BYTES):
                self._chunks.acquire()
                self._tell(self._taken, data)
                self._may_read.wait()
        self._tell(self._lost)

    def _write_all(self, fd: int) -> None:
        try:
            while (data := self._queue.get()) is not None:
                view = memoryview(data)
                while view:
                    view = view[os.write(fd, view) :]
                self._tell(self._written, len(data))
        except OSError:
            self._tell(self._lost)

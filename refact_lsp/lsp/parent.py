"""Tells that it is time to end where no pipe says so: a vanished client, a signal."""

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable

POLL_S = 0.3


def end_at_signals(end: Callable[[int], None]) -> None:
    """End in order, with the shell's exit code, where the process is asked to by a signal."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(number, end, 128 + number)


def watch(pid: int, gone: Callable[[], None]) -> Callable[[], None]:
    """Call `gone` on the running loop when the process ends; returns what stops the watch.

    A process that cannot be found from the start is not watched: it lives in another namespace,
    as with a server in a container.
    """
    if sys.platform == "win32":
        return _watch_handle(pid, gone)
    if not _alive(pid):
        return lambda: None
    loop = asyncio.get_running_loop()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # an old kernel, a sandbox
            fd = os.pidfd_open(pid)
            loop.add_reader(fd, gone)

            def stop() -> None:
                loop.remove_reader(fd)
                os.close(fd)

            return stop
    return _poll(loop, pid, gone)


def _poll(
    loop: asyncio.AbstractEventLoop, pid: int, gone: Callable[[], None]
) -> Callable[[], None]:
    timer: asyncio.TimerHandle | None = None

    def look() -> None:
        nonlocal timer
        if _alive(pid):
            timer = loop.call_later(POLL_S, look)
        else:
            gone()

    def stop() -> None:
        if timer is not None:
            timer.cancel()

    look()
    return stop


def _alive(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def _watch_handle(pid: int, gone: Callable[[], None]) -> Callable[[], None]:
    """Windows: a process handle is signalled when its process ends."""
    if sys.platform == "win32":
        import ctypes

        synchronize, forever = 0x00100000, 0xFFFFFFFF
        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(synchronize, False, pid)  # noqa: FBT003  — a C function
        loop = asyncio.get_running_loop()

        def wait() -> None:
            kernel.WaitForSingleObject(handle, forever)
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(gone)

        if handle:
            threading.Thread(target=wait, daemon=True).start()
    return lambda: None

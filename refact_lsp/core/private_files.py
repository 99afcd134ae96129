"""Files for their owner alone: written whole or not at all, and guarded by a lock.

Several servers run at once, one a window: whoever changes a shared file holds its lock, reads
again, and replaces the file in one step.
"""

import os
import sys
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from refact_lsp.core.paths import make_private
from refact_lsp.core.problems import RefactError, refuse

_RETRY_S = 0.02

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def write_private(path: Path, content: bytes) -> None:
    """Replace the file in one step; on any failure the old content stays. Raises `OSError`."""
    make_private(path.parent)
    draft = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # replace, not rename: Windows refuses to rename onto an existing file.
        draft.replace(path)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise


@contextmanager
def locked(path: Path, *, timeout_s: float = 10.0) -> Generator[None]:
    """Hold the lock that `path` stands for; ends with the process at the latest."""
    descriptor = _open_lock(path)
    try:
        deadline = time.monotonic() + timeout_s
        while not _lock_once(descriptor):
            if time.monotonic() > deadline:
                raise _busy(path)
            time.sleep(_RETRY_S)
        yield
    finally:
        os.close(descriptor)


@asynccontextmanager
async def locked_async(path: Path, *, timeout_s: float = 60.0) -> AsyncGenerator[None]:
    """Hold the same lock as `locked` without stopping the event loop."""
    import asyncio  # the worker's child writes files and has no loop

    descriptor = _open_lock(path)
    try:
        deadline = time.monotonic() + timeout_s
        while not _lock_once(descriptor):
            if time.monotonic() > deadline:
                raise _busy(path)
            await asyncio.sleep(_RETRY_S)
        yield
    finally:
        os.close(descriptor)


def _open_lock(path: Path) -> int:
    make_private(path.parent)
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise refuse(
            "internal",
            f"The lock {path} cannot be opened: {error.strerror}.",
            "Give its folder to your user, or point REFACT_HOME at a folder that you can write to.",
        ) from error


def _lock_once(descriptor: int) -> bool:
    try:
        _try_lock(descriptor)
    except OSError:
        return False
    return True


def _busy(path: Path) -> RefactError:
    return refuse(
        "internal",
        f"Another window keeps {path} locked.",
        "Close windows that no longer answer, then try again.",
    )

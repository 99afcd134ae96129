"""The operating system's keyring, where it is a real one.

Opening it costs a third of a second and a call may wait for a person to unlock it, so everything
here runs in a thread of its own, with a limit.
"""

import asyncio
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol, TypeVar, cast

from refact_lsp.core.problems import refuse

T = TypeVar("T")

# Modules whose backends lose the secret, refuse it or write it in clear.
_NOT_REAL = (
    "keyring.backends.null",
    "keyring.backends.fail",
    "keyrings.alt",
    "keyring.backends.chainer",
)
_TIMEOUT_S = 60.0


class Backend(Protocol):
    """What we use of a keyring backend."""

    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...


def find_backend(env: Mapping[str, str]) -> Backend | None:
    """Find a backend that keeps secrets; None where there is none or `REFACT_KEYRING=off`."""
    if env.get("REFACT_KEYRING", "").lower() == "off":
        return None
    if sys.platform != "darwin":
        # Elsewhere it would look for Apple's libraries with ldconfig, a C compiler and a linker.
        cast("dict[str, Any]", sys.modules).setdefault("keyring.backends.macOS.api", None)
    try:
        import keyring
        from keyring.backends.chainer import ChainerBackend

        chosen = keyring.get_keyring()
    except Exception:  # noqa: BLE001  — its settings name a backend that is not installed, or broken
        return None
    candidates = list(chosen.backends) if isinstance(chosen, ChainerBackend) else [chosen]
    # Their parameters are named otherwise and their decorators untyped: ours are positional.
    return cast("Backend | None", next((each for each in candidates if _is_real(each)), None))


def backend_name(backend: Backend | None) -> str | None:
    """Name a backend for `doctor`."""
    return f"{type(backend).__module__}.{type(backend).__qualname__}" if backend else None


def keeps(backend: Backend, service: str, username: str, value: str) -> bool:
    """Store a value and read it back; False where the backend lost, changed or refused it."""
    try:
        backend.set_password(service, username, value)
        return backend.get_password(service, username) == value
    except Exception:  # noqa: BLE001  — backends raise what their platform raises
        return False


def forget(backend: Backend, service: str, username: str) -> None:
    """Delete a value; one that is not there is fine."""
    with suppress(Exception):
        backend.delete_password(service, username)


def recall(backend: Backend, service: str, username: str) -> str | None:
    """Read a value; raises `authentication` where the keyring is locked or broken."""
    try:
        return backend.get_password(service, username)
    except Exception as error:
        raise refuse(
            "authentication",
            f"The keyring could not be read ({type(error).__name__}).",
            "Unlock it and try again, or set REFACT_KEYRING=off and store the secret again.",
        ) from error


async def aside(call: Callable[[], T]) -> T:
    """Run a call in a thread that does not hold up the end of the process."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # pyright: ignore[reportArgumentType]  # T where no error

    def work() -> None:
        result: T | None = None
        failure: BaseException | None = None
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001  — handed to the caller
            failure = error
        try:
            loop.call_soon_threadsafe(settle, result, failure)
        except RuntimeError:
            return  # the loop has ended meanwhile

    threading.Thread(target=work, name="refact-keyring", daemon=True).start()
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            return await future
    except TimeoutError as error:
        raise refuse(
            "authentication",
            "The keyring did not answer within a minute.",
            "Unlock it, or set REFACT_KEYRING=off and store the secret again.",
        ) from error


def _is_real(backend: object) -> bool:
    if type(backend).__module__.startswith(_NOT_REAL):
        return False
    try:
        return float(backend.priority) >= 1  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]  # part of every backend
    except Exception:  # noqa: BLE001  — a backend that cannot run here raises from its priority
        return False

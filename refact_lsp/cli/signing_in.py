"""The dialogue behind `providers sign-in`: shows where to go, waits, takes what is pasted."""

import asyncio
import os
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager

from refact_lsp.cli.front import ask
from refact_lsp.cli.output import echo, print_json_line
from refact_lsp.core.nouns import Provider
from refact_lsp.core.problems import RefactError
from refact_lsp.rpc.messages import Empty
from refact_lsp.rpc.messages.setup import (
    AuthStarted,
    ProviderResult,
    ProvidersResult,
    TemplatesResult,
)
from refact_lsp.rpc.session import Session

_READ_BYTES = 65_536


async def sign_in(
    session: Session, provider: str, method: str | None, *, as_json: bool
) -> Provider:
    """Sign in; a template's name stands for a provider that is not added yet."""
    await _added(session, provider)
    params = {"provider": provider}
    if method is not None:
        params["method"] = method
    started = await ask(session, "refact/auth/start", params, AuthStarted)
    if as_json:
        print_json_line(started)
    else:
        _explain(started)
    if started.kind == "device" or (started.kind == "browser" and not sys.stdin.isatty()):
        return await _complete(session, started)
    return await _back_or_pasted(session, started)


def _explain(started: AuthStarted) -> None:
    echo("Open this page in a browser, on this machine or another:\n")
    echo(f"  {started.url}\n")
    if started.user_code:
        echo(f"and enter the code  {started.user_code}\n")
    if started.kind == "browser":
        echo("It leads back here by itself. If it cannot, paste the address it ended at.")
    elif started.kind == "paste":
        echo("Then paste the address that the browser ended at, or the code it shows.")


async def _added(session: Session, provider: str) -> None:
    known = await ask(session, "refact/providers/list", Empty(), ProvidersResult)
    if any(entry.id == provider for entry in known.providers):
        return
    templates = await ask(session, "refact/providers/templates", Empty(), TemplatesResult)
    if any(entry.id == provider and "oauth" in entry.auth for entry in templates.templates):
        params: dict[str, object] = {"id": provider, "template": provider, "settings": {}}
        await ask(session, "refact/providers/save", params, ProviderResult)


async def _complete(session: Session, started: AuthStarted, code: str | None = None) -> Provider:
    params = {"flowId": started.flow_id}
    if code is not None:
        params["code"] = code
    return (await ask(session, "refact/auth/complete", params, ProviderResult)).provider


async def _back_or_pasted(session: Session, started: AuthStarted) -> Provider:
    """Whatever comes first: the browser's way back, or a line of this terminal."""
    with _typed_lines() as lines:
        if not sys.stdin.isatty():
            return await _complete(session, started, await lines.get())
        shown: set[str] = set()
        try:
            async with asyncio.TaskGroup() as tasks:
                pasting = tasks.create_task(_supply(session, started, lines, shown))
                try:
                    return await _waited(session, started, shown)
                finally:
                    pasting.cancel()
        except* RefactError as group:
            raise group.exceptions[0] from None


async def _supply(
    session: Session, started: AuthStarted, lines: "asyncio.Queue[str]", shown: set[str]
) -> None:
    """Hand in each pasted line; what is refused is shown, and the next one may be better."""
    while line := await lines.get():
        try:
            await _complete(session, started, line)
        except RefactError as error:
            _show(error, shown)


async def _waited(session: Session, started: AuthStarted, shown: set[str]) -> Provider:
    while True:
        try:
            return await _complete(session, started)
        except RefactError as error:
            if error.problem.field == "flowId" or error.problem.kind != "authentication":
                raise
            _show(error, shown)


def _show(error: RefactError, shown: set[str]) -> None:
    text = f"{error.problem.message} {error.problem.hint or ''}".rstrip()
    if text not in shown:
        echo(text, err=True)
        shown.add(text)


@contextmanager
def _typed_lines() -> Generator["asyncio.Queue[str]"]:
    """Give the lines of the terminal as they come; what is typed later is left to others."""
    lines: asyncio.Queue[str] = asyncio.Queue()
    loop, begun = asyncio.get_running_loop(), bytearray()

    def take(descriptor: int) -> None:
        piece = os.read(descriptor, _READ_BYTES)
        begun.extend(piece or b"\n")
        *whole, rest = begun.split(b"\n")
        begun[:] = rest
        for line in filter(None, (each.decode(errors="replace").strip() for each in whole)):
            lines.put_nowait(line)
        if not piece:
            lines.put_nowait("")
            loop.remove_reader(descriptor)

    try:
        descriptor = sys.stdin.fileno()
        loop.add_reader(descriptor, take, descriptor)
    except (NotImplementedError, OSError):  # Windows, or no terminal and no pipe
        _read_in_thread(lines)
        yield lines
        return
    try:
        yield lines
    finally:
        loop.remove_reader(descriptor)


def _read_in_thread(lines: "asyncio.Queue[str]") -> None:
    """Read in a thread that does not hold up the end; an empty text is the end of input."""
    loop = asyncio.get_running_loop()

    def read() -> None:
        for line in sys.stdin:
            if line.strip():
                _tell(line.strip())
        _tell("")

    def _tell(line: str) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(lines.put_nowait, line)

    threading.Thread(target=read, name="refact-paste", daemon=True).start()

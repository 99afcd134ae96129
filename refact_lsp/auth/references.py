"""Secrets kept elsewhere: `env:NAME`, `cmd:PROGRAM ARG…`, `file:PATH`, resolved at use.

A command runs without a shell, in the home folder, and its output goes nowhere but into the secret.
Messages name the program and never its arguments.
"""

import asyncio
import os
import shlex
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from refact_lsp.auth.secret import Secret
from refact_lsp.core.problems import RefactError, refuse

_MOST_BYTES = 65_536
_COMMAND_TIMEOUT_S = 20.0


async def resolve(
    reference: str, env: Mapping[str, str], *, timeout_s: float = _COMMAND_TIMEOUT_S
) -> Secret:
    """Fetch the secret that a reference names; raises `notConfigured` where there is none."""
    kind, _, rest = reference.partition(":")
    match kind:
        case "env":
            return Secret(_from_environment(rest.strip(), env), "env")
        case "cmd":
            return Secret(await _from_command(rest, timeout_s), "command")
        case "file":
            return Secret(await asyncio.to_thread(_from_file, rest.strip()), "file")
        case _:
            raise refuse(
                "invalidRequest",
                "This is no reference to a secret.",
                "Write env:NAME, cmd:PROGRAM ARG… or file:PATH.",
            )


def _from_environment(name: str, env: Mapping[str, str]) -> str:
    if value := env.get(name, "").strip():
        return value
    raise _missing(
        f"The environment variable {name} is not set.",
        "Set it where the editor is started, or store the secret itself.",
    )


def _from_file(path: str) -> str:
    place = Path(path)
    with suppress(RuntimeError):  # nobody of that name has a home
        place = place.expanduser()
    if not place.is_absolute():
        raise _missing(
            f"The secret's file {path!r} is not an absolute path.", "Write the whole path, or ~/…"
        )
    try:
        with place.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise _missing(
            f"The secret's file {place} cannot be read: {error.strerror}.",
            "Correct the path or the file's permissions.",
        ) from error
    return _single(content, f"The secret's file {place}")


async def _from_command(command: str, timeout_s: float) -> str:
    try:
        words = shlex.split(command, posix=os.name != "nt")
    except ValueError:
        words = []
    if not words:
        raise _missing(
            "The secret's command cannot be read.", "Look for a quote that is not closed."
        )
    program = shutil.which(words[0])
    if program is None:
        raise _missing(
            f"The secret's command {words[0]!r} is not installed.",
            "Install it, or write its whole path: an editor's PATH can be shorter than a shell's.",
        )
    process = await asyncio.create_subprocess_exec(
        program,
        *words[1:],
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=Path.home(),
    )
    try:
        assert process.stdout is not None  # noqa: S101  — asked for above
        async with asyncio.timeout(timeout_s):
            output = b""
            while len(output) <= _MOST_BYTES and (piece := await process.stdout.read(8192)):
                output += piece
            status = await process.wait() if len(output) <= _MOST_BYTES else 0
    except TimeoutError as error:
        raise _missing(
            f"The secret's command {words[0]!r} did not end within {timeout_s:g} s.",
            "Run it in a terminal: it may be waiting for an answer.",
        ) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if status != 0:
        raise _missing(
            f"The secret's command {words[0]!r} failed with status {status}.",
            "Run it in a terminal to see why.",
        )
    return _single(output, f"The secret's command {words[0]!r}")


def _single(content: bytes, whose: str) -> str:
    """Take the first line, as password managers put the secret there."""
    if len(content) > _MOST_BYTES:
        raise _missing(f"{whose} gives more than {_MOST_BYTES} bytes.", "It should give one line.")
    lines = content.decode(errors="replace").strip().splitlines()
    if not lines:
        raise _missing(f"{whose} gives nothing.", "It should give the secret on its first line.")
    return lines[0].strip()


def _missing(message: str, hint: str) -> RefactError:
    return refuse("notConfigured", message, hint)

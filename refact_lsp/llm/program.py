"""Asks a vendor's own program, as the user installed it and signed in to it.

It runs without a shell, in an empty folder of its own, with the prompt on its input: nothing of the
project is at hand for it beyond what the prompt says. Cancelling kills it and what it started.
"""

import asyncio
import os
import re
import shutil
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import IO

import msgspec

from refact_lsp.core.events import Event, Finished
from refact_lsp.core.ledger import LedgerEntry, Purpose
from refact_lsp.core.problems import ProblemKind, RefactError, refuse
from refact_lsp.core.program_spec import ProgramSpec
from refact_lsp.core.redact import REDACTED, redacted
from refact_lsp.llm.endpoint import Endpoint
from refact_lsp.llm.failures import classify
from refact_lsp.llm.wire.base import HttpRequest, Parser

_READ_BYTES = 65_536
_MOST_BYTES = 256 << 20
_SILENCE_S = 600.0
_LAST_WORDS_S = 0.5
# Kinds of failures that words alone can tell.
_TOLD = ("authentication", "permission", "billing", "rateLimited", "modelNotFound")
_KEPT_BYTES, _KEPT_LINES, _QUOTED_CHARS = 8192, 3, 400
# Control sequences of terminals, and what else nobody prints; compiled where a program has failed.
_UNPRINTED = (
    r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[^\x20-\x7e\n\xa0-\uffff]"
)
_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASS|AUTH", re.IGNORECASE)
_SECRET_CHARS = 6
_END_S = 2.0


async def run_program(
    spec: ProgramSpec,
    endpoint: Endpoint,
    request: HttpRequest,
    parser: Parser,
    purpose: Purpose,
    record: Callable[[LedgerEntry], None],
) -> AsyncGenerator[Event]:
    """Run the program once and give its answer's events; raises `RefactError`."""
    import tempfile  # most users run no program

    program = program_found(spec, endpoint.provider)
    folder = await asyncio.to_thread(tempfile.mkdtemp, prefix="refact-lsp-")
    at, heard = datetime.now(UTC), _Heard()
    # A file, since nobody reads it while all goes well, and a full pipe would hold it up.
    errors = await asyncio.to_thread(tempfile.TemporaryFile)
    process = await _started([program, *_arguments(spec, purpose.model)], folder, errors)
    error: ProblemKind | None = None
    try:
        async for event in _events(process, spec, endpoint, request, parser, heard, errors):
            yield event
    except RefactError as failure:
        error = failure.problem.kind
        raise
    except (asyncio.CancelledError, GeneratorExit):
        error = "cancelled"
        raise
    finally:
        record(
            LedgerEntry(
                at=at,
                provider=endpoint.provider,
                host=spec.name,
                role=purpose.role,
                model=purpose.model,
                bytes_out=len(request.body),
                bytes_in=heard.bytes,
                files=purpose.files,
                status=process.returncode or 0,
                error=error,
            )
        )
        _kill(process)
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_S):
                await process.wait()
        errors.close()
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def program_found(spec: ProgramSpec, provider: str) -> str:
    """Find the program; raises `notConfigured` where it is not installed."""
    program = shutil.which(spec.name)
    if program is None:
        raise refuse(
            "notConfigured",
            f"The program {spec.name} is not installed.",
            f"Install it and run {spec.sign_in}, or give the provider a key instead.",
            provider=provider,
        )
    return program


class _Heard:
    """How much the program wrote."""

    def __init__(self) -> None:
        self.bytes = 0


def _arguments(spec: ProgramSpec, model: str) -> list[str]:
    if model.startswith("-"):
        raise refuse("invalidRequest", f"{model!r} is no model's name.", field="model")
    return [argument.replace("{model}", model) for argument in spec.arguments]


async def _started(
    command: list[str], folder: str, errors: IO[bytes]
) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            cwd=folder,
            start_new_session=True,  # so that what it starts can be ended with it
        )
    except OSError as error:
        raise refuse(
            "notConfigured",
            f"The program {command[0]} cannot be started: {error.strerror}.",
            "Install it again.",
        ) from error


async def _events(
    process: asyncio.subprocess.Process,
    spec: ProgramSpec,
    endpoint: Endpoint,
    request: HttpRequest,
    parser: Parser,
    heard: _Heard,
    errors: IO[bytes],
) -> AsyncGenerator[Event]:
    assert process.stdin is not None  # noqa: S101  — asked for
    assert process.stdout is not None  # noqa: S101  — asked for
    silence_s = endpoint.timeout_ms / 1000 if endpoint.timeout_ms else _SILENCE_S
    process.stdin.write(request.body)
    process.stdin.close()
    try:
        while piece := await _piece(process.stdout, silence_s, spec, endpoint):
            heard.bytes += len(piece)
            if heard.bytes > _MOST_BYTES:
                raise refuse("badResponse", f"The answer of {spec.name} has no end.")
            for event in parser.feed(piece):
                yield event
                if isinstance(event, Finished):
                    return
        for event in parser.close():
            yield event
    except RefactError as error:
        with suppress(TimeoutError):  # its last words come as it ends
            async with asyncio.timeout(_LAST_WORDS_S):
                await process.wait()
        said = await asyncio.to_thread(_last_words, errors)
        raise _told(error, said, spec, endpoint) from None


def _last_words(errors: IO[bytes]) -> str:
    """Give the last lines of what was for a terminal, without secrets."""
    errors.seek(max(0, errors.seek(0, os.SEEK_END) - _KEPT_BYTES))
    text = re.sub(_UNPRINTED, "", errors.read().decode(errors="replace"))
    for name, value in os.environ.items():
        if _SECRET_NAME.search(name) and len(value) >= _SECRET_CHARS:
            text = text.replace(value, REDACTED)
    lines = [line.strip() for line in redacted(text).splitlines() if line.strip()]
    return " ".join(lines[-_KEPT_LINES:])[-_QUOTED_CHARS:]


async def _piece(
    output: asyncio.StreamReader, silence_s: float, spec: ProgramSpec, endpoint: Endpoint
) -> bytes:
    try:
        async with asyncio.timeout(silence_s):
            return await output.read(_READ_BYTES)
    except TimeoutError:
        raise refuse(
            "timeout",
            f"{spec.name} said nothing for {silence_s:g} s.",
            f"Run {spec.name} in a terminal: it may be waiting for an answer.",
            provider=endpoint.provider,
        ) from None


def _told(error: RefactError, said: str, spec: ProgramSpec, endpoint: Endpoint) -> RefactError:
    """Say what to do, and what the program said of it where a terminal would have shown that."""
    problem = error.problem
    if said:
        if problem.kind == "badResponse":  # it ended without an answer: these words may say why
            body = msgspec.json.encode({"error": {"message": said}})
            kind = classify(200, {}, body).kind
            problem = msgspec.structs.replace(problem, kind=kind if kind in _TOLD else problem.kind)
        message = f"{problem.message} {spec.name} wrote: {said}"
        problem = msgspec.structs.replace(problem, message=message)
    hint = problem.hint or f"Run {spec.name} in a terminal to see why."
    if problem.kind == "authentication":
        hint = f"Sign in to the program in a terminal: {spec.sign_in}"
    return RefactError(msgspec.structs.replace(problem, hint=hint, provider=endpoint.provider))


def _kill(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if os.name == "nt":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)

"""Asks a vendor's own program, as the user installed it and signed in to it.

It runs without a shell, in an empty folder of its own, with the prompt on its input: nothing of the
project is at hand for it beyond what the prompt says. Cancelling kills it and what it started.
"""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from datetime import UTC, datetime

import msgspec

from refact_lsp.core.events import Event, Finished
from refact_lsp.core.ledger import LedgerEntry, Purpose
from refact_lsp.core.problems import ProblemKind, RefactError, refuse
from refact_lsp.core.program_spec import ProgramSpec
from refact_lsp.llm.endpoint import Endpoint
from refact_lsp.llm.wire.base import HttpRequest, Parser

_READ_BYTES = 65_536
_MOST_BYTES = 256 << 20
_SILENCE_S = 600.0
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
    program = program_found(spec, endpoint.provider)
    folder = await asyncio.to_thread(tempfile.mkdtemp, prefix="refact-lsp-")
    at, heard = datetime.now(UTC), _Heard()
    process = await _started([program, *_arguments(spec, purpose.model)], folder)
    error: ProblemKind | None = None
    try:
        async for event in _events(process, spec, endpoint, request, parser, heard):
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


async def _started(command: list[str], folder: str) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # What it says there is for a terminal, and may hold anything.
            stderr=asyncio.subprocess.DEVNULL,
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
        raise _told(error, spec, endpoint) from None


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


def _told(error: RefactError, spec: ProgramSpec, endpoint: Endpoint) -> RefactError:
    problem = error.problem
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

"""One child process for long computations, so that the event loop never waits for one.

The child is started with the first job and kept for the next; one job runs at a time. It talks over
pipes of its own and never sees the handles of the language server. A cancelled job takes the child
with it, and a child whose parent is gone ends by itself. Jobs are plain functions of this package:
their first parameter reports progress, the others and the result are what msgpack can carry.
"""

import asyncio
import os
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from refact_lsp.app.jobs import LENGTH_BYTES, Answer, Done, Failed, Job, Progress, frame
from refact_lsp.core.own_python import own_python
from refact_lsp.core.problems import refuse

OnProgress = Callable[[float, str], None]

_CLOSE_S = 0.5


class Worker:
    """Runs jobs in the child process; safe to use from many tasks of one event loop."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._starting: asyncio.Task[asyncio.subprocess.Process] | None = None
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The child's process id; None while there is no child."""
        return self._process.pid if self._process else None

    async def run(
        self, target: str, args: Sequence[Any], on_progress: OnProgress | None = None
    ) -> Any:  # noqa: ANN401  — the caller converts it to the type it knows
        """Run a job after the ones before it; raises `internal` where it failed."""
        job = frame(Job(target, list(args)))
        async with self._turn:
            finished = False
            try:
                process = self._process or await self._start()
                answer = await _ask(process, job, on_progress)
                finished = True
            except (OSError, EOFError, msgspec.DecodeError) as error:
                raise refuse(
                    "internal",
                    f"The worker process ended while running {target!r}.",
                    "It is started again with the next job.",
                ) from error
            finally:
                if not finished:
                    await self._stop()
        if isinstance(answer, Failed):
            raise refuse("internal", f"{target!r} failed in the worker process: {answer.error}")
        return answer.result

    async def close(self) -> None:
        """End the child, whatever it is doing; within a second."""
        await self._stop()

    async def _start(self) -> asyncio.subprocess.Process:
        """Start the child; a start that is cancelled midway would never come back (CPython 3.11).

        So it runs to its end, which takes milliseconds, and the child is then ended like any other.
        """
        self._starting = asyncio.get_running_loop().create_task(self._spawn())
        try:
            return await asyncio.shield(self._starting)
        finally:
            await asyncio.wait({self._starting})

    async def _spawn(self) -> asyncio.subprocess.Process:
        low = getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)  # Windows; others call nice
        self._process = await asyncio.create_subprocess_exec(
            *own_python("from refact_lsp.app.worker_main import main; main()"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            creationflags=low,
            env=os.environ | {"PYTHONUTF8": "1"},
        )
        return self._process

    async def _stop(self) -> None:
        if self._starting is not None:
            await asyncio.wait({self._starting})
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        if process.stdin:
            process.stdin.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                await process.wait()


async def _ask(
    process: asyncio.subprocess.Process, job: bytes, on_progress: OnProgress | None
) -> Done | Failed:
    if process.stdin is None or process.stdout is None:
        raise EOFError
    process.stdin.write(job)
    await process.stdin.drain()
    while True:
        length = int.from_bytes(await process.stdout.readexactly(LENGTH_BYTES), "big")
        answer = msgspec.msgpack.decode(await process.stdout.readexactly(length), type=Answer)
        if not isinstance(answer, Progress):
            return answer
        if on_progress:
            on_progress(answer.fraction, answer.message)

"""The worker's child process: reads jobs, runs them one by one, writes progress and results."""

import importlib
import os
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO

import msgspec

from refact_lsp.app.jobs import LENGTH_BYTES, Answer, Done, Failed, Job, Progress, frame

_PACKAGE = "refact_lsp."
_NICENESS = 10


def main() -> None:
    """Serve jobs until the parent closes its end."""
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(_NICENESS)
    jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
    answers = _own_output()
    threading.Thread(target=_read_jobs, args=(sys.stdin.buffer, jobs), daemon=True).start()
    while True:
        job = jobs.get()
        _write(answers, _run(job, answers))


def _own_output() -> BinaryIO:
    """Keep the pipe to the parent for answers alone: a stray print must not reach it."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123  — a device, not a path
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    return answers


def _read_jobs(jobs_in: BinaryIO, jobs: "queue.SimpleQueue[Job]") -> None:
    """Hand on jobs; at the end of input the parent is gone, and so is every reason to go on."""
    while length := jobs_in.read(LENGTH_BYTES):
        body = jobs_in.read(int.from_bytes(length, "big"))
        jobs.put(msgspec.msgpack.decode(body, type=Job))
    os._exit(0)


def _run(job: Job, answers: BinaryIO) -> Answer:
    def report(fraction: float, message: str) -> None:
        _write(answers, Progress(fraction, message))

    try:
        return Done(_function(job.target)(report, *job.args))
    except Exception as error:  # noqa: BLE001  — the edge of the process: told to the parent
        return Failed(f"{type(error).__name__}: {error}")


def _function(target: str) -> Callable[..., Any]:
    module, _, name = target.partition(":")
    if not module.startswith(_PACKAGE):
        raise ValueError(f"{target!r} is no function of this package")
    return getattr(importlib.import_module(module), name)


def _write(answers: BinaryIO, answer: Answer) -> None:
    try:
        answers.write(frame(answer))
        answers.flush()
    except OSError:
        os._exit(0)

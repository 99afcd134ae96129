"""A pytest plugin: tests are collected once and run in several processes.

Each process is a fork that knows the collected tests. It is given a file of them whenever it is
through with the last, and tells this process, which prints, what became of them. Processes that
start anew, pytest-xdist's, collect once more each and take a fifth more of the processor.

Where forks are not safe (macOS, Windows), under a debugger and where fixtures are shown the tests
run in this process.
"""

import gc
import itertools
import multiprocessing
import os
import sys
import warnings
from collections.abc import Generator, Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

import pytest

# One more than there are cores, for tests wait: for programs that they start, and for threads.
_MOST = 5  # of more some would have nothing to do: the longest file is a fifth of the run
_PATIENCE_S = 10  # for what a process does when its run was broken off


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("general").addoption(
        "--processes",
        type=int,
        default=min((os.cpu_count() or 1) + 1, _MOST),
        help="run the files in this many processes (default: one more than there are cores, "
        f"{_MOST} at most; 0: in this one)",
    )


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None]:
    """Keep the garbage collector from what is imported and collected: all of it stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    option = session.config.option
    files = [list(items) for _, items in itertools.groupby(session.items, lambda item: item.path)]
    count = min(option.processes, len(files))
    if count < 2 or sys.platform != "linux":
        return None
    if option.usepdb or option.trace or option.setupshow:
        return None  # these want the terminal while a test runs
    if option.collectonly or session.testsfailed:
        return None  # nothing is to be run; pytest says so
    _run(session, files, count)
    return True


def _run(session: pytest.Session, files: list[list[pytest.Item]], count: int) -> None:
    """Run the files in so many forks and pass on what they tell.

    Raises what pytest's own loop raises where the run is to stop.
    """
    config: Any = session.config
    config._tmp_path_factory.getbasetemp()  # made before the forks, it is one for all
    forks: dict[Connection, BaseProcess] = {}
    try:
        for _ in range(count):
            here, there = multiprocessing.Pipe()
            process = multiprocessing.get_context("fork").Process(
                target=_work, args=(session, files, there, [*forks, here])
            )
            process.start()
            there.close()  # the end of that process is the end of what comes from here
            forks[here] = process
        _listen(session, forks, iter(range(len(files))))
    finally:
        for connection in forks:
            connection.close()  # which a process notices when it next tells something
        for process in forks.values():
            process.join(_PATIENCE_S)
            process.kill()


def _listen(
    session: pytest.Session, forks: dict[Connection, BaseProcess], numbers: Iterator[int]
) -> None:
    hook = session.config.hook
    busy: dict[Connection, str] = dict.fromkeys(forks, "its first test")
    broken: list[str] = []
    while busy:
        for connection in wait(list(busy)):
            assert isinstance(connection, Connection)
            told: Any
            try:
                kind, told = connection.recv()
            except (EOFError, OSError):  # at its end, or in the middle of what it told
                forks[connection].join()
                kind, told = "broken", f"exit code {forks[connection].exitcode}"
            match kind:
                case "file":
                    connection.send(None if broken else next(numbers, None))
                case "start":
                    busy[connection] = told
                case "report":
                    report = hook.pytest_report_from_serializable(config=session.config, data=told)
                    hook.pytest_runtest_logreport(report=report)
                case "warning":
                    hook.pytest_warning_recorded.call_historic(kwargs=told)
                case "broken":  # what the others are at is told all the same
                    broken.append(f"{busy.pop(connection)} ended its process: {told}")
                case _:
                    del busy[connection]
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
    if broken:
        raise session.Interrupted("; ".join(broken))


def _work(
    session: pytest.Session,
    files: list[list[pytest.Item]],
    connection: Connection,
    others: list[Connection],
) -> None:
    """Run, in a fork, the files that the first process gives."""
    for other in others:
        other.close()  # the first process holds them alone: its end is noticed
    plugins = session.config.pluginmanager
    plugins.unregister(name="terminalreporter")
    plugins.register(_Teller(session.config, connection))
    capture: Any = plugins.getplugin("capturemanager")
    capture.stop_global_capturing()  # into files that all forks share
    capture.start_global_capturing()

    def given() -> Iterator[pytest.Item]:
        while True:
            connection.send(("file", None))
            number = connection.recv()
            if number is None:
                return
            yield from files[number]

    try:
        # The next file is asked for when the last test of this one begins: that test has to know
        # which fixtures outlive it.
        for item, following in itertools.pairwise(itertools.chain(given(), [None])):
            assert item is not None  # which nothing but the last to follow is
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        session.config._ensure_unconfigure()  # raises what nobody noticed: files left open, say
        connection.send(("end", None))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # the run was broken off
    except BaseException as error:  # noqa: BLE001  # whatever it is, the run has to stop for it
        connection.send(("broken", f"{type(error).__name__} {error}"))
    finally:
        session._setupstate.teardown_exact(None)


class _Teller:
    """What the first process has to know, told from a fork."""

    def __init__(self, config: pytest.Config, connection: Connection) -> None:
        self._config = config
        self._connection = connection

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._connection.send(("start", nodeid))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        self._connection.send(("report", data))

    def pytest_warning_recorded(
        self, warning_message: warnings.WarningMessage, when: str, nodeid: str, location: Any
    ) -> None:
        if when != "runtest":
            return  # it was recorded before the fork
        warning = warnings.WarningMessage(  # without its source, which may be anything
            str(warning_message.message),
            warning_message.category,
            warning_message.filename,
            warning_message.lineno,
        )
        told = {"warning_message": warning, "when": when, "nodeid": nodeid, "location": location}
        self._connection.send(("warning", told))

"""The command line, run in the tests' own process."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import IO, Any

import pytest

from refact_lsp.auth.system_keyring import aside
from refact_lsp.cli.main import run


class Talk:
    """A command that runs, what it shows, and what it reads."""

    def __init__(self, command: asyncio.Task[str], shown: IO[str], typed: IO[str]) -> None:
        self._command, self._shown, self._typed = command, shown, typed

    async def line(self) -> str:
        """Wait for the next line that it prints."""
        return await asyncio.to_thread(self._shown.readline)

    async def end(self, typed: str = "") -> tuple[str, str]:
        """Type the last of it; gives what was still printed on both outputs."""
        self._typed.write(typed)
        self._typed.close()
        told = await self._command
        return self._shown.read(), told


class Shell:
    """Runs commands in this process; a command's end is an exit code and what it printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._patch = patch

    def run(self, *arguments: str, code: int = 0) -> str:
        out, err = self._ended(list(arguments), code)
        return out if code == 0 else out + err

    def document(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json"))

    async def beside(
        self, *arguments: str, stdin: str = "", code: int | None = 0
    ) -> tuple[str, str]:
        """Run it in a thread, while the test's loop is the server that it asks.

        Gives what was printed on both outputs; no `code` takes any.
        """
        given, typed = os.pipe()
        os.write(typed, stdin.encode())
        os.close(typed)
        with os.fdopen(given) as lines:
            self._patch.setattr(sys, "stdin", lines)
            return await asyncio.to_thread(self._ended, list(arguments), code)

    @asynccontextmanager
    async def talking(self, *arguments: str) -> AsyncGenerator[Talk]:
        """Run it likewise, and answer what it shows while it runs."""
        (given, typed), (shown, screen) = os.pipe(), os.pipe()
        stdin, stdout = os.fdopen(given), os.fdopen(screen, "w")

        def run_to_the_end() -> str:
            with stdin, stdout:  # whoever waits for a line sees that none comes any more
                return self._ended(list(arguments), 0)[1]

        with (
            os.fdopen(shown) as eye,
            os.fdopen(typed, "w") as hand,
            self._patch.context() as patched,
        ):
            patched.setattr(sys, "stdin", stdin)
            patched.setattr(sys, "stdout", stdout)
            async with asyncio.TaskGroup() as tasks:
                # Where the test fails, a command that still waits does not hold up the others.
                yield Talk(tasks.create_task(aside(run_to_the_end)), eye, hand)

    def _ended(self, arguments: list[str], code: int | None) -> tuple[str, str]:
        with pytest.raises(SystemExit) as ended:
            run(arguments)
        printed = self._capsys.readouterr()
        assert code in (None, ended.value.code or 0), printed.out + printed.err
        return printed.out, printed.err

"""The command line, run in the tests' own process."""

import asyncio
import json
import os
import sys
from typing import Any

import pytest

from refact_lsp.cli.main import run


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

    def _ended(self, arguments: list[str], code: int | None) -> tuple[str, str]:
        with pytest.raises(SystemExit) as ended:
            run(arguments)
        printed = self._capsys.readouterr()
        assert code in (None, ended.value.code or 0), printed.out + printed.err
        return printed.out, printed.err

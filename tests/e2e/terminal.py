"""A terminal that a test types into and reads: a program under tmux, on a socket of its own."""

import os
import re
import shlex
import shutil
import subprocess
import uuid
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.programs import missing
from tests.e2e.waiting import wait_until

COLUMNS, ROWS = 100, 30


class Terminal:
    """The one window of a tmux server."""

    def __init__(self, tmux: str, socket: str) -> None:
        self._tmux = [tmux, "-L", socket, "-f", "/dev/null"]

    def run(self, *arguments: str) -> str:
        """Run a tmux command; gives its output."""
        done = subprocess.run(
            [*self._tmux, *arguments], check=False, capture_output=True, text=True, timeout=20
        )
        return done.stdout

    def type(self, text: str) -> None:
        """Type text as it is."""
        self.run("send-keys", "-l", text)

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names."""
        self.run("send-keys", *keys)

    def screen(self, *, colours: bool = False) -> str:
        """Give what the window shows."""
        return self.run("capture-pane", "-p", *(["-e"] if colours else []))

    def wait_for(self, pattern: str) -> str:
        """Wait until a regular expression matches on the screen; gives the screen."""
        wait_until(
            lambda: re.search(pattern, self.screen(), re.MULTILINE),
            lambda: f"{pattern!r} did not come up:\n{self.screen()}",
        )
        return self.screen()

    def wait_for_end(self) -> None:
        """Wait until the program has ended."""
        wait_until(lambda: not self.run("list-panes"), lambda: f"it does not end:\n{self.screen()}")


@contextmanager
def terminal(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], rows: int = ROWS
) -> Generator[Terminal]:
    """Run a command in a terminal, in a folder, with some variables more than this process."""
    tmux = shutil.which("tmux") or missing("no tmux")
    window = Terminal(tmux, f"refact-{os.getpid()}-{uuid.uuid4().hex[:8]}")
    variables = [f"{name}={value}" for name, value in environment.items()]
    line = shlex.join(["env", *variables, *command])
    try:
        size = ("-x", str(COLUMNS), "-y", str(rows))
        window.run("new-session", "-d", *size, "-c", str(folder), line)
        yield window
    finally:
        window.run("kill-server")

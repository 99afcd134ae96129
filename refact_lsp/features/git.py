"""Asks git about a folder, so that nothing the project says can start a program or write."""

import os
import shutil
import subprocess
from collections.abc import Sequence


def ask_git(root: str, arguments: Sequence[str], timeout_s: float) -> bytes | None:
    """Give what git prints; None where there is no git, no checkout, or no answer in time."""
    git = shutil.which("git")
    if git is None:
        return None
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment["GIT_OPTIONAL_LOCKS"] = "0"
    try:
        answer = subprocess.run(  # noqa: S603  — fixed arguments, no shell
            [git, *arguments],
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return None if answer.returncode else answer.stdout

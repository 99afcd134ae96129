"""This checkout as the editors find it: its server on the path, its command line, some code."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
SOURCE = "".join(
    f"""def {name}(items):
    total = 0
    for item in items:
        total += item.price * item.count
    return total


"""
    for name in ("first", "second", "third")
)


def refact(*arguments: str) -> str:
    """Run the command line; gives its output."""
    command = [sys.executable, "-m", "refact_lsp", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def complete_with(llama: str) -> str:
    """Let a llama.cpp server serve completion; gives the model's id."""
    refact("providers", "add", "llamacpp", "--set", f"baseUrl={llama}", "--yes", "--no-test")
    listed = json.loads(refact("models", "list", "--provider", "llamacpp", "--json"))["models"]
    model: str = listed[0]["id"]
    refact("defaults", "set", "completion", model)
    return model


def on_path(folder: Path) -> str:
    """Put `refact-lsp` of this checkout into a folder; gives a PATH that finds it first."""
    folder.mkdir(parents=True, exist_ok=True)
    start = folder / "refact-lsp"
    start.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m refact_lsp "$@"\n')
    start.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def workspace(folder: Path) -> Path:
    """Make a repository with one file of code; gives the file."""
    (folder / ".git").mkdir(parents=True)
    file = folder / "cart.py"
    file.write_text(SOURCE)
    return file


def processes(home: Path, program: str) -> list[int]:
    """Process ids of what runs with a home folder and has a word in its command line (Linux)."""
    mark = f"REFACT_HOME={home}".encode()
    found: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            variables = (process / "environ").read_bytes().split(b"\0")
            command = (process / "cmdline").read_bytes()
        except OSError:  # ended, or not ours to read
            continue
        if mark in variables and program.encode() in command:
            found.append(int(process.name))
    return found


def servers(home: Path) -> list[int]:
    """Process ids of the servers, and of their workers, that use a home folder."""
    return processes(home, "refact_lsp")


def stats() -> list[dict[str, Any]]:
    """Rows of the completion statistics."""
    return json.loads(refact("stats", "--json"))["rows"]

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import programs, tiny_gguf

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
    command = [sys.executable, "-m", "refact_lsp", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def edit(tmp_path: Path, typed: str) -> dict[str, Any]:
    command, environment = programs.neovim()
    file = tmp_path / "work" / "cart.py"
    file.parent.mkdir()
    file.write_text(SOURCE)
    (file.parent / ".git").mkdir()
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    start = bin_folder / "refact-lsp"
    start.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m refact_lsp "$@"\n')
    start.chmod(0o755)
    script = [
        "--headless",
        "-u",
        "NONE",
        "-i",
        "NONE",
        "-n",
        "-S",
        str(Path(__file__).with_name("ghost.lua")),
    ]
    done = subprocess.run(
        [*command, *script],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=file.parent,
        env={
            **os.environ,
            **environment,
            "PATH": f"{bin_folder}:{os.environ['PATH']}",
            "REFACT_LUA": str(REPOSITORY / "editors/neovim"),
            "FILE": str(file),
            "TYPED": typed,
        },
    )
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("{")]
    if not lines:
        pytest.fail(done.stdout + done.stderr)
    return json.loads(lines[-1])


def test_neovim_shows_and_accepts_ghost_text_of_llama_cpp(tmp_path: Path, llama: str):
    refact(
        "rpc",
        "refact/providers/save",
        json.dumps({"template": "llamacpp", "settings": {"baseUrl": llama}}),
    )
    refact("rpc", "refact/models/refresh", json.dumps({"provider": "llamacpp"}))
    models = json.loads(refact("models", "list", "--json"))["models"]
    mine = [model["id"] for model in models if model["provider"] == "llamacpp"]
    refact("defaults", "set", "completion", mine[0])
    result = edit(tmp_path, "price = ")
    expected = "".join(tiny_gguf.MIDDLE)
    assert [ghost["text"] for ghost in result["ghosts"]] == [expected]
    assert result["buffer"][-1] == f"price = {expected}"


def test_neovim_shows_ghost_text_with_nothing_set_up(tmp_path: Path):
    result = edit(tmp_path, "def fourth(items):<CR>    total = 0<CR>    for item in ")
    assert [ghost["text"] for ghost in result["ghosts"]] == ["items:"]
    assert result["buffer"][-1] == "    for item in items:"
    assert result["recent"]["decisions"][0]["model"] == "builtin/workspace"

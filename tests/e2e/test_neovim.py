import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import checkout, programs, tiny_gguf
from tests.e2e.terminal import Terminal, terminal
from tests.e2e.waiting import wait_until

FOLDER = checkout.REPOSITORY / "editors/neovim"
DELAY_S = 0.2
GHOST = r"fourth\(items\):\n +total = 0\n +for item in items:$"
ATTACHED = "luaeval('vim.lsp.inline_completion.is_enabled({ bufnr = 0 })')"


def edit(tmp_path: Path, typed: str) -> dict[str, Any]:
    command, environment = programs.neovim()
    file = checkout.workspace(tmp_path / "work")
    script = ["--headless", "-u", "NONE", "-i", "NONE", "-n"]
    script += ["-S", str(Path(__file__).with_name("ghost.lua"))]
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
            "PATH": checkout.on_path(tmp_path / "bin"),
            "REFACT_LUA": str(FOLDER),
            "FILE": str(file),
            "TYPED": typed,
        },
    )
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("{")]
    if not lines:
        pytest.fail(done.stdout + done.stderr)
    return json.loads(lines[-1])


@contextmanager
def neovim(tmp_path: Path, file: Path) -> Generator[Terminal]:
    """Neovim with the README's lines as its configuration, in insert mode on a new last line."""
    command, environment = programs.neovim()
    readme = (FOLDER / "README.md").read_text()
    (lines,) = re.findall(r"```lua\n(.*?)```", readme, re.DOTALL)
    init = tmp_path / "init.lua"
    init.write_text(lines.replace("/path/to/refact-lsp/editors/neovim", str(FOLDER)))
    environment = {
        **environment,
        "PATH": checkout.on_path(tmp_path / "bin"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "REFACT_HOME": os.environ["REFACT_HOME"],
        "REFACT_KEYRING": "off",
    }
    socket = tmp_path / "nvim.sock"
    # Neovim's own terminal interface would start itself again by name, which its loader hides.
    editor = subprocess.Popen(
        [*command, "--headless", "--listen", socket, "-u", init, "-i", "NONE", "-n", file.name],
        cwd=file.parent,
        env=os.environ | environment,
    )

    def ask(expression: str) -> str:
        line = [*command, "--server", str(socket), "--remote-expr", expression]
        return subprocess.run(line, check=False, capture_output=True, text=True).stdout

    try:
        wait_until(socket.exists, "Neovim does not listen")
        screen = [*command, "--server", str(socket), "--remote-ui"]
        with terminal(screen, folder=file.parent, environment=environment) as window:
            window.wait_for(r"def first\(items\):\n(.*\n)*cart\.py")
            # What is typed before the server is there, Neovim does not complete.
            wait_until(lambda: "true" in ask(ATTACHED), "no server is attached")
            window.type("Go")
            window.wait_for("-- INSERT --")
            yield window
    finally:
        editor.kill()
        editor.wait()


def type_fourth(window: Terminal) -> None:
    window.type("def fourth(items):")
    window.press("Enter")
    window.type("total = 0")
    window.press("Enter")
    window.type("for item in ")


def save(window: Terminal) -> None:
    window.type(":wq")
    window.press("Enter")
    window.wait_for_end()


def test_neovim_shows_and_accepts_ghost_text_of_llama_cpp(tmp_path: Path, llama: str):
    checkout.complete_with(llama)
    result = edit(tmp_path, "price = ")
    expected = "".join(tiny_gguf.MIDDLE)
    assert [ghost["text"] for ghost in result["ghosts"]] == [expected]
    assert result["buffer"][-1] == f"price = {expected}"


def test_neovim_shows_ghost_text_with_nothing_set_up(tmp_path: Path):
    result = edit(tmp_path, "def fourth(items):<CR>    total = 0<CR>    for item in ")
    assert [ghost["text"] for ghost in result["ghosts"]] == ["items:"]
    assert result["buffer"][-1] == "    for item in items:"
    assert result["recent"]["decisions"][0]["model"] == "builtin/workspace"


def test_typing_through_ghost_text_keeps_it_and_tab_takes_the_rest(tmp_path: Path):
    file = checkout.workspace(tmp_path / "work")
    with neovim(tmp_path, file) as window:
        type_fourth(window)
        window.wait_for(GHOST)
        for typed in "it":
            window.type(typed)
            until = time.monotonic() + 2 * DELAY_S  # Neovim's own delay, and the answer after it
            while time.monotonic() < until:
                assert re.search(GHOST, window.screen(), re.MULTILINE)
        window.press("Tab")
        window.press("Escape")
        save(window)
    assert file.read_text().endswith("total = 0\n    for item in items:\n")


def test_ghost_text_is_taken_where_the_cursor_is_although_it_was_typed_on_at_once(tmp_path: Path):
    file = checkout.workspace(tmp_path / "work")
    with neovim(tmp_path, file) as window:
        type_fourth(window)
        window.wait_for(GHOST)
        window.press("i", "t", "Tab", "Enter", "Escape")
        save(window)
    assert "total = 0\n    for item in items:\n" in file.read_text()


def test_ghost_text_is_taken_by_the_word(tmp_path: Path, llama: str):
    checkout.complete_with(llama)
    file = checkout.workspace(tmp_path / "work")
    with neovim(tmp_path, file) as window:
        window.type("price = ")
        window.wait_for(r"price = subtotal_with_tax\(items\)")
        window.press("M-Right", "Escape")
        save(window)
    assert file.read_text().endswith("price = subtotal_with_tax\n")


def test_leaving_insert_mode_dismisses_ghost_text(tmp_path: Path):
    file = checkout.workspace(tmp_path / "work")
    with neovim(tmp_path, file) as window:
        type_fourth(window)
        window.wait_for(GHOST)
        window.press("Escape")
        window.wait_for(r"fourth\(items\):\n +total = 0\n +for item in *$")
        save(window)
    assert file.read_text().endswith("total = 0\n    for item in \n")


def test_a_killed_neovim_leaves_no_server(tmp_path: Path, home: Path):
    file = checkout.workspace(tmp_path / "work")
    with neovim(tmp_path, file) as window:
        type_fourth(window)
        window.wait_for(GHOST)
        assert checkout.servers(home)
        editors = checkout.processes(home, "usr/bin/nvim")
        assert editors
        for process in editors:
            with suppress(ProcessLookupError):  # the window's process ends with the one behind it
                os.kill(process, signal.SIGKILL)
        wait_until(lambda: not checkout.servers(home), "a server is left")


def test_checkhealth_names_the_server_the_model_and_the_last_decision(tmp_path: Path):
    file = checkout.workspace(tmp_path / "work")
    with neovim(tmp_path, file) as window:
        type_fourth(window)
        window.wait_for(GHOST)
        window.press("Escape")
        window.type(":checkhealth refact")
        window.press("Enter")
        screen = window.wait_for("last completion: ")
    assert re.search(r"OK refact-lsp \d+\.\d+\.\d+ runs: (ready|busy)", screen), screen
    assert "OK completion: builtin/workspace" in screen


def test_checkhealth_says_how_to_name_a_server_that_is_not_on_the_path(tmp_path: Path):
    command, environment = programs.neovim()
    shown = ("+checkhealth refact", "+%print", "+qa!")
    init = f"lua vim.opt.runtimepath:append({str(FOLDER)!r})"
    done = subprocess.run(
        [*command, *["--headless", "-u", "NONE", "-i", "NONE", "--cmd"], init, *shown],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment, "PATH": "/usr/bin:/bin"},
    )
    assert "ERROR refact-lsp is not on the path" in done.stdout + done.stderr
    assert "vim.lsp.config('refact'" in done.stdout + done.stderr

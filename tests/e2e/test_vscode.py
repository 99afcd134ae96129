import re
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.e2e import checkout, code_server, pictures, programs, tiny_gguf
from tests.e2e.code_server import Window
from tests.e2e.waiting import wait_until

Start = Callable[[], AbstractContextManager[Window]]


@pytest.fixture
def extension(tmp_path_factory: pytest.TempPathFactory, alone: None) -> Path:
    """The packaged extension, made once a run."""
    programs.code_server()
    return code_server.package(tmp_path_factory.getbasetemp() / "vscode")


@pytest.fixture
def start(tmp_path: Path, home: Path, extension: Path) -> Start:
    checkout.workspace(tmp_path / "work")
    checkout.on_path(tmp_path / "bin")

    @contextmanager
    def window() -> Generator[Window]:
        with code_server.code_server(tmp_path, extension, tmp_path / "bin/refact-lsp") as found:
            found.until(
                lambda: "builtin/" in found.status() or "llamacpp/" in found.status(), "bar"
            )
            yield found
        wait_until(lambda: not checkout.servers(home), "a server is left")

    return window


def test_vs_code_shows_ghost_text_tab_takes_it_and_the_bar_says_why_nothing_comes(
    tmp_path: Path, start: Start
):
    (tmp_path / "work/.env").write_text("TOKEN=1\n")
    with start() as window:
        window.open("cart.py")
        window.type("def fourth(items):\ntotal = 0\nfor item in ")
        window.until(lambda: window.ghost() == "items:", "no ghost text")
        window.until(lambda: window.status() == "builtin/workspace", "the bar names no model")
        pictures.keep(window.shot("ghost"), "vscode")
        window.press("Tab")
        window.until(lambda: window.ghost() == "", "the ghost text stays")
        window.until(lambda: "    for item in items:" in window.lines(), "not taken")
        window.press("Control+s")
        expected = "def fourth(items):\n    total = 0\n    for item in items:"
        file = tmp_path / "work/cart.py"
        window.until(lambda: file.read_text().endswith(expected), "not written")

        window.open(".env")
        window.type("PASSWORD=")
        window.until(lambda: window.status() == "builtin/workspace — excluded", "no reason")
        window.command("Refact: Why No Suggestion")
        window.until(lambda: any("excluded" in box for box in window.boxes()), "no box")
        window.shot("excluded")


def test_vs_code_takes_ghost_text_of_llama_cpp_by_the_word(start: Start, llama: str):
    model = checkout.complete_with(llama)
    with start() as window:
        window.open("cart.py")
        window.type("price = ")
        window.until(lambda: window.ghost() == "".join(tiny_gguf.MIDDLE), "no ghost text")
        window.until(lambda: window.status() == model, "the bar does not name the model")
        window.shot("llama")
        window.press("Control+ArrowRight")
        window.until(lambda: window.ghost() == "(items)", "not by the word")
        window.shot("word")
        window.press("Tab")
        window.until(lambda: window.lines()[-1] == "price = subtotal_with_tax(items)", "not taken")


def test_vs_code_says_where_to_set_a_command_that_fails_and_restarts(
    tmp_path: Path, home: Path, start: Start
):
    with start() as window:
        (before,) = [process for process in checkout.servers(home) if parent_is_editor(process)]
        window.command("Refact: Restart the Server")
        window.until(lambda: before not in checkout.servers(home), "the old server stays")
        window.until(lambda: window.status() == "builtin/workspace", "not restarted")

        window.start_with("/nowhere/refact-lsp")
        window.until(lambda: window.status() == "Refact" and window.boxes(), "no complaint")
        (box,) = window.boxes()
        assert "/nowhere/refact-lsp could not be started." in box
        assert "refact.command" in box
        window.until(lambda: not checkout.servers(home), "the old server stays")
        window.shot("failed-command")
        window.do("click", '.notification-list-item .monaco-button:has-text("Open Setting")')
        window.do("waitFor", '[data-key="refact.command"]')
        window.shot("setting")

        window.start_with(str(tmp_path / "bin/refact-lsp"))
        window.until(lambda: window.status() == "builtin/workspace", "not started again")


def parent_is_editor(process: int) -> bool:
    status = Path(f"/proc/{process}/status").read_text()
    parent = re.search(r"PPid:\t(\d+)", status)
    assert parent is not None
    return b"node" in Path(f"/proc/{parent[1]}/cmdline").read_bytes()

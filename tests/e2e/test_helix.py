import os
import re
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e import checkout, programs, tiny_gguf
from tests.e2e.terminal import Terminal, terminal
from tests.e2e.waiting import wait_until


@contextmanager
def helix(tmp_path: Path, file: Path) -> Generator[Terminal]:
    """Helix with the project's own configuration, insert mode on a new last line of the file."""
    command, environment = programs.helix()
    configuration = tmp_path / "config/helix"
    configuration.mkdir(parents=True)
    shutil.copy(checkout.REPOSITORY / "editors/helix/languages.toml", configuration)
    environment = {
        **environment,
        "PATH": checkout.on_path(tmp_path / "bin"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "REFACT_HOME": os.environ["REFACT_HOME"],
        "REFACT_KEYRING": "off",
    }
    log = tmp_path / "helix.log"
    command += ["-v", "--log", str(log), file.name]
    with terminal(command, folder=file.parent, environment=environment) as window:
        window.wait_for(r"def first\(items\):\n(.*\n)* NOR")
        # What is typed before the server has the document, Helix 25.07 does not complete.
        wait_until(lambda: '"textDocument/didOpen"' in log.read_text(), "Helix opens no document")
        window.type("geo")
        window.wait_for("INS")
        yield window


def in_menu(text: str) -> str:
    """A pattern for an entry of the completion menu, which is drawn below the text."""
    return rf"^ *~ +{re.escape(text)}$"


def save_and_leave(window: Terminal) -> None:
    window.press("Escape")
    window.wait_for("NOR")
    window.type(":wq")
    window.press("Enter")
    window.wait_for_end()


def test_helix_offers_and_takes_the_text_of_the_embedded_model(tmp_path: Path):
    file = checkout.workspace(tmp_path / "work")
    with helix(tmp_path, file) as window:
        window.type("def fourth(items):")
        window.press("Enter")
        window.type("    total = 0")
        window.press("Enter")  # Helix keeps the indentation
        window.type("for item in it")
        window.wait_for(in_menu("items:"))
        window.press("Tab")
        window.wait_for("    for item in items:$")
        save_and_leave(window)
    assert file.read_text() == checkout.SOURCE + (
        "def fourth(items):\n    total = 0\n    for item in items:\n"
    )


def test_helix_offers_and_takes_the_text_of_llama_cpp(tmp_path: Path, llama: str):
    checkout.complete_with(llama)
    file = checkout.workspace(tmp_path / "work")
    expected = "".join(tiny_gguf.MIDDLE)
    with helix(tmp_path, file) as window:
        window.type("price = ")
        window.press("C-x")  # asks for the menu
        window.wait_for(in_menu(expected))
        window.press("Tab")
        window.wait_for(re.escape(f"price = {expected}"))
        save_and_leave(window)
    assert file.read_text().endswith(f"price = {expected}\n")

import os
from pathlib import Path

from tests.e2e import checkout, pictures
from tests.e2e.terminal import COLUMNS, terminal


def test_the_demo_shows_ghost_text_in_a_terminal(tmp_path: Path):
    environment = {
        "PATH": checkout.on_path(tmp_path / "bin"),
        "REFACT_HOME": os.environ["REFACT_HOME"],
        "REFACT_KEYRING": "off",
        "PYTHONPATH": str(checkout.REPOSITORY),
    }
    line = "echo '$ refact-lsp demo --count 5' && refact-lsp demo --count 5 2>/dev/null && exec cat"
    folder = checkout.REPOSITORY
    with terminal(["bash", "-c", line], folder=folder, environment=environment) as window:
        window.wait_for(r"^  .*refact-lsp providers add$")
        shown = window.screen()
        coloured = window.screen(colours=True)
    assert shown.count("builtin/workspace, ") == 5
    picture = tmp_path / "demo.png"
    pictures.draw_screen(coloured, COLUMNS, picture)
    pictures.keep(picture, "demo")

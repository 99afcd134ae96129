"""The README's pictures: kept by the tests that show them, remade with UPDATE_PICTURES=1."""

import io
import os
import shutil
import subprocess
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from tests.e2e import checkout, programs

FOLDER = checkout.REPOSITORY / "editors/pictures"
LARGEST_BYTES = 150_000
_PAGE = """<!doctype html><meta charset="utf-8"><style>
body { margin: 0; background: #0c0c0c; color: #d9d9d9; }
pre { margin: 16px 20px; font: 14px/1.35 "DejaVu Sans Mono", monospace; }
span { background: none !important; }
</style><pre>{code}</pre>"""


def keep(picture: Path, name: str) -> None:
    """Hold a fresh picture against the kept one's size; replace the kept one where asked to."""
    kept = FOLDER / f"{name}.png"
    if os.environ.get("UPDATE_PICTURES"):
        FOLDER.mkdir(exist_ok=True)
        shutil.copy(picture, kept)
    assert picture.stat().st_size < LARGEST_BYTES
    assert kept.stat().st_size < LARGEST_BYTES
    assert f"editors/pictures/{name}.png" in (checkout.REPOSITORY / "README.md").read_text()


def draw_screen(screen: str, columns: int, picture: Path) -> None:
    """Draw what a terminal shows, escape sequences and all."""
    _, chromium = programs.code_server()
    console = Console(record=True, width=columns, file=io.StringIO(), force_terminal=True)
    lines = screen.rstrip().splitlines()
    for line in lines:
        console.print(Text.from_ansi(line), soft_wrap=True)
    page = picture.with_suffix(".html")
    # Its own placeholders are filled by rich; braces of the style are the page's.
    head, tail = _PAGE.split("{code}")
    format_ = head.replace("{", "{{").replace("}", "}}") + "{code}" + tail
    page.write_text(console.export_html(theme=MONOKAI, inline_styles=True, code_format=format_))
    size = f"--window-size={columns * 9},{len(lines) * 19 + 40}"
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += [size, f"--screenshot={picture}", page.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=60)

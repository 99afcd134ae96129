"""VS Code in a browser: code-server with this checkout's extension, driven in headless Chromium."""

import json
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e import checkout, programs
from tests.e2e.waiting import wait_until

EXTENSION = checkout.REPOSITORY / "editors/vscode"
SHOTS = Path(__file__).with_name("shots")
BAR = '.statusbar-item[id="refact-lsp.refact-lsp.refact"]'
GHOST = "[class*=ghost-text]"
QUIET = {
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "chat.disableAIFeatures": True,
    "editor.quickSuggestions": {"other": "off", "comments": "off", "strings": "off"},
    "editor.minimap.enabled": False,
    "editor.stickyScroll.enabled": False,
    "editor.fontFamily": "DejaVu Sans Mono",
    "git.enabled": False,
    "telemetry.telemetryLevel": "off",
}


class Window:
    """One window of VS Code."""

    def __init__(self, driver: subprocess.Popen[str], settings: Path) -> None:
        self._driver = driver
        self._settings = settings

    def do(self, operation: str, *arguments: object) -> Any:
        """Run one operation of `drive.mjs`."""
        assert self._driver.stdin is not None
        assert self._driver.stdout is not None
        self._driver.stdin.write(json.dumps([operation, *arguments]) + "\n")
        self._driver.stdin.flush()
        answer = json.loads(self._driver.stdout.readline())
        if "error" in answer:
            self.shot("failed")
            pytest.fail(f"{operation}: {answer['error']}")
        return answer["result"]

    def press(self, *keys: str) -> None:
        """Press keys by the browser's names."""
        self.do("press", *keys)

    def type(self, text: str) -> None:
        """Type text as it is."""
        self.do("type", text)

    def open(self, name: str) -> None:
        """Open a file of the folder, the cursor on its last line."""
        self.press("Control+p")
        self.do("waitFor", ".quick-input-widget input")
        self.type(name)
        self.do("waitFor", f'.quick-input-list [aria-label^="{name}"]')
        self.press("Enter")
        self.do("waitFor", f'.tab.active[data-resource-name="{name}"]')
        self.do("click", ".monaco-editor .view-lines")
        self.press("Control+End")

    def command(self, title: str) -> None:
        """Run a command of the palette."""
        self.press("F1")
        self.do("waitFor", ".quick-input-widget input")
        self.type(title)
        self.do("waitFor", f'.quick-input-list .monaco-list-row.focused[aria-label^="{title}"]')
        self.press("Enter")

    def start_with(self, command: str) -> None:
        """Set the command that starts the server; code-server has the login shell's PATH."""
        whole = self._settings.with_suffix(".new")
        whole.write_text(json.dumps({"refact.command": [command]}))
        whole.replace(self._settings)

    def ghost(self) -> str:
        """Give the ghost text on the screen."""
        return "".join(self.do("texts", GHOST))

    def lines(self) -> list[str]:
        """Give the editor's lines on the screen, ghost text included."""
        return self.do("lines")

    def status(self) -> str:
        """Give the extension's entry in the status bar."""
        return "".join(self.do("texts", BAR)).strip()

    def boxes(self) -> list[str]:
        """Give the texts of notifications."""
        return self.do("texts", ".notification-list-item-message")

    def until(self, holds: Any, what: str) -> None:
        """Wait until something holds; a picture is kept where it does not."""

        def seen() -> str:
            self.shot("failed")
            return f"{what}: {self.status()!r}, {self.boxes()!r}, {self.lines()!r}"

        wait_until(holds, seen)

    def shot(self, name: str) -> Path:
        """Keep a picture of the window."""
        SHOTS.mkdir(exist_ok=True)
        path = SHOTS / f"{name}.png"
        self.do("shot", str(path))
        return path


def package(folder: Path) -> Path:
    """Package a clean copy of the extension by its one command, once; gives the file."""
    packaged = folder / "refact-lsp.vsix"
    if not packaged.exists():
        npm = shutil.which("npm") or programs.missing("no npm")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(EXTENSION, folder, ignore=shutil.ignore_patterns("node_modules", "dist"))
        packaged.unlink(missing_ok=True)
        done = subprocess.run(
            [npm, "run", "package"], cwd=folder, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return packaged


@contextmanager
def code_server(place: Path, extension: Path, server: Path) -> Generator[Window]:
    """Run VS Code on the folder `work` of a place, with a program that starts the server."""
    modules, chromium = programs.code_server()
    node = str(modules / "node/bin/node")
    entry = str(modules / "code-server/out/node/entry.js")
    user, extensions = place / "user", place / "extensions"
    folders = ["--user-data-dir", str(user), "--extensions-dir", str(extensions)]
    subprocess.run(
        [node, entry, *folders, "--install-extension", str(extension)],
        check=True,
        capture_output=True,
    )
    settings = user / "Machine/settings.json"
    command = {"refact.command": [str(server)]}
    for file, content in ((user / "User/settings.json", QUIET), (settings, command)):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content))
    address = f"127.0.0.1:{programs.free_port()}"
    options = "--auth none --disable-telemetry --disable-update-check --disable-workspace-trust"
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(
            [node, entry, *folders, *options.split(), "--bind-addr", address],
            stdout=log,
            stderr=log,
        )
    url = f"http://{address}"
    drive = str(Path(__file__).parent / "vscode/drive.mjs")
    driver = None
    try:
        wait_until(lambda: _healthy(url), (place / "log").read_text)
        driver = subprocess.Popen(
            [node, drive, str(modules), chromium, f"{url}/?folder={place / 'work'}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        window = Window(driver, settings)
        window.do("open")
        yield window
    finally:
        if driver is not None:
            driver.communicate()  # closes its input, which ends it
        process.terminate()
        process.wait()


def _healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False

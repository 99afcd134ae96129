"""Finds the real programs that the end-to-end tests start; `tests/e2e/setup.sh` puts them there.

A missing one skips the test with the reason; with REFACT_E2E=required (as in CI) it fails instead.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import httpx
import pytest

ROOT = Path(
    os.environ.get("REFACT_E2E_ROOT")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "refact-lsp-e2e"
)
SID = ROOT / "sid"
READY_S = 60


def missing(reason: str) -> NoReturn:
    """Skip with the reason, or fail where every program must be there."""
    reason = f"{reason}: run tests/e2e/setup.sh"
    if os.environ.get("REFACT_E2E") == "required":
        pytest.fail(reason)
    pytest.skip(reason)


def sid_command(program: str) -> list[str]:
    """Command that runs a program of the Debian sid folder on this system, by its own loader."""
    binary = SID / "usr/bin" / program
    loader = SID / "lib64/ld-linux-x86-64.so.2"
    libraries = SID / "usr/lib/x86_64-linux-gnu"
    if not loader.exists():
        loader, libraries = SID / "lib/ld-linux-aarch64.so.1", SID / "usr/lib/aarch64-linux-gnu"
    if not binary.exists():
        missing(f"no {program} of Debian sid")
    return [str(loader), "--library-path", str(libraries), str(binary)]


def neovim() -> tuple[list[str], Mapping[str, str]]:
    """Command and environment of Neovim."""
    runtime = SID / "usr/share/nvim/runtime"
    return sid_command("nvim"), {"VIM": str(runtime.parent), "VIMRUNTIME": str(runtime)}


def helix() -> tuple[list[str], Mapping[str, str]]:
    """Command and environment of Helix."""
    return sid_command("hx"), {"HELIX_RUNTIME": str(SID / "usr/lib/hx/runtime")}


def code_server() -> tuple[Path, str]:
    """The folder of npm's packages that holds code-server, and Chromium's path."""
    modules = ROOT / "vscode/node_modules"
    if not (modules / "node/bin/node").exists():
        missing("no code-server")
    return modules, shutil.which("chromium") or missing("no Chromium")


def free_port() -> int:
    """A loopback port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def llama_server(model: Path, *arguments: str) -> Generator[str]:
    """Run llama.cpp's server on a model; gives its base URL. Model loading needs the chroot."""
    if not (SID / "usr/bin/llama-server").exists():
        missing("no llama-server of Debian sid")
    if os.geteuid() != 0:
        missing("llama-server runs in a chroot, which needs root")
    folder = SID / "tmp" / f"refact-{os.getpid()}-{free_port()}"
    folder.mkdir(parents=True)
    placed = folder / "model.gguf"
    placed.write_bytes(model.read_bytes())
    port = free_port()
    inside = "/" + str(placed.relative_to(SID))
    command = ["chroot", str(SID.resolve()), "llama-server", "-m", inside, "--host", "127.0.0.1"]
    command += ["--port", str(port), "-c", "4096", "-t", "1", "--no-ui"]
    command += ["--alias", "qwen2.5-coder-tiny", *arguments]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + READY_S
        while not _healthy(url):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail("llama-server is not ready: " + log.read_text(errors="replace")[-2000:])
            time.sleep(0.05)
        yield url
    finally:
        process.kill()
        process.wait()
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()


def _healthy(url: str) -> bool:
    try:
        return httpx.get(url + "/health", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False

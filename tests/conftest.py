"""Shared fixtures: every test has a home folder of its own and reaches loopback only."""

import itertools
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# Tests start the program often: it is compiled once, as where it is installed, and so are they.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


@pytest.fixture(scope="session")
def compiled_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled registry: every home has its own, but compiling it anew takes half a test."""
    folder = tmp_path_factory.getbasetemp()
    if folder.name.startswith("popen-"):  # one of several processes of a run: they share it
        folder = folder.parent
    return folder / "registry"


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders for homes, numbered here: pytest's own numbering lists all of them each time."""
    base = tmp_path_factory.mktemp("homes")
    return (base / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def home(homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own; the program makes the folder where it needs one."""
    folder = next(homes)
    live_in(folder, monkeypatch)
    return folder


@pytest.fixture
def furnished(home: Path, compiled_registry: Path) -> Path:
    """The same home with a compiled registry, for tests that open the whole program."""
    furnish(home, compiled_registry)
    return home


def live_in(home: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("REFACT_HOME", str(home))
    patch.setenv("REFACT_KEYRING", "off")


def furnish(home: Path, compiled_registry: Path) -> None:
    cache = home / "cache"
    cache.mkdir(parents=True, mode=0o700)
    compiled_registry.mkdir(exist_ok=True)
    (cache / "registry").symlink_to(compiled_registry)

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
    return tmp_path_factory.mktemp("registry")


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders for homes, numbered here: pytest's own numbering lists all of them each time."""
    base = tmp_path_factory.mktemp("homes")
    return (base / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def home(homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch, compiled_registry: Path) -> Path:
    folder = next(homes)
    (folder / "cache").mkdir(parents=True, mode=0o700)
    (folder / "cache" / "registry").symlink_to(compiled_registry)
    monkeypatch.setenv("REFACT_HOME", str(folder))
    monkeypatch.setenv("REFACT_KEYRING", "off")
    return folder

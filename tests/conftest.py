"""Shared fixtures: every test has a home folder of its own and reaches loopback only."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def compiled_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled registry: every home has its own, but compiling it anew takes half a test."""
    return tmp_path_factory.mktemp("registry")


@pytest.fixture(autouse=True)
def home(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    compiled_registry: Path,
) -> Path:
    folder = tmp_path_factory.mktemp("home")
    (folder / "cache").mkdir(mode=0o700)
    (folder / "cache" / "registry").symlink_to(compiled_registry)
    monkeypatch.setenv("REFACT_HOME", str(folder))
    monkeypatch.setenv("REFACT_KEYRING", "off")
    return folder

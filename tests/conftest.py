"""Shared fixtures: every test has a home folder of its own and reaches loopback only."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("REFACT_HOME", str(folder))
    monkeypatch.setenv("REFACT_KEYRING", "off")
    return folder

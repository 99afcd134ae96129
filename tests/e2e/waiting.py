"""Waits for what another process does."""

import time
from collections.abc import Callable

import pytest

WAIT_S = 60
POLL_S = 0.05


def wait_until(holds: Callable[[], object], otherwise: str | Callable[[], str]) -> None:
    """Look again and again until something holds; fails with a reason where it never does."""
    deadline = time.monotonic() + WAIT_S
    while not holds():
        if time.monotonic() > deadline:
            pytest.fail(otherwise if isinstance(otherwise, str) else otherwise())
        time.sleep(POLL_S)

"""Shared fixtures: every test has a home folder of its own and reaches loopback only."""

import itertools
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from refact_lsp.core.paths import folders
from refact_lsp.store.database import open_database

# Tests start the program often: it is compiled once, as where it is installed, and so are they.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Every run tries other examples, so a person's run may be short; .ci/run asks for more. No clock,
# for a machine may be busy.
_EXAMPLES = int(os.environ.get("REFACT_EXAMPLES", "50"))
settings.register_profile("suite", deadline=None, max_examples=_EXAMPLES)
settings.load_profile("suite")

_FIRST, _LAST = ("lsp", "rpc", "test_processes.py"), ("e2e",)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest: then all processes of a run end together.

    The editors' tests run one at a time, whichever process has them, and come last.
    """
    place = {**dict.fromkeys(_FIRST, 0), **dict.fromkeys(_LAST, 2)}

    def order(item: pytest.Item) -> tuple[int, list[str]]:
        file = item.nodeid.partition("::")[0].split("/")
        return place.get(file[1], 1), file

    items.sort(key=order)


@pytest.fixture(scope="session")
def compiled_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the registry is compiled: anew for every home, it takes half a test."""
    folder = tmp_path_factory.getbasetemp() / "registry"  # all processes of a run share it
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a database as the first start makes it, to be copied: making one waits for the disk."""
    empty = tmp_path_factory.mktemp("empty") / "refact.db"
    open_database(empty).close()
    return empty


@pytest.fixture(scope="session")
def furnish(compiled_registry: Path, empty_database: Path) -> Callable[[Path], None]:
    """Give homes what the first start of the program makes: registry and database."""

    def furnished(home: Path) -> None:
        stored = folders({"REFACT_HOME": str(home)})
        for folder in (home, stored.cache, stored.database.parent):
            folder.mkdir(mode=0o700)
        (stored.cache / "registry").symlink_to(compiled_registry)
        shutil.copy(empty_database, stored.database)

    return furnished


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
def furnished(home: Path, furnish: Callable[[Path], None]) -> Path:
    """The same home as a first start leaves it, for tests that open the whole program."""
    furnish(home)
    return home


def live_in(home: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("REFACT_HOME", str(home))
    patch.setenv("REFACT_KEYRING", "off")

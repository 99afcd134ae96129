"""Everything here starts real programs, one test at a time: two cores do not bear two editors."""

import fcntl
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.e2e import programs, tiny_gguf

E2E = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(E2E):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(autouse=True)
def alone(tmp_path_factory: pytest.TempPathFactory) -> Generator[None]:
    with (tmp_path_factory.getbasetemp() / "e2e.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "tiny.gguf"
    tiny_gguf.write(path)
    return path


@pytest.fixture(scope="session")
def llama(tiny_model: Path) -> Generator[str]:
    with programs.llama_server(tiny_model) as url:
        yield url


@pytest.fixture(scope="session")
def llama_embedding(tiny_model: Path) -> Generator[str]:
    with programs.llama_server(tiny_model, "--embeddings", "--pooling", "mean") as url:
        yield url

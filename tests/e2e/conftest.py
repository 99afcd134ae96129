"""Everything here starts real programs; one worker, so that they do not fight for two cores."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.e2e import programs, tiny_gguf

E2E = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(E2E):
            item.add_marker(pytest.mark.e2e)


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

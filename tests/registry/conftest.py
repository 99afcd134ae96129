from pathlib import Path

import pytest

from refact_lsp.registry.catalog import Catalog
from refact_lsp.registry.compiled import open_catalog
from refact_lsp.registry.load import bundled_folder


@pytest.fixture(scope="session")
def catalog(compiled_registry: Path) -> Catalog:
    """The bundled registry, as a person without files of their own has it."""
    return open_catalog(cache_folder=compiled_registry)


@pytest.fixture(scope="session")
def bundled() -> Path:
    return bundled_folder()

import os
from pathlib import Path

import pytest

from refact_lsp.registry.catalog import Catalog
from tests.registry.table import providers_table, with_table

README = Path(__file__).parents[2] / "README.md"


def test_the_readme_shows_the_providers_that_the_registry_has(catalog: Catalog):
    """UPDATE_README=1 writes the table anew."""
    text = README.read_text("utf-8")
    current = with_table(text, providers_table(catalog))
    if os.environ.get("UPDATE_README"):
        README.write_text(current, "utf-8")
    assert README.read_text("utf-8") == current


def test_every_template_has_a_row(catalog: Catalog):
    table = providers_table(catalog)
    assert all(f"`{template}`" in table for template in catalog.templates)
    assert {line.count("|") for line in table.splitlines()} == {7}


def test_a_text_without_markers_is_refused():
    with pytest.raises(ValueError, match="markers"):
        with_table("nothing", "| a |")

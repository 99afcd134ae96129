from pathlib import Path

import pytest

from refact_lsp.registry import compiled
from refact_lsp.registry.compiled import open_catalog

TEMPLATE = """
name = "Mine"
notes = "A gateway."
wires = ["openai-chat"]
catalogs = ["mine"]
"""
MODELS = """
verified = "2026-11-01"
lazy = {lazy}
[defaults]
tools = true
context = 1000
[models."Some-Model"]
context = 200000
aliases = ["some"]
"""


@pytest.fixture
def bundled(tmp_path: Path) -> Path:
    """A registry of one family."""
    folder = tmp_path / "bundled"
    (folder / "families").mkdir(parents=True)
    (folder / "families/f.toml").write_text("rank = 1\nmatch = ['f']\n")
    return folder


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    for kind in ("providers", "models"):
        (folder / kind).mkdir(parents=True)
    (folder / "providers/mine.toml").write_text(TEMPLATE)
    (folder / "models/mine.toml").write_text(MODELS.format(lazy="false"))
    return folder


@pytest.mark.parametrize("lazy", ["false", "true"])
def test_what_was_compiled_equals_what_was_read(
    own: Path, bundled: Path, tmp_path: Path, lazy: str
):
    (own / "models/mine.toml").write_text(MODELS.format(lazy=lazy))
    cache = tmp_path / "cache"
    read = open_catalog(user_folder=own, bundled=bundled)
    first = open_catalog(cache_folder=cache, user_folder=own, bundled=bundled)
    second = open_catalog(cache_folder=cache, user_folder=own, bundled=bundled)
    for catalog in (first, second):
        assert catalog.templates == read.templates
        assert catalog.families == read.families
        assert catalog.models("mine") == read.models("mine")
        found = catalog.resolve("mine", "some")
        assert found.via == "alias"
        assert (found.capabilities.context_window, found.capabilities.tools) == (200000, True)


def test_a_changed_file_is_seen_and_old_compiled_files_go(own: Path, bundled: Path, tmp_path: Path):
    cache = tmp_path / "cache"
    open_catalog(cache_folder=cache, user_folder=own, bundled=bundled)
    (own / "providers/mine.toml").write_text(TEMPLATE.replace("Mine", "Changed"))
    changed = open_catalog(cache_folder=cache, user_folder=own, bundled=bundled)
    assert changed.templates["mine"].name == "Changed"
    keys = {path.name.partition(".")[0].partition("-")[0] for path in cache.glob("*.msgpack")}
    assert len(keys) == 1


def test_a_broken_compiled_file_is_made_anew(own: Path, bundled: Path, tmp_path: Path):
    cache = tmp_path / "cache"
    open_catalog(cache_folder=cache, user_folder=own, bundled=bundled)
    for path in cache.glob("*.msgpack"):
        path.write_bytes(b"\xc1 not msgpack")
    assert "mine" in open_catalog(cache_folder=cache, user_folder=own, bundled=bundled).templates
    assert "mine" in open_catalog(cache_folder=cache, user_folder=own, bundled=bundled).templates


def test_a_lazy_catalog_that_lost_its_file_is_read_from_the_source(
    own: Path, bundled: Path, tmp_path: Path
):
    (own / "models/mine.toml").write_text(MODELS.format(lazy="true"))
    cache = tmp_path / "cache"
    open_catalog(cache_folder=cache, user_folder=own, bundled=bundled)
    (path,) = cache.glob("*-mine.msgpack")
    path.unlink()
    assert (
        open_catalog(cache_folder=cache, user_folder=own, bundled=bundled)
        .resolve("mine", "some")
        .known
    )


def test_a_cache_that_cannot_be_written_only_costs_time(own: Path, bundled: Path, tmp_path: Path):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    assert (
        "mine"
        in open_catalog(cache_folder=blocked / "x", user_folder=own, bundled=bundled).templates
    )


def test_a_users_broken_file_is_told_every_time(own: Path, bundled: Path, tmp_path: Path):
    (own / "families").mkdir()
    (own / "families/bad.toml").write_text("rnak = 1\n")
    cache = tmp_path / "cache"
    for _ in range(2):
        problems = open_catalog(cache_folder=cache, user_folder=own, bundled=bundled).problems
        assert "rnak" in problems[0].message


def test_a_wheel_would_hold_the_data_where_it_is_looked_for():
    assert (compiled.bundled_folder() / "providers/ollama.toml").is_file()

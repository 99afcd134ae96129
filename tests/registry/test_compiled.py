import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
    (folder / "models/mine.toml").write_text(MODELS)
    return folder


def test_what_was_compiled_equals_what_was_read(own: Path, bundled: Path, tmp_path: Path):
    cache = tmp_path / "cache"
    read = open_catalog(user_folder=own, bundled=bundled)
    for _ in range(2):
        catalog = open_catalog(cache_folder=cache, user_folder=own, bundled=bundled)
        assert catalog.templates == read.templates
        assert catalog.families == read.families
        assert catalog.models("mine") == read.models("mine")
        found = catalog.resolve("mine", "some")
        assert found.via == "alias"
        assert (found.capabilities.context_window, found.capabilities.tools) == (200000, True)


def test_changed_files_are_seen_and_old_compiled_files_go(own: Path, bundled: Path, tmp_path: Path):
    cache = tmp_path / "cache"
    open_catalog(cache_folder=cache, user_folder=own, bundled=bundled).models("mine")
    (own / "providers/mine.toml").write_text(TEMPLATE.replace("Mine", "Changed"))
    (own / "models/mine.toml").write_text(MODELS.replace("200000", "300000"))
    changed = open_catalog(cache_folder=cache, user_folder=own, bundled=bundled)
    assert changed.templates["mine"].name == "Changed"
    assert changed.models("mine")["Some-Model"].context == 300000
    kept = sorted(path.name.rpartition("-")[0] for path in cache.iterdir())
    assert kept == ["main", "models-mine", "own"]


def test_what_an_update_changes_below_a_users_files_is_seen(
    own: Path, bundled: Path, tmp_path: Path
):
    for kind in ("providers", "models"):
        (bundled / kind).mkdir()
    (own / "providers/mine.toml").write_text("notes = 'My own words.'\n")
    (own / "models/mine.toml").write_text("[models.small]\ncontext = 2000\n")
    for name, rank, tools in (("Old", 1, "false"), ("New", 2, "true")):
        (bundled / "providers/mine.toml").write_text(TEMPLATE.replace("Mine", name))
        (bundled / "families/f.toml").write_text(f"rank = {rank}\nmatch = ['f']\n")
        (bundled / "models/mine.toml").write_text(
            MODELS.replace("tools = true", f"tools = {tools}")
        )
        catalog = open_catalog(cache_folder=tmp_path / "cache", user_folder=own, bundled=bundled)
        template, models = catalog.templates["mine"], catalog.models("mine")
        assert (template.name, template.notes) == (name, "My own words.")
        assert catalog.families["f"].rank == rank
        assert {(model.tools, model.context) for model in models.values()} == {
            (tools == "true", 200000),
            (tools == "true", 2000),
        }
        assert catalog.problems == ()


def test_a_users_models_that_lie_over_nothing_since_an_update_are_a_problem(
    own: Path, bundled: Path, tmp_path: Path
):
    (bundled / "models").mkdir()
    (bundled / "models/mine.toml").write_text(MODELS)
    (own / "models/mine.toml").write_text("[models.small]\ncontext = 2000\n")
    for said in ("", "verified"):
        catalog = open_catalog(cache_folder=tmp_path / "cache", user_folder=own, bundled=bundled)
        assert said in "".join(problem.message for problem in catalog.problems)
        assert bool(said) == bool(catalog.problems)
        (bundled / "models/mine.toml").unlink(missing_ok=True)


def test_a_release_reads_its_own_files_though_their_times_are_those_of_the_last(
    bundled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    family = bundled / "families/f.toml"
    for release, rank in (("1.0.0", 1), ("1.0.1", 2)):
        monkeypatch.setattr(compiled, "VERSION", release)
        family.write_text(f"rank = {rank}\nmatch = ['f']\n")
        os.utime(family, (0, 0))
        catalog = open_catalog(cache_folder=tmp_path / "cache", bundled=bundled)
        assert catalog.families["f"].rank == rank


def test_a_change_of_a_users_file_reads_no_other_one(own: Path, bundled: Path, tmp_path: Path):
    cache = tmp_path / "cache"
    open_catalog(cache_folder=cache, user_folder=own, bundled=bundled)
    family = bundled / "families/f.toml"
    state = family.stat()
    family.write_text("x" * state.st_size)  # whoever reads it now has a problem
    os.utime(family, ns=(state.st_atime_ns, state.st_mtime_ns))
    (own / "providers/mine.toml").write_text(TEMPLATE.replace("Mine", "Changed"))
    changed = open_catalog(cache_folder=cache, user_folder=own, bundled=bundled)
    assert changed.templates["mine"].name == "Changed"
    assert changed.problems == ()
    assert set(changed.families) == {"f"}


def test_dropping_old_files_spares_catalogs_of_a_longer_name(
    own: Path, bundled: Path, tmp_path: Path
):
    cache = tmp_path / "cache"
    (own / "models/mine-cn.toml").write_text(MODELS)
    (own / "providers/other.toml").write_text(TEMPLATE.replace('"mine"', '"mine-cn"'))
    catalog = open_catalog(cache_folder=cache, user_folder=own, bundled=bundled)
    assert catalog.models("other")
    assert catalog.models("mine")
    assert len(list(cache.glob("models-mine*.msgpack"))) == 2


def test_a_broken_compiled_file_is_made_anew(own: Path, bundled: Path, tmp_path: Path):
    cache = tmp_path / "cache"
    open_catalog(cache_folder=cache, user_folder=own, bundled=bundled).models("mine")
    for path in cache.glob("*.msgpack"):
        path.write_bytes(b"\xc1 not msgpack")
    for _ in range(2):
        catalog = open_catalog(cache_folder=cache, user_folder=own, bundled=bundled)
        assert catalog.models("mine")


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


def test_what_editors_and_systems_leave_is_no_file_of_the_registry(
    own: Path, bundled: Path, tmp_path: Path
):
    """Emacs locks a file by a link to nowhere, or by a file; macOS keeps what others cannot."""
    (own / "providers/.#mine.toml").symlink_to("me@machine.1234:5678")
    (own / "providers/.#other.toml").write_text("me@machine.1234:5678")
    (own / "providers/._mine.toml").write_bytes(b"\0\5\x16\7")
    (own / "providers/circle.toml").symlink_to("circle.toml")
    catalog = open_catalog(cache_folder=tmp_path / "cache", user_folder=own, bundled=bundled)
    assert set(catalog.templates) == {"mine"}
    assert catalog.problems == ()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems make no such names")
@pytest.mark.parametrize("kind", ["providers", "families", "models"])
def test_a_file_whose_name_is_no_text_is_told_and_passed_over(
    own: Path, bundled: Path, tmp_path: Path, kind: str
):
    (own / kind).mkdir(exist_ok=True)
    file = own / kind / os.fsdecode(b"caf\xe9.toml")
    file.write_text("rank = 1\nmatch = ['a']\n")
    for _ in range(2):
        catalog = open_catalog(cache_folder=tmp_path / "c", user_folder=own, bundled=bundled)
        (problem,) = catalog.problems
        assert problem.message.startswith(f"{own / kind}/caf\N{REPLACEMENT CHARACTER}.toml: ")
        assert "Rename" in (problem.hint or "")
        assert set(catalog.templates) == {"mine"}
    file.unlink()
    assert not open_catalog(cache_folder=tmp_path / "c", user_folder=own, bundled=bundled).problems


@pytest.mark.parametrize("closed", ["", "providers"])
def test_a_folder_that_may_not_be_entered_is_told(
    own: Path, bundled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed: str
):
    def problems() -> str:
        catalog = open_catalog(cache_folder=tmp_path / "c", user_folder=own, bundled=bundled)
        return " ".join(problem.message for problem in catalog.problems)

    with monkeypatch.context() as denied:
        deny(denied, own / closed)
        for _ in range(2):
            assert f"{own / 'providers'}: Permission denied" in problems()
    assert problems() == ""


def deny(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let the system refuse every look into the folder, as it does to others than root."""

    def guarded(look: Callable[[Path], Any]) -> Callable[[Path], Any]:
        def refusing(path: Path) -> Any:
            if Path(path).is_relative_to(folder):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return look(path)

        return refusing

    for owner, name in ((os, "scandir"), (Path, "is_dir"), (Path, "is_file")):
        monkeypatch.setattr(owner, name, guarded(getattr(owner, name)))


def test_a_wheel_would_hold_the_data_where_it_is_looked_for():
    assert (compiled.bundled_folder() / "providers/ollama.toml").is_file()

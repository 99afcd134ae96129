import os
import stat
from pathlib import Path

import pytest

from refact_lsp.core.paths import folders, make_private
from refact_lsp.core.problems import RefactError


def test_refact_home_holds_everything(tmp_path: Path):
    found = folders({"REFACT_HOME": str(tmp_path / "all")})
    assert {found.config.parent, found.data.parent, found.cache.parent} == {tmp_path / "all"}
    assert found.home == tmp_path / "all"
    assert not (tmp_path / "all").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows guesses where a name's home would be")
def test_a_home_of_nobody_is_refused():
    with pytest.raises(RefactError, match="names no folder"):
        folders({"REFACT_HOME": "~nobody-of-this-name/x"})


@pytest.mark.skipif(os.name == "nt", reason="names are text on Windows")
def test_a_folder_whose_name_is_no_text_is_refused():
    with pytest.raises(RefactError, match="/caf\N{REPLACEMENT CHARACTER}/config is not UTF-8 text"):
        folders({"REFACT_HOME": os.fsdecode(b"/caf\xe9")})


def test_without_refact_home_the_platform_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    found = folders({})
    assert found.home is None
    assert len({found.config, found.data, found.cache}) >= 2
    assert all("refact-lsp" in path.parts for path in (found.config, found.data, found.cache))


@pytest.mark.skipif(os.name == "nt", reason="folders have no mode on Windows")
def test_folders_are_made_for_their_owner_alone(tmp_path: Path):
    folder = make_private(tmp_path / "a" / "b")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700


def test_a_folder_that_may_not_be_entered_is_named_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(RefactError, match="cannot be used: Permission denied"):
        make_private(tmp_path)


def test_a_file_in_the_way_is_named(tmp_path: Path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(RefactError, match="taken") as caught:
        make_private(tmp_path / "taken" / "data")
    assert "REFACT_HOME" in (caught.value.problem.hint or "")

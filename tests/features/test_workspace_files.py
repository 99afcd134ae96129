"""Which files of a workspace are listed, with and without git."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from refact_lsp.core.problems import RefactError
from refact_lsp.features.workspace_files import discover_files


def write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x = 1\n")


def names(root: Path, **options: int) -> list[str]:
    return [os.path.relpath(path, root) for path in discover_files(str(root), **options)]


@pytest.fixture(params=["walk", "git"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    if request.param == "git":
        if not shutil.which("git"):
            pytest.skip("git is not installed")
        subprocess.run(["git", "init", "-q", folder], check=True)
    return folder


def test_files_are_listed_sorted_and_absolute(root: Path):
    write(root, "b.py", "a/c.py", "a.py")
    assert discover_files(str(root)) == [str(root / n) for n in ("a.py", "a/c.py", "b.py")]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems make no such names")
def test_a_file_whose_name_is_no_text_is_left_out(root: Path):
    write(root, "a.py", os.fsdecode(b"caf\xe9.py"), os.fsdecode(b"caf\xe9/b.py"), "\xe9.py")
    assert names(root) == ["a.py", "\xe9.py"]


def test_hidden_and_vendored_folders_are_left_out(root: Path):
    write(root, ".env", ".git2/x.py", "node_modules/a/x.js", "a/vendor/x.go", "a/vendored.go")
    assert names(root) == ["a/vendored.go"]


def test_gitignore_is_honoured_at_every_level(root: Path):
    write(root, "a.log", "a/b.log", "a/keep.log", "a/out/x.py", "b/out/x.py", "c.py")
    (root / ".gitignore").write_text("*.log\n/a/out/\n")
    (root / "a" / ".gitignore").write_text("!keep.log\n")
    assert names(root) == ["a/keep.log", "b/out/x.py", "c.py"]


def test_an_ignored_folder_cannot_be_reopened_from_inside(root: Path):
    write(root, "out/x.py", "y.py")
    (root / ".gitignore").write_text("out/\n")
    (root / "out" / ".gitignore").write_text("!x.py\n")
    assert names(root) == ["y.py"]


def test_links_are_not_followed(root: Path, tmp_path: Path):
    write(tmp_path, "outside/secret.py")
    write(root, "a.py")
    (root / "link.py").symlink_to(tmp_path / "outside" / "secret.py")
    (root / "linked").symlink_to(tmp_path / "outside")
    (root / "inside.py").symlink_to(root / "a.py")
    assert names(root) == ["a.py"]


def test_pipes_are_no_files(root: Path):
    write(root, "a.py")
    os.mkfifo(root / "pipe.py")
    if not (root / ".git").exists():  # git itself would wait for it, until its time is up
        os.mkfifo(root / ".gitignore")
    assert names(root) == ["a.py"]


def test_the_list_is_bounded(root: Path):
    write(root, *(f"{number}.py" for number in range(20)))
    assert len(names(root, limit=7)) == 7


def test_a_program_named_by_the_project_is_not_started(root: Path, tmp_path: Path):
    if not (root / ".git").exists():
        pytest.skip("only a git checkout has a configuration")
    write(root, "a.py")
    trace = tmp_path / "ran"
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\ntouch {trace}\n")
    hook.chmod(0o755)
    subprocess.run(["git", "-C", root, "config", "core.fsmonitor", hook], check=True)
    assert names(root) == ["a.py"]
    assert not trace.exists()


def test_files_that_git_remembers_but_are_gone_are_left_out(root: Path):
    if not (root / ".git").exists():
        pytest.skip("only git remembers")
    write(root, "a.py", "b.py")
    subprocess.run(["git", "-C", root, "add", "."], check=True)
    (root / "a.py").unlink()
    assert names(root) == ["b.py"]


def test_a_checkout_inside_an_ignored_folder_is_walked(root: Path):
    write(root, "scratch/a.py")
    (root / ".gitignore").write_text("scratch/\n")
    assert names(root / "scratch") == ["a.py"]


def test_what_is_no_folder_is_refused(tmp_path: Path):
    with pytest.raises(RefactError, match="is not a folder"):
        discover_files(str(tmp_path / "absent"))

import os
from pathlib import Path

import pytest

from refact_lsp.app.privacy_guard import PrivacyGuard
from refact_lsp.core.privacy import Verdict, Zone


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "ws"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "a.py").write_text("a")
    return folder


@pytest.fixture
def guard(workspace: Path) -> PrivacyGuard:
    return PrivacyGuard([workspace])


def ask(guard: PrivacyGuard, path: Path) -> Verdict:
    return guard.check(path, "p", "cloud")


def test_a_link_to_a_secret_is_blocked_under_any_name(workspace: Path, guard: PrivacyGuard):
    (workspace / ".env").write_text("KEY=1")
    (workspace / "plain.txt").symlink_to(".env")
    (workspace / "twice.txt").symlink_to("plain.txt")
    (workspace / "real.txt").write_text("x")
    (workspace / "id_key").symlink_to("real.txt")
    (workspace / "through.txt").symlink_to("id_key")
    (workspace / "linked").symlink_to("src", target_is_directory=True)
    (workspace / "src" / "tls.key").write_text("x")
    for name in ("plain.txt", "twice.txt", "id_key", "through.txt", "linked/tls.key"):
        assert not ask(guard, workspace / name).allowed, name
    assert ask(guard, workspace / "real.txt").allowed
    assert ask(guard, workspace / "linked" / "a.py").allowed


def test_a_link_into_an_ignored_place_is_blocked(
    workspace: Path, guard: PrivacyGuard, tmp_path: Path
):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.py").write_text("x")
    (outside / ".refactignore").write_text("*\n")
    (workspace / "x.py").symlink_to(outside / "x.py")
    assert ask(guard, workspace / "x.py").file == (outside / ".refactignore").as_posix()


def test_dots_in_a_path_hide_nothing(workspace: Path, guard: PrivacyGuard):
    (workspace / "src" / ".refactignore").write_text("a.py\n")
    assert not ask(guard, workspace / "src" / ".." / "src" / "a.py").allowed
    assert not guard.check(f"{workspace}/src/./a.py", "p", "cloud").allowed
    assert not guard.check(f"{workspace}/src/\0a.py", "p", "cloud").allowed


async def test_a_changed_rule_file_counts_after_the_refresh(workspace: Path, guard: PrivacyGuard):
    path = workspace / "src" / "a.py"
    assert ask(guard, path).allowed
    assert not await guard.refresh()
    (workspace / ".refactignore").write_text("*.py\n")
    assert await guard.refresh()
    assert ask(guard, path).rule == "*.py"
    (workspace / ".refactignore").unlink()
    assert await guard.refresh()
    assert ask(guard, path).allowed
    (workspace / "moved").symlink_to(path)
    assert ask(guard, workspace / "moved").allowed
    (workspace / ".env").write_text("")
    (workspace / "moved").unlink()
    (workspace / "moved").symlink_to(workspace / ".env")
    assert await guard.refresh()
    assert not ask(guard, workspace / "moved").allowed


def test_a_known_path_is_answered_without_the_disk(workspace: Path, guard: PrivacyGuard):
    path = workspace / "src" / "a.py"
    assert ask(guard, path).allowed
    (workspace / ".refactignore").write_text("*.py\n")
    assert ask(guard, path).allowed


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xfe", "no UTF-8"),
        (b"*.py\n[\n", "Line 2"),
        (b"# " + b"x" * (1 << 20), "larger than 1 MiB"),
    ],
)
def test_an_ignore_file_that_cannot_be_read_blocks_its_folder(
    workspace: Path, guard: PrivacyGuard, content: bytes, reason: str
):
    (workspace / "src" / ".refactignore").write_bytes(content)
    verdict = ask(guard, workspace / "src" / "a.py")
    assert not verdict.allowed
    assert reason in (verdict.reason or "")
    assert ask(guard, workspace / "b.py").allowed


def test_an_ignore_file_that_is_a_folder_or_leads_nowhere_blocks(
    workspace: Path, guard: PrivacyGuard
):
    (workspace / "src" / ".refactignore").mkdir()
    assert "cannot be read" in (ask(guard, workspace / "src" / "a.py").reason or "")
    (workspace / "other").mkdir()
    (workspace / "other" / ".refactignore").symlink_to("nowhere")
    assert not ask(guard, workspace / "other" / "a.py").allowed


@pytest.mark.parametrize(
    ("text", "allowed", "reason"),
    [
        ('[[rules]]\npatterns = ["*.py"]\nsendTo = ["p"]', True, None),
        ('[[rules]]\npatterns = ["*.py"]\nsendTo = ["q", "local"]', False, "q, local only"),
        ('[[rules]]\npatterns = ["*.py"]', False, "nobody"),
        ('[[rules]]\npaterns = ["*.go"]', False, "paterns"),
        ("[[rules", False, "cannot be read"),
        ('[[rules]]\npatterns = ["!"]', False, "Line 1"),
        ("", True, None),
    ],
)
def test_project_rules_narrow_and_a_mistake_in_them_blocks(
    workspace: Path, guard: PrivacyGuard, text: str, *, allowed: bool, reason: str | None
):
    (workspace / ".refact").mkdir()
    (workspace / ".refact" / "privacy.toml").write_text(text)
    verdict = ask(guard, workspace / "src" / "a.py")
    assert verdict.allowed is allowed
    assert (reason or "") in (verdict.reason or "")
    if not allowed:
        assert verdict.file == (workspace / ".refact" / "privacy.toml").as_posix()


def test_the_users_zones_count_from_the_workspace(workspace: Path, guard: PrivacyGuard):
    guard.set_zones([Zone(name="mine", patterns=("/src/",), send_to=("local",))])
    path = workspace / "src" / "a.py"
    assert not ask(guard, path).allowed
    assert guard.check(path, "p", "machine").allowed
    guard.set_roots([workspace / "src"])
    assert ask(guard, path).allowed


def test_the_users_rules_that_cannot_be_read_block_everything(workspace: Path, guard: PrivacyGuard):
    guard.set_zones([Zone(name="mine", patterns=("!",))])
    assert "cannot be read" in (ask(guard, workspace / "src" / "a.py").reason or "")
    guard.set_zones([], problem="The stored privacy rules cannot be read.")
    assert not ask(guard, workspace / "src" / "a.py").allowed
    guard.set_zones([])
    assert ask(guard, workspace / "src" / "a.py").allowed


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads everything")
def test_an_ignore_file_without_permission_blocks(workspace: Path, guard: PrivacyGuard):
    (workspace / ".refactignore").write_text("")
    (workspace / ".refactignore").chmod(0)
    assert not ask(guard, workspace / "src" / "a.py").allowed

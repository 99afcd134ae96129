"""The index file: what is read, kept, renewed and refused; and the way through the worker."""

import os
from pathlib import Path

import pytest

from refact_lsp.app.worker import Worker
from refact_lsp.features.completion.workspace.build import Built, build_index
from refact_lsp.features.completion.workspace.model import WorkspaceModel
from refact_lsp.features.completion.workspace.refresh import open_saved, refresh
from refact_lsp.features.completion.workspace.saved import load_index, saved_index_path

CODE = "def greet(name):\n    return polite_greeting(name, language)\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.py").write_text(CODE)
    (folder / "b.py").write_text("other = polite_farewell(name, language)\n")
    return folder


def build(root: Path, saved: Path, *names: str) -> Built:
    return build_index(lambda *_: None, str(root), str(saved), [str(root / n) for n in names])


def words(saved: Path, root: Path) -> list[str]:
    index = load_index(saved, str(root))
    assert index
    return index.vocabulary.words


def test_only_the_paths_handed_in_are_read(root: Path, tmp_path: Path):
    saved = tmp_path / "x.index"
    assert build(root, saved, "a.py") == Built(changed=True, files=1, read=1, tokens=16)
    assert "polite_greeting" in words(saved, root)
    assert "polite_farewell" not in words(saved, root)
    assert b"polite_farewell" not in saved.read_bytes()


def test_unchanged_files_are_not_read_again(root: Path, tmp_path: Path):
    saved = tmp_path / "x.index"
    build(root, saved, "a.py", "b.py")
    assert build(root, saved, "a.py", "b.py").changed is False
    (root / "b.py").write_text("changed = polite_apology(name)\n")
    os.utime(root / "b.py", ns=(1, 1))
    assert build(root, saved, "a.py", "b.py").read == 1
    assert "polite_apology" in words(saved, root)


def test_nothing_stays_of_a_file_that_is_gone_or_excluded(root: Path, tmp_path: Path):
    saved = tmp_path / "x.index"
    build(root, saved, "a.py", "b.py")
    build(root, saved, "a.py")
    assert b"polite_farewell" not in saved.read_bytes()


def test_a_saved_index_answers_as_the_one_that_was_built(root: Path, tmp_path: Path):
    saved = tmp_path / "x.index"
    build(root, saved, "a.py", "b.py")
    first = load_index(saved, str(root))
    (root / "c.py").write_text("x = 1\n")
    build(root, saved, "a.py", "b.py", "c.py")
    (root / "c.py").unlink()
    build(root, saved, "a.py", "b.py", "c.py")
    second = load_index(saved, str(root))
    assert first
    assert second
    assert (first.stream.ids, first.stream.heads, first.vocabulary.words) == (
        second.stream.ids,
        second.stream.heads,
        second.vocabulary.words,
    )


def test_binary_large_empty_linked_and_absent_files_are_left_out(root: Path, tmp_path: Path):
    (root / "binary.py").write_bytes(b"a = 1\0")
    (root / "large.py").write_text("a = 1\n" * 40_000)
    (root / "empty.py").write_text("")
    (root / "link.py").symlink_to(root / "a.py")
    names = ("binary.py", "large.py", "empty.py", "link.py", "absent.py")
    assert build(root, tmp_path / "x.index", *names).files == 0


def test_bytes_that_are_no_text_do_no_harm(root: Path, tmp_path: Path):
    (root / "latin.py").write_bytes("größe = länge(übrig)\n".encode("latin-1"))
    assert build(root, tmp_path / "x.index", "latin.py").files == 1


def test_another_root_or_a_damaged_file_counts_as_absent(root: Path, tmp_path: Path):
    saved = tmp_path / "x.index"
    assert load_index(saved, str(root)) is None
    build(root, saved, "a.py")
    whole = saved.read_bytes()
    assert load_index(saved, "/elsewhere") is None
    for damaged in (whole[:-1], whole + b"x", b"x" + whole, whole[:40], b"", flipped(whole)):
        saved.write_bytes(damaged)
        assert load_index(saved, str(root)) is None
    build(root, saved, "a.py")
    assert saved.read_bytes() == whole


def flipped(data: bytes) -> bytes:
    return data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]


@pytest.mark.asyncio(loop_scope="session")
async def test_a_workspace_is_listed_sieved_built_and_kept_between_starts(
    root: Path, tmp_path: Path, worker: Worker
):
    (root / "vault.py").write_text("vault_password = open_sesame(name)\n")
    (root / "notes.txt").write_text("prose_is_no_code\n")
    model = WorkspaceModel()
    asked: list[str] = []

    def allowed(path: str) -> bool:
        asked.append(path)
        return not path.endswith("vault.py")

    assert not await open_saved(model, [str(root)], tmp_path, allowed)
    built = await refresh(model, worker, [str(root)], tmp_path, allowed)
    assert (built.files, built.tokens) == (2, model.tokens)
    assert sorted(set(asked)) == [str(root / n) for n in ("a.py", "b.py", "vault.py")]
    again = WorkspaceModel()
    assert await open_saved(again, [str(root)], tmp_path, allowed)
    assert again.tokens == model.tokens
    assert (await refresh(again, worker, [str(root)], tmp_path, allowed)).changed is False


@pytest.mark.asyncio(loop_scope="session")
async def test_what_was_excluded_since_is_forgotten_before_the_index_is_used(
    root: Path, tmp_path: Path, worker: Worker
):
    await refresh(WorkspaceModel(), worker, [str(root)], tmp_path, lambda _: True)
    later = WorkspaceModel()
    assert await open_saved(later, [str(root)], tmp_path, lambda path: not path.endswith("a.py"))
    later.set_buffer("/x/c.py", ["x = 1\n", "return polite_greeting(name, \n"])
    assert later.best("/x/c.py", 1, "return polite_greeting(") is None
    later.set_buffer("/x/d.py", ["x = 1\n", "other = polite_farewell(\n"])
    assert later.best("/x/d.py", 1, "other = polite_farewell(")


def test_every_root_has_its_own_file(tmp_path: Path):
    paths = {saved_index_path(tmp_path, root) for root in ("/a", "/b", "/a/b")}
    assert len(paths) == 3

"""The bench replays commits as it says: nothing of the commit is known before it is typed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.bench.replay import Replay, Repository
from tests.bench.workspace import Tally

BEFORE = (
    "import os\n\n\ndef first():\n    return os.sep\n\n\ndef moved():\n    return moved_value\n"
)
AFTER = (
    "import os\nimport sys\n\n\ndef moved():\n    return moved_value\n\n\n"
    "def first():\n    added_line = os.sep\n    return added_line\n"
)


def git(folder: Path, *arguments: str) -> None:
    author = {
        f"GIT_{who}_{what}": "x@x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    subprocess.run(["git", "-C", folder, *arguments], check=True, env=os.environ | author)


@pytest.fixture
def replay(tmp_path: Path) -> Replay:
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    git(tmp_path, "init", "-q")
    for text in (BEFORE, AFTER):
        (tmp_path / "a.py").write_text(text)
        (tmp_path / "logo.png").write_bytes(b"\0")
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-q", "-m", "x")
    return next(Repository(str(tmp_path)).replays(seed=1, commits=1))


def test_the_parent_is_known_and_the_commit_is_not(replay: Replay):
    (file,) = replay.files
    words = {replay.vocabulary.words[token] for token in file.ids}
    assert "moved_value" in words
    assert "added_line" not in words


def test_added_lines_are_typed_with_all_above_and_only_old_lines_below(replay: Replay):
    typed = {line.text: line for line in replay.typed}
    assert "    return moved_value" not in typed  # it only moved
    line = typed["    added_line = os.sep"]
    document = "".join(line.lines[: line.number])
    assert document == AFTER[: AFTER.index("    added_line = os.sep")]
    assert line.lines[line.number] == "\n"
    assert "added_line" not in "".join(line.lines[line.number :])


def test_a_right_guess_saves_all_but_the_key_that_takes_it():
    tally = Tally()
    tally.add("  open(door)", [(2, "open(window)", 0.9), (3, "pen(door)", 0.9)], 0.5)
    assert (tally.taken, tally.saved, tally.wrong, tally.characters) == (1, 8, 1, 10)


def test_a_wrong_guess_counts_once_while_it_is_typed_through():
    tally = Tally()
    tally.add("  open(door)", [(2, "open(window)", 0.9), (3, "pen(window)", 0.9)], 0.5)
    assert (tally.taken, tally.wrong) == (0, 1)


def test_guesses_below_the_threshold_are_not_shown():
    tally = Tally()
    tally.add("open(door)", [(0, "open(window)", 0.4), (1, "pen(door)", 0.6)], 0.5)
    assert (tally.taken, tally.saved, tally.wrong) == (1, 8, 0)

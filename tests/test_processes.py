"""What runs our tests is tested on tests of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere pytest runs them itself")

# What fails comes last: then what is told does not depend on which file is faster.
KINDS = """
import os, warnings, pytest

warnings.warn("careful, all of you", UserWarning)

@pytest.fixture(scope="module", autouse=True)
def the_other_file_is_with_another_process():
    with open("pipe") as pipe:
        assert pipe.read() != str(os.getpid())

@pytest.fixture
def broken():
    raise OSError("of the fixture")

def test_passes():
    print("of the one that passes")

@pytest.mark.skip(reason="for a reason")
def test_skips(): ...

def test_warns():
    warnings.warn("careful there", UserWarning)

def test_fails():
    print("of the one that fails")
    assert [1, 2] == [1, 3]

def test_errs(broken): ...
"""
ENDS = """
import os, pytest

@pytest.fixture(scope="session", autouse=True)
def note_the_end():
    yield
    os.mkdir("ended")

def test_tells_its_process():
    with open("pipe", "w") as pipe:
        pipe.write(str(os.getpid()))

def test_that_breaks_off():
    {breaking}
"""
# Noticed when garbage is collected at the end, for nothing else refers to the file.
LEAVES_OPEN = "import gc; gc.disable(); left = [open(__file__)]; left.append(left)"


def run(folder: Path, breaking: str) -> tuple[int, str]:
    os.mkfifo(folder / "pipe")
    (folder / "test_kinds.py").write_text(KINDS)
    (folder / "test_ends.py").write_text(ENDS.format(breaking=breaking))
    command = [sys.executable, "-m", "pytest", "--disable-plugin-autoload", "-ra", "--maxfail=3"]
    command += ["-p", "tests.processes", "--rootdir", str(folder), "--processes", "2"]
    command += ["-W", "error", "-W", "default:careful"]
    ran = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    return ran.returncode, ran.stdout + ran.stderr


def test_all_is_told_as_from_one_process(tmp_path: Path):
    code, said = run(tmp_path, "assert 0")
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "2 failed, 3 passed, 1 skipped, 2 warnings, 1 error in" in said
    assert "stopping after 3 failures" in said
    assert "At index 1 diff: 2 != 3" in said
    assert "of the one that fails" in said
    assert "of the one that passes" not in said
    assert "UserWarning: careful there" in said
    assert "UserWarning: careful, all of you" in said
    assert "OSError: of the fixture" in said
    assert "for a reason" in said
    assert (tmp_path / "ended").exists()


@pytest.mark.parametrize(
    ("breaking", "told", "teardown"),
    [
        ("os._exit(3)", "test_that_breaks_off ended its process: exit code 3", False),
        ('pytest.exit("enough")', "test_that_breaks_off ended its process: Exit enough", True),
        (
            LEAVES_OPEN,
            "its process: PytestUnraisableExceptionWarning Exception ignored",
            True,
        ),
    ],
)
def test_a_run_that_is_broken_off_says_why(
    tmp_path: Path, breaking: str, told: str, *, teardown: bool
):
    code, said = run(tmp_path, breaking)
    assert code == pytest.ExitCode.INTERRUPTED
    assert told in said
    assert re.search("1 failed, [34] passed, 1 skipped, 2 warnings, 1 error in", said)
    assert (tmp_path / "ended").exists() == teardown

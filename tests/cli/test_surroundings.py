"""What surrounds a command: its handles, the terminal, Ctrl-C."""

import asyncio
import errno
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from refact_lsp.__main__ import main
from refact_lsp.cli.asking import asked
from refact_lsp.cli.main import root, run
from refact_lsp.cli.output import Styled, echo, print_table


@pytest.mark.skipif(os.name == "nt", reason="sh closes the handles")
@pytest.mark.parametrize("command", ["providers list >&- <&-", "providers add <&-"])
def test_closed_handles_are_as_good_as_none(command: str):
    line = f'exec "{sys.executable}" -m refact_lsp {command}'
    done = subprocess.run(["sh", "-c", line], check=False, capture_output=True, text=True)
    assert done.returncode == ("add" in command)
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_output_that_cannot_be_written_is_told(more: list[str]):
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "refact_lsp", "completion", "bash", *more]
        done = subprocess.run(command, check=False, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert first == "refact-lsp: The output cannot be written: No space left on device."
    assert "disk" in second


def test_a_file_that_the_system_refuses_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def refused(**_options: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/some/file")

    monkeypatch.setattr(root, "main", refused)
    with pytest.raises(SystemExit):
        run(["status"])
    assert capsys.readouterr().err == "refact-lsp: /some/file: Permission denied.\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps a folder that somebody is in")
def test_a_folder_that_is_gone_is_told(tmp_path: Path):
    line = f'rmdir "$PWD" && exec "{sys.executable}" -P -m refact_lsp status'
    done = subprocess.run(["sh", "-c", line], check=False, cwd=tmp_path, capture_output=True)
    assert done.returncode == 1
    assert done.stderr.startswith(b"refact-lsp: The folder that you are in is not there any more.")


def test_what_a_terminal_cannot_show_ends_no_command(monkeypatch: pytest.MonkeyPatch):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    for json_too in ([], ["--json"]):
        with pytest.raises(SystemExit) as ended:
            run(["privacy", "add", "caf\N{LATIN SMALL LETTER E WITH ACUTE}", "*.x", *json_too])
        assert ended.value.code == 0
    assert b"caf?" in written.getvalue()
    assert "caf\N{LATIN SMALL LETTER E WITH ACUTE}".encode() in written.getvalue()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have commands print as to a terminal, to which they leave codes."""
    monkeypatch.setattr("click.utils.should_strip_ansi", lambda *_: False)


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("wanted", "coloured"), [("", True), ("1", False)])
def test_colours_are_for_those_who_want_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], wanted: str, coloured: bool
):
    monkeypatch.setenv("NO_COLOR", wanted)
    echo("this: ", Styled("text", colour="cyan", italic=True))
    shown = capsys.readouterr().out
    assert ("\x1b[36m" in shown) is coloured
    assert "\x1b[3m" in shown


@pytest.mark.usefixtures("terminal")
def test_what_comes_from_outside_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]):
    hostile = "a\x1b[2J\x9b2J\x1b]0;b\a\b\tc\r\n\x7fd é"
    echo(hostile, Styled(hostile, dim=True))
    print_table(["name"], [[hostile]])
    shown = capsys.readouterr().out.replace("\x1b[2m", "").replace("\x1b[0m", "")
    assert shown.count("\N{REPLACEMENT CHARACTER}[2J") == 3
    assert shown.count("d é") == 3
    assert not [sign for sign in shown if not sign.isprintable() and sign not in "\n\t"]


def test_ctrl_c_ends_a_question():
    def question() -> str:
        signal.raise_signal(signal.SIGINT)
        return "waited on"

    async def work() -> None:
        before = signal.getsignal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            asked(question)
        assert signal.getsignal(signal.SIGINT) == before

    asyncio.run(work())


def test_ctrl_c_while_it_waits_for_an_editor_leaves_no_traceback(monkeypatch: pytest.MonkeyPatch):
    def serve(_backend: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("refact_lsp.core.collector.hold_off", lambda: None)  # tests go on
    monkeypatch.setattr("refact_lsp.lsp.main.serve", serve)
    monkeypatch.setattr(sys, "argv", ["refact-lsp"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130

"""The command line, as a person uses it."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from refact_lsp.cli.demo import invite
from refact_lsp.cli.editor import editor
from refact_lsp.cli.main import COMMANDS, root, run
from refact_lsp.core.problems import refuse
from refact_lsp.registry.load import bundled_folder
from refact_lsp.store.database import Database
from tests.cli.shell import Shell


def test_the_program_ends_with_one_line_and_no_traceback():
    done = subprocess.run(
        [sys.executable, "-m", "refact_lsp", "complete", "/nowhere/x.py:1:1"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("refact-lsp: /nowhere/x.py: No such file")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_explains_itself(shell: Shell, name: str):
    assert "Usage: refact-lsp" in shell.run(name, "--help")


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, set[str]]]:
    """Every command that does something, with the names of its options."""
    if not isinstance(command, click.Group):
        yield " ".join(path), {name for option in command.params for name in option.opts}
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        assert child is not None
        yield from leaves(child, (*path, name))


def test_every_command_takes_json():
    assert [path for path, options in leaves(root) if "--json" not in options] == []


def test_status_names_the_embedded_model(shell: Shell):
    roles = {row["role"]: row["model"] for row in shell.document("status")["roles"]}
    assert roles["completion"] == "builtin/workspace"


def test_the_doctor_finds_a_fresh_home_healthy(shell: Shell):
    checks = {check["name"]: check for check in shell.document("doctor")["checks"]}
    assert all(check["ok"] for check in checks.values())
    assert {"python", "database", "sqlite-vec", "secrets", "registry", "builtin"} <= set(checks)


def failed_checks(shell: Shell) -> dict[str, str]:
    checks = json.loads(shell.run("doctor", "--json", code=1))["checks"]
    assert all(check["hint"] for check in checks if not check["ok"])
    return {check["name"]: check["detail"] for check in checks if not check["ok"]}


def test_the_doctor_says_what_is_broken_and_looks_at_the_rest(shell: Shell, home: Path):
    own = home / "config/registry/providers"
    own.mkdir(parents=True)
    (own / "mine.toml").write_text(
        'name = "Mine"\nnotes = "x"\nwires = ["openai-chat"]\nbase_url = "http://127.0.0.1:1"\n'
    )
    for template in ("mine", "openai"):
        key = ["--set", "apiKey=sk-000000000000", "--no-test", "--yes"]
        shell.run("providers", "add", template, *key)
    (own / "mine.toml").unlink()
    secrets = home / "data/secrets.json"
    secrets.write_text("{")
    failed = failed_checks(shell)
    assert set(failed) == {"secrets", "openai", "mine"}
    assert failed["secrets"] == failed["openai"] == f"The file of secrets {secrets} is damaged."
    assert "'mine' is not in the registry" in failed["mine"]


def test_the_doctor_tells_of_a_cache_that_cannot_be_kept(
    shell: Shell, home: Path, capsys: pytest.CaptureFixture[str]
):
    cache = home / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    cache.write_text("a file where the folder should be")
    with pytest.raises(SystemExit):
        run(["doctor"])
    printed = capsys.readouterr()
    assert f"{cache} is no folder: move it away" in printed.out
    assert printed.err == ""  # it only costs time


def test_the_doctor_tells_of_a_database_that_cannot_be_opened(shell: Shell, home: Path):
    (home / "data/refact.db").write_bytes(b"this is no database" * 100)
    assert "no SQLite database" in failed_checks(shell)["start"]


def test_the_doctor_tells_of_a_database_that_cannot_be_written(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
):
    async def write(_database: Database, _statement: object) -> None:
        raise refuse("internal", "The database cannot be written.", "Give it to your user.")

    monkeypatch.setattr(Database, "write", write)
    assert failed_checks(shell)["database"] == "The database cannot be written."


@pytest.mark.parametrize(
    ("found", "word"),
    [
        ([], "providers add"),
        ([{"template": "openai", "name": "OpenAI", "evidence": "a key"}], "OpenAI"),
        (
            [{"template": "ollama", "name": "Ollama", "evidence": "answers", "models": ["m:7b"]}],
            "defaults set completion ollama/m:7b",
        ),
    ],
)
def test_the_demo_ends_by_saying_how_to_connect_a_model(
    capsys: pytest.CaptureFixture[str], found: list[dict[str, Any]], word: str
):
    invite(found)
    shown = capsys.readouterr().out
    assert len(shown.strip().splitlines()) == 3
    assert word in shown


def test_a_place_in_a_file_is_completed_with_timings(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # A project's own modules are read, not run.
    (tmp_path / "msgspec.py").write_text("raise SystemExit(1)\n")
    (tmp_path / "refact_lsp").mkdir()
    (tmp_path / "refact_lsp/__init__.py").write_text("raise SystemExit(1)\n")
    monkeypatch.chdir(tmp_path)
    resumed: list[bool] = []
    monkeypatch.setattr("refact_lsp.core.collector.resume", lambda: resumed.append(True))
    lines = [f"total_{n} = first_value + second_value" for n in range(6)]
    file = tmp_path / "sums.py"
    file.write_text("\n".join([*lines, "total_7 = first_value + "]) + "\n")
    result = shell.document("complete", f"{file}:7:25")
    assert result["items"][0]["text"] == "second_value"
    assert result["items"][0]["range"]["start"] == {"line": 6, "character": 24}
    assert result["model"] == "builtin/workspace"
    assert result["timing"]["totalMs"] > 0
    assert resumed  # its start is over: garbage is collected


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["nonsense"], "No such command"),
        (["demo", "/nowhere/at/all.py"], "No such file"),
        (["demo", os.devnull], "is no file"),
        (["demo", "."], "is a folder"),
        (["demo", "--count", "0"], "range"),
        (["complete", "x.py"], "FILE:LINE:COL"),
        (["complete", "x.py:²:1"], "FILE:LINE:COL"),
        (["complete", "/nowhere/x.py:1:1"], "No such file"),
        (["complete", f"{__file__}:99999:1"], "has"),
        (["complete", f"{__file__}:1:99999"], "ends before column"),
        (["models", "list", "--provider", "nowhere"], "nowhere"),
        (["models", "show", "nowhere"], "nowhere"),
        (["models", "show", "builtin/nowhere"], "nowhere"),
        (["providers", "add", "custom", "--set", "allowHttp=perhaps", "--yes"], "true or false"),
        (["defaults", "set", "completion", "builtin/workspace", "--temperature", "3"], "range"),
        (["defaults", "set", "completion", "builtin/workspace", "--max-tokens", "0"], "range"),
        (["defaults", "set", "cook", "a/b"], "'cook'"),
        (["defaults", "set", "chat", "nowhere/m"], "nowhere"),
        (["providers", "test", "nowhere"], "nowhere"),
        (["providers", "add", "nowhere", "--yes"], "nowhere"),
        (["providers", "add", "custom", "--set", "timeoutMs=²", "--yes"], "is a number"),
        (["providers", "add", "custom", "--set", "headers=abc", "--yes"], "name=value"),
        (["usage", "--since", "0001-01-01T00:00:00+14:00"], "no day or time"),
        (["stats", "--since", "yesterday"], "no day or time"),
        (["providers", "add", "custom", "--set", "apiKey", "--yes"], "NAME=VALUE"),
        (["providers", "add", "custom", "--set", "colour=red", "--yes"], "colour"),
        (["rpc", "refact/nope"], "no method"),
        (["rpc", "refact/providers/get", "{"], "not JSON"),
        (["rpc", "refact/providers/get", "{}"], "id"),
        (["providers", "test", "caf\udce9"], "not UTF-8"),
    ],
)
def test_a_mistake_is_one_clear_message(shell: Shell, arguments: list[str], word: str):
    typing = ("No such command", "range", "FILE:LINE:COL", "'cook'", "NAME=VALUE")
    code = 2 if word in (*typing, "no method", "not JSON", "id", "not UTF-8") else 1
    shown = shell.run(*arguments, code=code)
    assert word in shown
    message, *more = shown.splitlines()
    assert message.startswith("refact-lsp: ")
    beside = [line for line in more if not line.startswith("  ")]
    assert not beside  # but what to do, or what there is instead


def test_a_provider_without_an_address_passes_no_test(shell: Shell):
    assert "Custom has no address." in shell.run("providers", "add", "custom", "--yes", code=1)
    shell.run("providers", "add", "custom", "--yes", "--no-test")
    assert failed_checks(shell) == {"custom": "Custom has no address."}


def test_what_an_unfinished_add_says_leaves_the_output_to_the_document(
    shell: Shell, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit):
        run(["providers", "add", "custom", "--set", "baseUrl=http://127.0.0.1:1", "--yes"])
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Nothing listens" in printed.err


async def test_what_ends_an_editors_work_is_raised_as_it_is(tmp_path: Path):
    async def work() -> None:
        async with editor(tmp_path) as client:
            if os.name != "nt":  # Ctrl-C in a terminal is for all of a session
                assert os.getsid(client._process.pid) == client._process.pid
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        await work()


def test_the_demo_says_why_it_shows_nothing(shell: Shell, tmp_path: Path):
    (tmp_path / ".env").write_text("first_value = second_value\n" * 3)
    assert "privacy rule" in shell.run("demo", str(tmp_path / ".env"))


def test_a_model_that_fails_is_told_with_what_to_do_and_is_asked_once(shell: Shell, tmp_path: Path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # and nobody listens
        address = f"baseUrl=http://127.0.0.1:{free.getsockname()[1]}"
    shell.run("providers", "add", "llamacpp", "--set", address, "--yes", "--no-test")
    shell.run("models", "set", "llamacpp/qwen2.5-coder")
    shell.run("defaults", "set", "completion", "llamacpp/qwen2.5-coder")
    file = tmp_path / "sums.py"
    file.write_text("total = first_value + second_value\n" * 9)
    shown = shell.run("demo", str(file))
    assert "Nothing listens at 127.0.0.1" in shown
    assert "Start the local server" in shown
    completed = json.loads(shell.run("complete", f"{file}:1:9", "--json", code=1))
    assert completed["problem"]["kind"] == "network"
    assert "The last known list stays" in shell.run("models", "refresh", "llamacpp", code=1)
    assert len(shell.document("ledger")["entries"]) < 9


def test_the_protocol_prints_its_schema(shell: Shell):
    assert "refact/status" in json.loads(shell.run("protocol"))["methods"]


def test_a_shell_gets_its_completion_script(shell: Shell):
    assert "_REFACT_LSP_COMPLETE" in shell.run("completion", "bash")
    assert "_REFACT_LSP_COMPLETE" in shell.document("completion", "zsh")["script"]


@pytest.mark.parametrize(
    ("damage", "words"),
    [(b"this is no database, but long enough to be mistaken for one" * 40, "no SQLite database")],
)
def test_a_database_that_cannot_be_read_is_named_and_left_alone(
    shell: Shell, home: Path, damage: bytes, words: str
):
    database = home / "data" / "refact.db"
    database.write_bytes(damage)
    shown = shell.run("status", code=1)
    assert words in shown
    assert database.read_bytes() == damage


def test_rules_are_added_asked_and_removed(shell: Shell, tmp_path: Path):
    file = str(tmp_path / "big.sql")
    shell.run("privacy", "add", "sql", "*.sql", "--send-to", "local")
    assert shell.document("privacy", "check", file)["allowed"] is True
    shell.run("providers", "add", "openai", "--set", "apiKey=env:NOT_SET", "--no-test", "--yes")
    assert shell.document("privacy", "check", file, "--provider", "openai")["rule"] == "sql"
    assert "sql" in shell.run("privacy", "show")
    shell.run("privacy", "remove", "sql")
    assert "no rule" in shell.run("privacy", "remove", "sql", code=1)
    assert "Local only: on" in shell.run("privacy", "local-only", "on")


def test_caps_usage_and_ledger_are_shown(shell: Shell):
    assert "No cap" in shell.run("budget", "show")
    assert shell.document("budget", "set", "12.50")["budgets"][0]["monthly"] == "12.5"
    assert shell.document("budget", "set", "none")["budgets"] == []
    assert shell.document("usage", "--by", "day")["rows"] == []
    assert shell.document("ledger", "--limit", "3")["entries"] == []


def test_a_setting_is_stored_and_a_wrong_one_refused(shell: Shell):
    shown = shell.document("settings", "set", "completion.multiline", "never")
    assert shown["settings"]["completion"]["multiline"] == "never"
    assert shell.document("settings", "show")["settings"]["completion"]["multiline"] == "never"
    told = shell.run("settings", "set", "completion.debounceMs", "soon", code=1)
    assert 'must be "auto" or a whole number of 0 or more' in told


def test_the_registry_check_reads_bundled_and_own_files(
    shell: Shell, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    bundled = len(list(bundled_folder().rglob("*.toml")))
    mine = home / "config" / "registry" / "models" / "mine.toml"
    mine.parent.mkdir(parents=True)
    mine.write_text('verified = "2026-11-01"\n[models]\n')
    assert shell.run("registry", "check") == f"{bundled + 1} files are in order.\n"
    # To read what is bundled takes longer than all else that is asked here: once is enough.
    monkeypatch.setattr("refact_lsp.registry.load.bundled_folder", lambda: tmp_path)
    mine.write_text('verified = "2026-11-01"\ncolour = "red"\n[models]\n')
    assert "colour" in shell.run("registry", "check", code=1)

"""Secrets planted wherever one can stand, every failing path driven, and everything searched."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from refact_lsp.core.problems import RefactError
from refact_lsp.rpc.session import Session, open_session
from tests.cli.shell import Shell
from tests.rpc.chatting import at_once
from tests.rpc.conftest import asker
from tests.rpc.test_auth import Vendor, sign_in, vendor_template
from tests.servers.scripted import Exchange, Reply, scripted

PLANTED = {
    "key": "planted0key0aaaaaaaaaaaaaaaa",
    "header": "planted0header0bbbbbbbbbbbbb",
    "query": "planted0query0cccccccccccccc",
    "user": "planted0user0dddddddddddddd",
    "command": "planted0command0eeeeeeeeeee",
    "access": "planted0access0ffffffffffff",
    "refresh": "planted0refresh0gggggggggg",
    "environment": "planted0environment0hhhhhh",
}
# What a front end may see of a long secret is its last four characters; nothing here holds more.
FAULTS: dict[str, Reply] = {
    "refused": Reply(status=401, body=b'{"error": {"message": "ECHO"}}'),
    "forbidden": Reply(status=403, body=b'{"error": {"message": "ECHO"}}'),
    "absent": Reply(status=404, body=b'{"error": {"message": "ECHO"}}'),
    "odd": Reply(status=400, body=b'{"error": {"message": "ECHO", "param": "ECHO"}}'),
    "down": Reply(
        status=500, body=b"ECHO", content_type="text/plain", headers={"retry-after": "0"}
    ),
    "page": Reply(body=b"<html><title>ECHO</title></html>", content_type="text/html"),
    "words": Reply(body=b"ECHO", content_type="text/plain"),
    "moved": Reply(status=302, headers={"location": "https://elsewhere.example/?x=ECHO"}),
    "cut": Reply(body=[b'data: {"choices": [{"delta": {"content": "ECHO'], end="close"),
    "inside": Reply(
        body=[b'data: {"error": {"message": "ECHO"}}\n\n'], content_type="text/event-stream"
    ),
    "reset": Reply(body=[b"ECHO"], end="reset"),
}


class Echo:
    """Answers with a fault that repeats every secret of the request, as careless servers do."""

    def __init__(self) -> None:
        self.fault = "refused"
        self.seen = ""

    async def __call__(self, exchange: Exchange) -> None:
        request = exchange.request
        self.seen += repr((request.target, dict(request.headers)))
        said = " ".join([request.target, *request.headers.values()]).replace('"', "'")
        reply = FAULTS[self.fault]
        body = (
            reply.body.replace(b"ECHO", said.encode())
            if isinstance(reply.body, bytes)
            else [piece.replace(b"ECHO", said.encode()) for piece in reply.body]
        )
        headers = {name: value.replace("ECHO", said) for name, value in reply.headers.items()}
        await exchange.reply(
            Reply(
                status=reply.status, body=body, headers=headers,
                content_type=reply.content_type, end=reply.end,
            )
        )  # fmt: skip


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


def assert_clean(where: str, text: str) -> None:
    for name, secret in PLANTED.items():
        assert secret not in text, f"{name} in {where}: {text[:2000]}"


def assert_disk_clean(home: Path, secrets_file: Path) -> None:
    for path in home.rglob("*"):
        if path.is_file() and path != secrets_file:
            assert_clean(str(path), path.read_bytes().decode("latin-1"))


async def add_planted(ask: Any, url: str, tmp_path: Path, env: pytest.MonkeyPatch) -> None:
    """Three providers: a key, headers and addresses with secrets; a command; a variable."""
    env.setenv("PLANTED_KEY", PLANTED["environment"])
    source = tmp_path / "source"
    source.write_text(PLANTED["command"])
    settings: dict[str, dict[str, Any]] = {
        "custom": {
            "baseUrl": url,
            "apiKey": PLANTED["key"],
            "headers": {"X-Team": PLANTED["header"]},
        },
        "by-command": {"baseUrl": url, "apiKey": f"cmd:cat {source}"},
        "by-variable": {"baseUrl": url, "apiKey": "env:PLANTED_KEY"},
    }
    for name, given in settings.items():
        await ask("refact/providers/save", id=name, template="custom", settings=given)
        await ask("refact/models/save", model=f"{name}/m", capabilities={})


async def outcome(asked: Any) -> str:
    try:
        return json.dumps(await asked)
    except RefactError as error:
        return repr((str(error), error.problem, error.__cause__, error.__context__))


async def drive(ask: Any, provider: str) -> list[str]:
    """Call everything that asks a provider, whatever comes of it."""
    model = f"{provider}/m"
    checks = ["chat", "embedding"]
    return [
        await outcome(ask("refact/models/refresh", provider=provider)),
        await outcome(ask("refact/providers/test", id=provider)),
        await outcome(ask("refact/models/probe", model=model, checks=checks)),
        await outcome(ask("refact/chat/send", content="Hello", model=model)),
        await outcome(ask("refact/providers/usage", id=provider)),
        await outcome(ask("refact/providers/get", id=provider)),
        await outcome(ask("refact/models/list", provider=provider, includeDisabled=True)),
    ]


async def everything_told(ask: Any) -> str:
    methods = (
        "refact/providers/list", "refact/status", "refact/doctor", "refact/ledger/list",
        "refact/settings/get", "refact/privacy/get", "refact/chat/threads",
        "refact/providers/detect",
    )  # fmt: skip
    return "\n".join([await outcome(ask(method)) for method in methods])


@pytest.mark.parametrize("fault", FAULTS)
async def test_no_fault_of_a_provider_brings_a_secret_out(
    session: Session,
    ask: Any,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    logged: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    fault: str,
):
    server_side = Echo()
    server_side.fault = fault
    async with scripted(server_side) as server:
        await add_planted(ask, server.url, tmp_path, monkeypatch)
        told = [
            text
            for provider in ("custom", "by-command", "by-variable")
            for text in await drive(ask, provider)
        ]
        told.append(await everything_told(ask))
    for name in ("key", "header", "command", "environment"):
        assert PLANTED[name] in server_side.seen, f"{name} was never sent: the test tests nothing"
    assert_clean("results and errors", "\n".join(told))
    assert_clean("the log", logged.text)
    printed = capfd.readouterr()
    assert_clean("output", printed.out + printed.err)
    await session.app.counted()
    assert_disk_clean(home, session.app.folders.secrets)


@pytest.mark.parametrize(
    "address",
    [
        f"https://api.example.com/v1?key={PLANTED['query']}",
        f"https://api.example.com/v1?api-version=1&subscription-key={PLANTED['query']}",
        f"https://api.example.com/v1?x_api_key={PLANTED['query']}",
        f"https://{PLANTED['user']}@api.example.com/v1",
        f"https://me:{PLANTED['user']}@api.example.com/v1",
    ],
)
async def test_an_address_that_holds_a_secret_is_refused_and_kept_nowhere(
    session: Session, ask: Any, home: Path, logged: pytest.LogCaptureFixture, address: str
):
    draft = {"template": "custom", "settings": {"baseUrl": address}}
    for method, params in (
        ("refact/providers/save", draft),
        (
            "refact/providers/test",
            {"draft": {"template": "custom", "settings": {"baseUrl": address}}},
        ),
    ):
        said = await outcome(ask(method, **params))
        assert "baseUrl" in said
        assert_clean(method, said)
    assert_clean("the log", logged.text)
    assert_disk_clean(home, session.app.folders.secrets)


async def test_no_sign_in_brings_a_secret_out(
    home: Path, logged: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
):
    vendor = Vendor()
    vendor.granted |= {"access_token": PLANTED["access"], "refresh_token": PLANTED["refresh"]}
    told: list[str] = []
    async with scripted(vendor) as server:
        vendor_template(home, server.url)
        async with open_session(pause=at_once) as session:
            ask = asker(session)
            await ask("refact/providers/save", template="vendor", settings={})
            told.append(json.dumps(await sign_in(ask)))
            secrets_file = session.app.folders.secrets
            assert PLANTED["access"] in secrets_file.read_text()
            vendor.renewed = {"error": PLANTED["refresh"], "error_description": PLANTED["access"]}
            told += await drive(ask, "vendor")
            told.append(await everything_told(ask))
            told.append(await outcome(ask("refact/auth/signOut", provider="vendor")))
        assert_disk_clean(home, secrets_file)
    assert_clean("results and errors", "\n".join(told))
    assert_clean("the log", logged.text)
    printed = capfd.readouterr()
    assert_clean("output", printed.out + printed.err)


async def test_no_command_prints_a_secret(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    shell = Shell(capsys, monkeypatch)
    server_side = Echo()
    async with scripted(server_side) as server:
        wrong = f"--set=baseUrl={server.url}/v1?key={PLANTED['query']}"
        settings = [
            f"--set=baseUrl={server.url}",
            f"--set=apiKey={PLANTED['key']}",
            f"--set=headers=X-Team={PLANTED['header']}",
        ]
        runs = [
            ["providers", "add", "custom", wrong, "--yes", "--no-test"],
            ["providers", "add", "custom", *settings, "--yes", "--no-test"],
            ["providers", "test", "custom"],
            ["chat", "Hello", "--model", "custom/m"],
            ["doctor"],
        ]
        for arguments in runs:
            done = "".join(await shell.beside(*arguments, code=None))
            assert_clean(" ".join(arguments[:2]), done)
            assert "Traceback" not in done
    assert PLANTED["key"] in server_side.seen
    assert_disk_clean(home, home / "data" / "secrets.json")

from pathlib import Path
from typing import Any

import pytest

from refact_lsp.core.problems import RefactError
from refact_lsp.core.settings import read_settings
from refact_lsp.rpc.session import Session
from refact_lsp.store.settings import set_setting
from tests.servers.openai_like import KEY, OpenAiLike
from tests.servers.scripted import Scripted, scripted


@pytest.fixture
def project(tmp_path: Path, session: Session) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    session.app.guard.set_roots([folder])
    return folder


def uri(path: Path) -> str:
    return path.as_uri()


async def add(ask: Any, server: Scripted) -> None:
    settings = {"baseUrl": server.url, "apiKey": KEY}
    await ask("refact/providers/save", template="custom", settings=settings)


async def test_a_secret_like_name_is_blocked_and_the_rule_named(ask: Any, project: Path):
    (project / ".env.local").write_text("TOKEN=1")
    verdict = await ask("refact/privacy/check", uri=uri(project / ".env.local"))
    assert verdict["allowed"] is False
    assert verdict["rule"] == ".env.*"
    assert (await ask("refact/privacy/check", uri=uri(project / "main.py")))["allowed"] is True
    assert (await ask("refact/privacy/check", uri="untitled:Untitled-1"))["allowed"] is True


async def test_an_ignore_file_names_itself(ask: Any, project: Path):
    (project / ".refactignore").write_text("private/\n")
    verdict = await ask("refact/privacy/check", uri=uri(project / "private" / "a.py"))
    assert verdict["allowed"] is False
    assert verdict["rule"] == "private/"
    assert verdict["file"] == str(project / ".refactignore")


async def test_a_rule_of_the_user_reaches_the_guard_at_once(ask: Any, project: Path):
    async with scripted(OpenAiLike()) as server:
        await add(ask, server)
        rule = {"name": "sql stays here", "patterns": ["*.sql"], "sendTo": ["local"]}
        rules = (await ask("refact/privacy/set", rules=[rule]))["rules"]
        assert rules[0] == {**rule, "source": "user"}
        assert rules[-1]["source"] == "builtin"
        file = uri(project / "a.sql")
        assert (await ask("refact/privacy/check", uri=file, provider="custom"))["allowed"]
        saved = {"template": "openai", "settings": {"apiKey": KEY}}
        await ask("refact/providers/save", **saved)
        verdict = await ask("refact/privacy/check", uri=file, provider="openai")
        assert (verdict["allowed"], verdict["rule"]) == (False, "sql stays here")
        await ask("refact/privacy/set", rules=[])
        assert (await ask("refact/privacy/check", uri=file, provider="openai"))["allowed"]


async def test_rules_of_a_project_are_listed_with_their_source(ask: Any, project: Path):
    (project / ".refact").mkdir()
    (project / ".refact" / "privacy.toml").write_text(
        '[[rules]]\nname = "no data"\npatterns = ["data/"]\n'
    )
    rules = (await ask("refact/privacy/get"))["rules"]
    assert [rule["name"] for rule in rules if rule["source"] == "project"] == ["no data"]


async def test_rules_that_cannot_be_read_block_and_the_status_says_so(
    ask: Any, session: Session, project: Path
):
    await session.app.change(lambda c: set_setting(c, "privacy.rules", {"broken": True}))
    verdict = await ask("refact/privacy/check", uri=uri(project / "main.py"))
    assert verdict["allowed"] is False
    status = await ask("refact/status")
    assert status["state"] == "error"
    assert status["problems"][0]["kind"] == "privacy"
    assert (await ask("refact/privacy/get"))["localOnly"] is True


async def test_what_is_no_file_uri_is_refused_by_name(ask: Any):
    with pytest.raises(RefactError) as caught:
        await ask("refact/privacy/check", uri="file://")
    assert caught.value.problem.field == "uri"


@pytest.mark.parametrize("stored", [True, False])
async def test_local_only_refuses_before_anything_leaves(ask: Any, session: Session, stored: bool):
    if stored:
        await ask("refact/privacy/set", localOnly=True)
    else:
        session.app.use_editor_settings(read_settings({"privacy": {"localOnly": True}})[0])
    assert (await ask("refact/privacy/get"))["localOnly"] is True
    settings = {"baseUrl": "https://models.example.com", "apiKey": KEY}
    await ask("refact/providers/save", template="custom", settings=settings)
    refused = await ask("refact/models/refresh", provider="custom")
    assert refused["error"]["kind"] == "privacy"
    assert (await ask("refact/ledger/list"))["entries"] == []

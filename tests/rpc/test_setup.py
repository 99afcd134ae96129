import asyncio
from functools import partial
from typing import Any

import pytest

from refact_lsp.core.problems import RefactError
from refact_lsp.features.setup.models import models_of
from refact_lsp.rpc.session import Session
from tests.rows import every_row
from tests.servers.openai_like import KEY, MODELS, OpenAiLike
from tests.servers.scripted import Reply, Scripted, scripted


async def add(ask: Any, server: Scripted, **settings: Any) -> Any:
    given = {"baseUrl": server.url, "apiKey": KEY, **settings}
    return (await ask("refact/providers/save", template="custom", settings=given))["provider"]


async def problem_of(asked: Any) -> dict[str, Any]:
    with pytest.raises(RefactError) as caught:
        await asked
    found = caught.value.problem
    return {"kind": found.kind, "message": found.message, "hint": found.hint, "field": found.field}


async def test_a_fresh_home_completes_with_the_embedded_model(ask: Any):
    defaults = (await ask("refact/defaults/get"))["defaults"]
    assert [row["role"] for row in defaults] == [
        "chat", "light", "thinking", "buddy", "completion", "embedding",
    ]  # fmt: skip
    completion = defaults[4]
    assert completion["model"] is None
    assert completion["effective"] == {"model": "builtin/workspace", "via": "fallback"}
    assert (await ask("refact/status"))["state"] == "ready"


async def test_two_added_at_once_are_two(ask: Any):
    settings = {"baseUrl": "http://127.0.0.1:1", "apiKey": KEY}
    save = partial(ask, "refact/providers/save", template="custom", settings=settings)
    added = await asyncio.gather(save(), save(), save())
    ids = {each["provider"]["id"] for each in added}
    assert ids == {"custom", "custom-2", "custom-3"}


async def test_clearing_a_role_ends_the_stand_in_too(ask: Any):
    cleared = await ask("refact/defaults/set", role="completion", model=None)
    assert cleared["default"]["effective"] == {"model": None, "via": "none"}


async def test_a_secret_is_shown_as_its_mask_and_never_leaves(ask: Any, server: Scripted):
    provider = await add(ask, server, headers={"X-Team": "team-secret-value"})
    assert provider["settings"]["apiKey"] == {"secret": True, "set": True, "hint": KEY[-4:]}
    assert provider["settings"]["headers"]["X-Team"]["secret"] is True
    everything = repr([provider, await ask("refact/providers/list"), await ask("refact/doctor")])
    assert KEY not in everything
    assert "team-secret-value" not in everything
    await ask("refact/models/refresh", provider="custom")
    assert server.requests[-1].headers["x-team"] == "team-secret-value"


async def test_a_mask_keeps_a_secret_and_an_empty_one_deletes_it(ask: Any, server: Scripted):
    provider = await add(ask, server)
    kept = await ask(
        "refact/providers/save",
        id="custom",
        template="custom",
        settings={"apiKey": provider["settings"]["apiKey"]},
    )
    assert kept["provider"]["auth"] == {"state": "ready", "source": "file"}
    assert kept["provider"]["settings"]["baseUrl"] == server.url
    gone = await ask(
        "refact/providers/save", id="custom", template="custom", settings={"apiKey": ""}
    )
    assert gone["provider"]["settings"]["apiKey"]["set"] is False


async def test_two_instances_of_a_template_get_two_names(ask: Any, server: Scripted):
    first = await add(ask, server)
    second = await add(ask, server)
    assert (first["id"], second["id"]) == ("custom", "custom-2")


async def test_a_test_of_a_draft_saves_nothing_and_says_where_it_asked(ask: Any, server: Scripted):
    report = await ask(
        "refact/providers/test",
        draft={"template": "custom", "settings": {"baseUrl": server.url, "apiKey": KEY}},
    )
    assert report["ok"], report
    assert report["modelCount"] == len(MODELS)
    assert report["addresses"]["chat"] == f"{server.url}/v1/chat/completions"
    assert {step["step"]: step["ok"] for step in report["steps"]}["chat"]
    providers = (await ask("refact/providers/list"))["providers"]
    assert [provider["id"] for provider in providers] == ["builtin"]


async def test_a_wrong_key_fails_at_the_step_that_proves_it(ask: Any, server: Scripted):
    settings = {"baseUrl": server.url, "apiKey": "sk-wrong-key-000000"}
    report = await ask("refact/providers/test", draft={"template": "custom", "settings": settings})
    assert not report["ok"]
    assert report["error"]["kind"] == "authentication"
    assert report["error"]["hint"]
    assert [step["step"] for step in report["steps"] if not step["ok"]] == ["list"]
    assert "sk-wrong-key" not in repr(report)


async def test_a_failed_refresh_keeps_the_last_list_marked_stale(ask: Any):
    provider_side = OpenAiLike()
    async with scripted(provider_side) as server:
        await add(ask, server)
        fresh = await ask("refact/models/refresh", provider="custom")
        assert "error" not in fresh
        provider_side.refuses["/models"] = Reply(status=500, body=b'{"error": "down"}')
        stale = await ask("refact/models/refresh", provider="custom")
    assert stale["error"]["kind"] == "overloaded"
    assert [model["name"] for model in stale["models"]] == sorted(MODELS)
    provider = (await ask("refact/providers/get", id="custom"))["provider"]
    assert provider["modelsStale"] is True
    assert provider["health"]["state"] == "error"
    listed = await ask("refact/models/list", includeDisabled=True)
    assert listed["problems"][0]["provider"] == "custom"


async def test_an_unknown_model_gets_safe_defaults_and_says_so(ask: Any, server: Scripted):
    await add(ask, server)
    await ask("refact/models/refresh", provider="custom")
    models = (await ask("refact/models/list", query="nobody", includeDisabled=True))["models"]
    assert models[0]["known"] is False
    assert set(models[0]["sources"].values()) == {"default"}


async def test_a_role_is_set_and_falls_back(ask: Any, server: Scripted):
    await add(ask, server)
    await ask("refact/models/refresh", provider="custom")
    await ask("refact/models/enable", models=["custom/qwen2.5-coder-7b"], enabled=True)
    row = (await ask("refact/defaults/set", role="chat", model="custom/qwen2.5-coder-7b"))[
        "default"
    ]
    assert row["effective"] == {"model": "custom/qwen2.5-coder-7b", "via": "explicit"}
    rows = {row["role"]: row for row in (await ask("refact/defaults/get"))["defaults"]}
    assert rows["light"]["effective"]["via"] == "role:chat"
    assert rows["embedding"]["effective"] == {"model": None, "via": "none"}
    await ask("refact/providers/delete", id="custom")
    rows = {row["role"]: row for row in (await ask("refact/defaults/get"))["defaults"]}
    assert rows["chat"]["effective"]["model"] is None
    assert "custom" in rows["chat"]["problem"]["message"]


@every_row(
    ("role", "model", "kind", "word"),
    [
        ("chat", "nowhere/x", "notConfigured", "nowhere"),
        ("chat", "custom/absent", "modelNotFound", "absent"),
        ("embedding", "custom/qwen2.5-coder-7b", "unsupported", "vectors"),
        ("chat", "builtin/workspace", "unsupported", "chat"),
        ("chat", "no-slash", "invalidRequest", "reference"),
    ],
)
async def test_a_model_that_cannot_serve_is_refused_with_the_reason(
    ask: Any, server: Scripted, role: str, model: str, kind: str, word: str
):
    await add(ask, server)
    await ask("refact/models/refresh", provider="custom")
    await ask("refact/models/enable", models=["custom/qwen2.5-coder-7b"], enabled=True)
    found = await problem_of(ask("refact/defaults/set", role=role, model=model))
    assert found["kind"] == kind
    assert word in found["message"]
    assert found["hint"]


async def test_a_disabled_model_is_refused(ask: Any, server: Scripted):
    await add(ask, server)
    await ask("refact/models/refresh", provider="custom")
    await ask("refact/models/enable", models=["custom/qwen2.5-coder-7b"], enabled=False)
    found = await problem_of(
        ask("refact/defaults/set", role="chat", model="custom/qwen2.5-coder-7b")
    )
    assert "not enabled" in found["message"]


@every_row(
    ("settings", "field"),
    [
        ({"baseUrl": "http://127.0.0.1:1", "nonsense": 1}, "nonsense"),
        ({"baseUrl": "ftp://127.0.0.1"}, "baseUrl"),
        ({"baseUrl": "http://127.0.0.1:1", "timeoutMs": "soon"}, "timeoutMs"),
    ],
)
async def test_a_setting_that_does_not_fit_is_named(ask: Any, settings: Any, field: str):
    found = await problem_of(ask("refact/providers/save", template="custom", settings=settings))
    assert found["field"] == field
    assert (await ask("refact/providers/list"))["providers"][0]["id"] == "builtin"


async def test_an_override_wins_and_can_be_taken_back(ask: Any, server: Scripted):
    await add(ask, server)
    await ask("refact/models/refresh", provider="custom")
    name = "custom/nobody-knows-this"
    saved = await ask("refact/models/save", model=name, capabilities={"contextWindow": 12345})
    assert saved["model"]["capabilities"]["contextWindow"] == 12345
    assert saved["model"]["sources"]["contextWindow"] == "user"
    assert saved["model"]["overridden"] == ["contextWindow"]
    await ask("refact/models/delete", model=name)
    models = (await ask("refact/models/list", query="nobody", includeDisabled=True))["models"]
    assert models[0]["overridden"] == []


async def test_a_proposal_sets_nothing(ask: Any, server: Scripted):
    await add(ask, server)
    await ask("refact/models/refresh", provider="custom")
    await ask("refact/defaults/propose", provider="custom")
    rows = {row["role"]: row for row in (await ask("refact/defaults/get"))["defaults"]}
    assert rows["chat"]["model"] is None


async def test_models_are_worked_out_again_only_where_something_of_their_provider_changed(
    session: Session, ask: Any, server: Scripted
):
    await add(ask, server)
    await ask("refact/models/refresh", provider="custom")
    before = models_of(session.app.world, "custom")
    (name, *_) = (name for name, model in before.items() if model.enabled)
    assert not models_of(session.app.world, "nowhere")
    await ask("refact/defaults/set", role="chat", model=None)
    assert models_of(session.app.world, "custom") is before
    assert "nowhere" not in session.app.world.seen  # whatever names a client asks for
    await ask("refact/models/enable", models=[f"custom/{name}"], enabled=False)
    changed = models_of(session.app.world, "custom")
    assert not changed[name].enabled
    await ask("refact/providers/save", id="custom", template="custom", enabled=True, settings={})
    assert models_of(session.app.world, "custom") is not changed
    await ask("refact/providers/delete", id="custom")
    assert not models_of(session.app.world, "custom")


async def test_a_long_list_is_counted_and_one_of_it_found_without_working_out_the_rest(
    session: Session, ask: Any, monkeypatch: pytest.MonkeyPatch
):
    catalog, worked_out = session.app.catalog, list[str]()
    resolve = catalog.resolve

    def noted(template: str, name: str, **more: Any) -> Any:
        worked_out.append(name)
        return resolve(template, name, **more)

    monkeypatch.setattr(catalog, "resolve", noted)
    saved = await ask("refact/providers/save", template="openrouter", settings={"apiKey": KEY})
    models = models_of(session.app.world, "openrouter")
    assert saved["provider"]["modelCount"] == len(models) > 100
    assert worked_out == []
    name = list(models)[-1]
    assert name in models
    assert models[name].name == models[name].name == name
    assert worked_out == [name]
    assert "no-such-model" not in models
    assert saved["provider"]["enabledModelCount"] == sum(each.enabled for each in models.values())
    assert 0 < saved["provider"]["enabledModelCount"] < len(models)

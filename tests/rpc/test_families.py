"""Every template of the registry through the front door, against a server of its wire formats.

The cases come from the files: a template that is added is tested as it is, with every region, plan
and wire format that it offers.
"""

import asyncio
import itertools
import json
import tomllib
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

import refact_lsp
from refact_lsp.rpc.methods import TABLE
from refact_lsp.rpc.session import Session, open_session
from refact_lsp.rpc.table import call
from tests.conftest import live_in
from tests.rows import every_row
from tests.rpc.chatting import at_once
from tests.servers.families import HANG, MIDDLE, TEXT, VECTOR, Family
from tests.servers.scripted import Reply, Request, Scripted, scripted

pytestmark = pytest.mark.asyncio(loop_scope="module")

FOLDER = Path(refact_lsp.__file__).parent.parent / "registry" / "providers"
FILES: dict[str, dict[str, Any]] = {
    path.stem: tomllib.loads(path.read_text())
    for path in sorted(FOLDER.glob("*.toml"))
    if tomllib.loads(path.read_text())["wires"] != ["embedded"]
}
KEY = "sk-family-0123456789-secret"
OTHER_KEY = "sk-another-9876543210-secret"
# What a server of the user's own serves, where the file proposes nothing.
OWN_MODELS = {"qwen2.5-coder:7b": "chat", "nomic-embed-text": "embedding"}


def choices(name: str) -> Iterator[dict[str, str]]:
    """Give every combination of a template's enumerated settings."""
    file = FILES[name]
    fields = {
        field["name"]: [option["value"] for option in field["options"]]
        for field in file.get("fields", [])
        if field.get("type") == "enum"
    }
    if len(file["wires"]) > 1:
        fields["wire"] = file["wires"]
    for values in itertools.product(*fields.values()):
        yield dict(zip(fields, values, strict=True))


def fitting(name: str, chosen: Mapping[str, str]) -> list[dict[str, Any]]:
    variants = FILES[name].get("variants", [])
    return [each for each in variants if each["when"].items() <= chosen.items()]


def is_program(name: str, chosen: Mapping[str, str]) -> bool:
    """Say whether a vendor's own program is driven instead of HTTP; see test_programs."""
    return any(each.get("auth_kinds") == ["program"] for each in fitting(name, chosen))


EVERY = [(name, chosen) for name in FILES for chosen in choices(name)]
CASES = [case for case in EVERY if not is_program(*case)]
PROGRAMS = [case for case in EVERY if is_program(*case)]


def case_id(case: Any) -> str:
    return case if isinstance(case, str) else "-".join(case.values()) or "plain"


class Front:
    """A session that lasts for the module; every test uses providers of its own."""

    def __init__(self, session: Session) -> None:
        self.session = session

    async def __call__(self, method: str, **params: Any) -> Any:
        result = await call(TABLE, self.session, method, msgspec.json.encode(params))
        return msgspec.json.decode(msgspec.json.encode(result))

    async def say(self, model: str, text: str) -> str:
        turn = await self("refact/chat/send", model=model, content=text, ephemeral=True)
        assert turn["model"] == model
        assert turn["finishReason"] == "stop"
        return "".join(part["text"] for part in turn["message"]["content"])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ask(homes: Iterator[Path], furnish: Callable[[Path], None]) -> AsyncGenerator[Front]:
    with pytest.MonkeyPatch.context() as patched:
        home = next(homes)
        furnish(home)
        live_in(home, patched)
        async with open_session(pause=at_once) as session:
            yield Front(session)


def family(name: str, chosen: Mapping[str, str]) -> Family:
    """Make the server of a template: its list's shape, and the models that it proposes."""
    file, shape = FILES[name], FILES[name].get("model_list", "openai")
    proposed: dict[str, list[str]] = dict(file.get("defaults", {}))
    for variant in fitting(name, chosen):
        shape = variant.get("model_list", shape)
        proposed |= variant.get("defaults", {})
    models: dict[str, str] = {}
    for role, names in proposed.items():
        for model in names[:1]:
            kind = role if role in ("completion", "embedding") else "chat"
            models.setdefault(model, kind)
    return Family(shape, models or OWN_MODELS)


def check_keys(name: str, chosen: Mapping[str, str], requests: list[Request], key: str) -> None:
    """Every request brings the key, in the one header that its file names and nowhere else."""
    auth = FILES[name].get("auth", {})
    header = auth.get("header", "bearer")
    for variant in fitting(name, chosen):
        header = variant.get("key_header", header)
    for request in requests:
        where = header
        if "list_header" in auth and "/models" in request.target:
            where = auth["list_header"]
        headers = dict(request.headers)
        if where == "bearer":
            assert headers.pop("authorization") == f"Bearer {key}", request.target
        else:
            assert headers.pop(where) == key, request.target
        assert "-secret" not in f"{request.target} {headers} {request.body!r}"


async def add(ask: Front, name: str, server: Scripted, key: str, **chosen: str) -> str:
    settings = {"baseUrl": server.url, **chosen}
    if "api-key" in FILES[name].get("auth", {}).get("kinds", ["api-key"]):
        settings["apiKey"] = key
    saved = await ask("refact/providers/save", template=name, settings=settings)
    provider = saved["provider"]
    assert key not in json.dumps(saved)
    assert all(url.startswith(server.url) for url in provider["addresses"].values()), provider
    return provider["id"]


@every_row(("name", "chosen"), CASES)
async def test_a_family_is_added_tested_listed_enabled_used_and_deleted(
    ask: Front, name: str, chosen: dict[str, str]
):
    replaying = family(name, chosen)
    async with scripted(replaying) as server:
        provider = await add(ask, name, server, KEY, **chosen)

        report = await ask("refact/providers/test", id=provider)
        assert report["ok"], report
        steps = {step["step"]: step for step in report["steps"]}
        assert {"auth", "list", "chat", "completion", "embedding"} <= set(steps)
        assert not [step for step in report["steps"] if not step["ok"]]

        refreshed = await ask("refact/models/refresh", provider=provider)
        assert "error" not in refreshed, refreshed
        names = [model["id"] for model in refreshed["models"]]
        lists = any(request.method == "GET" for request in server.requests)
        if lists:
            assert {f"{provider}/{model}" for model in replaying.models} <= set(names)
        models = (await ask("refact/models/enable", models=names, enabled=True))["models"]
        assert all(model["enabled"] for model in models)

        for role in ("chat", "completion", "embedding"):
            able = [model["id"] for model in models if role in model["roles"]]
            assert able or not lists or role not in replaying.models.values(), models
            step = steps[role]
            assert step.get("skipped", False) == (not able or only_chats(models, role)), step
            for model in able[:1]:
                await serve(ask, role, model)
        for model in models:
            if "chat" in model["roles"]:
                await chat_and_cancel(ask, server, model["id"])
        check_keys(name, chosen, server.requests, KEY)
        assert not replaying.strays

        await ask("refact/providers/delete", id=provider)
    left = (await ask("refact/providers/list"))["providers"]
    assert provider not in [row["id"] for row in left]
    assert not ask.session.app.secrets.fields(provider)


def only_chats(models: list[Any], role: str) -> bool:
    """Say whether completion is served by chat models alone: the test spares that request."""
    methods = [model["capabilities"]["completion"]["method"] for model in models]
    return role == "completion" and not set(methods) - {"chat", "none"}


async def serve(ask: Front, role: str, model: str) -> None:
    """Let the model serve the role, and ask it what the role asks."""
    row = (await ask("refact/defaults/set", role=role, model=model))["default"]
    assert row["effective"] == {"model": model, "via": "explicit"}
    check = {"chat": "chat", "completion": "completion", "embedding": "embedding"}[role]
    probed = await ask("refact/models/probe", model=model, checks=[check])
    result = probed["results"][0]
    if role == "embedding":
        assert result["detail"] == f"{len(VECTOR)} dimensions"
    if role == "chat":
        assert result["ok"]
    if role == "completion" and "chat" not in result["detail"]:
        assert result["ok"], result


async def chat_and_cancel(ask: Front, server: Scripted, model: str) -> None:
    assert await ask.say(model, "Hello?") in ("".join(TEXT), MIDDLE)  # a bare completion is short
    before = len(server.requests), len(server.closed_sockets)
    asked = ask.session.app.start(ask.say(model, HANG))
    await server.until(lambda: len(server.requests) > before[0])
    asked.cancel()
    await server.until(lambda: len(server.closed_sockets) > before[1])
    with pytest.raises(asyncio.CancelledError):
        await asked


@every_row("name", FILES)
async def test_two_instances_of_a_family_are_alike_and_keep_their_keys_apart(ask: Front, name: str):
    chosen = next(choices(name))
    async with scripted(family(name, chosen)) as one, scripted(family(name, chosen)) as two:
        first = await add(ask, name, one, KEY)
        second = await add(ask, name, two, OTHER_KEY)
        for provider in (first, second):
            assert (await ask("refact/providers/test", id=provider))["ok"]
            await ask("refact/models/refresh", provider=provider)
        found = [
            await ask("refact/models/list", provider=provider, includeDisabled=True)
            for provider in (first, second)
        ]
        alike = [
            [{**model, "id": None, "provider": None} for model in each["models"]] for each in found
        ]
        assert alike[0] == alike[1]
        check_keys(name, chosen, one.requests, KEY)
        check_keys(name, chosen, two.requests, OTHER_KEY)
        for provider in (first, second):
            await ask("refact/providers/delete", id=provider)


async def test_copilot_s_models_are_asked_at_the_endpoints_that_its_list_names(ask: Front):
    (name,) = [each for each in FILES if FILES[each].get("model_list") == "copilot"]
    spoken = {
        "claude-new": "/v1/messages",
        "gpt-new": "/responses",
        "other-new": "/chat/completions",
    }
    async with scripted(Family("copilot", dict.fromkeys(spoken, "chat"))) as server:
        provider = await add(ask, name, server, KEY)
        models = (await ask("refact/models/refresh", provider=provider))["models"]
        for model in models:
            assert await ask.say(model["id"], "Hello?") == "".join(TEXT)
            assert server.requests[-1].target == spoken[model["name"]]
        await ask("refact/providers/delete", id=provider)


async def test_a_custom_provider_may_have_full_addresses_alone_and_models_of_its_own(ask: Front):
    async with scripted(Family("openai", {})) as server:
        settings = {
            "apiKey": KEY,
            "chatUrl": f"{server.url}/a/chat/completions",
            "completionUrl": f"{server.url}/b/completions",
            "embeddingUrl": f"{server.url}/c/embeddings?version=1",
        }
        saved = await ask("refact/providers/save", template="custom", settings=settings)
        provider = saved["provider"]["id"]
        assert "models" not in saved["provider"]["addresses"]
        for model, capabilities in {
            "talker": {},
            "filler": {"completion": {"method": "suffix"}},
            "embedder": {"embedding": {"dimensions": 2, "maxInput": 512}},
        }.items():
            named = f"{provider}/{model}"
            await ask("refact/models/save", model=named, capabilities=capabilities)
        assert "error" not in await ask("refact/models/refresh", provider=provider)
        report = await ask("refact/providers/test", id=provider)
        assert report["ok"], report
        assert await ask.say(f"{provider}/talker", "Hello?") == "".join(TEXT)
        for role, model in (("completion", "filler"), ("embedding", "embedder")):
            await serve(ask, role, f"{provider}/{model}")
        targets = {request.target for request in server.requests}
        assert targets == {"/a/chat/completions", "/b/completions", "/c/embeddings?version=1"}
        await ask("refact/providers/delete", id=provider)


async def test_a_server_that_has_no_list_is_tested_with_the_models_of_the_user_s_own(ask: Front):
    replaying = Family("openai", {})
    replaying.refuses["/models"] = Reply(status=404, body=b'{"detail": "Not Found"}')
    async with scripted(replaying) as server:
        provider = await add(ask, "custom", server, KEY)
        assert not (await ask("refact/providers/test", id=provider))["ok"]
        await ask("refact/models/save", model=f"{provider}/mine", capabilities={"tools": True})
        report = await ask("refact/providers/test", id=provider)
        assert report["ok"], report
        assert "1 of your own" in report["steps"][1]["detail"]
        await ask("refact/providers/delete", id=provider)


@pytest.mark.parametrize(("name", "chosen"), PROGRAMS, ids=case_id)
async def test_a_program_that_is_not_installed_is_named_with_what_to_do(
    ask: Front, name: str, chosen: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", "")
    draft = {"template": name, "settings": chosen}
    report = await ask("refact/providers/test", draft=draft)
    assert (report["ok"], report["error"]["kind"]) == (False, "notConfigured")
    assert FILES[name]["auth"]["program"]["name"] in report["error"]["message"]
    assert report["error"]["hint"]

"""Weaknesses of an older system of this kind, each looked for here: where its test is.

| no. | what it was | tested in |
| --- | --- | --- |
| 1, 12 | model lists empty or never asked for | test_families: every list is asked and read |
| 2 | a wrong key shown as "no models" | test_faults: what is wrong with a list is told apart |
| 3 | no test of a chat, a tool, a completion, an embedding | test_families: every template's test |
| 4 | an offline runtime looks configured | here |
| 5 | a typing mistake in a region breaks the provider | here |
| 6 | a broken file is skipped in silence | here |
| 7 | a reserved id makes every load complain | here |
| 8 | headers shown as one text; capitals in ids; no enterprise host | here, registry/ |
| 9, 10 | filters and catalogs hide models that the server lists | here |
| 11, 48 | a snapshot parsed again and again | registry/test_compiled; bench/registry |
| 13 | OpenRouter's abilities read from a part that is missing | llm/wire/test_model_lists |
| 14 | nobody can raise a limit above the registry's | here |
| 15 | names resolved differently from run to run, tags ignored | here; registry/test_catalog |
| 16, 17, 19 | token limit's name, efforts, thinking, temperature | llm/wire/test_requests |
| 18 | the limit of the input ignored | here |
| 20 | Ollama's window, time loaded, thinking, embedders | llm/wire/test_requests; test_probing |
| 21 | behaviour tied to an id and lost for a second instance | test_families: two instances |
| 22 | no choice of completion and embedding models | test_families: each role is set and used |
| 23 | completion: token limit, extra headers, suffix | llm/wire/test_requests; here: headers |
| 24 | embeddings: dimensions, prefixes, order | llm/wire/; here: prefixes |
| 25 | parameters follow the model and not the role | here |
| 26 | setting one default erases the others | here |
| 27 | broken references stay in silence | test_setup: a role is set and falls back |
| 28 | `top_p` ignored | does not apply: the protocol has no such parameter |
| 29 | roles without a fallback | test_setup; here: no other provider steps in |
| 30 | secrets in plain files | here; auth/test_secrets |
| 31 | tokens that cannot be read are replaced by none | auth/test_secrets: left alone |
| 32, 33, 34, 35 | refresh races, 401, paste box, revocation | auth/test_sign_in |
| 36 | a key in an address | test_families: the key is in its header and nowhere else |
| 37 | other products' OAuth clients and agent strings | registry/; here: agent string |
| 38 | a service that is not offered | does not apply: no template of it |
| 39 | a magic mask, settings that cannot be deleted | test_setup: masks; here: deleting |
| 40, 41 | thinking details and signatures not read | llm/wire/test_answers |
| 42, 43 | system texts, tool choice | llm/wire/test_requests; one system text |
| 44 | cache markers of one vendor sent to others | here |
| 45 | Retry-After ignored, no fallback model | llm/test_client, test_retry; test_chat |
| 46 | redirects refused without a hint | test_faults |
| 47 | no proxy, certificates, timeout of a provider's own | llm/test_client, test_faults |
"""

import stat
from pathlib import Path
from typing import Any

import pytest

from refact_lsp.core.problems import RefactError
from refact_lsp.rpc.session import open_session
from tests.rows import every_row
from tests.servers.families import Family
from tests.servers.scripted import Reply, Scripted, scripted

KEY = "sk-weakness-0123456789"
CHAT = "qwen2.5-coder-7b"
EMBEDDER = "nomic-embed-text"


async def add(ask: Any, template: str, server: Scripted, **settings: Any) -> str:
    given = {"baseUrl": server.url, "apiKey": KEY, **settings}
    saved = await ask("refact/providers/save", template=template, settings=given)
    provider = saved["provider"]["id"]
    models = (await ask("refact/models/refresh", provider=provider))["models"]
    names = [model["id"] for model in models]
    await ask("refact/models/enable", models=names, enabled=True)
    return provider


async def refused(asked: Any) -> Any:
    with pytest.raises(RefactError) as caught:
        await asked
    return caught.value.problem


async def test_4_a_runtime_that_is_down_says_so(ask: Any):
    async with scripted(Reply()) as server:
        url = server.url
    await ask("refact/providers/save", template="ollama", settings={"baseUrl": url})
    assert (await ask("refact/models/refresh", provider="ollama"))["error"]["kind"] == "network"
    provider = (await ask("refact/providers/get", id="ollama"))["provider"]
    assert provider["health"]["state"] == "error"
    assert provider["modelCount"] == 0
    assert (await ask("refact/models/list"))["problems"][0]["error"]["hint"]


async def test_5_a_choice_that_does_not_exist_is_refused_with_those_that_do(ask: Any):
    settings = {"apiKey": KEY, "region": "chnia"}
    found = await refused(ask("refact/providers/save", template="qwen", settings=settings))
    assert (found.kind, found.field) == ("invalidRequest", "region")
    assert "international, china" in found.message
    assert len((await ask("refact/providers/list"))["providers"]) == 1


async def test_6_a_broken_file_is_told_and_the_rest_works(home: Path, ask: Any):
    folder = home / "config" / "registry" / "providers"
    folder.mkdir(parents=True)
    (folder / "acme.toml").write_text('name = "Acme"\nwires = ["openai-chat"]\nnotes = 7\n')
    async with open_session() as session:
        problems = session.app.problems()
    assert len(problems) == 1
    assert "acme.toml" in problems[0].message
    assert "notes" in problems[0].message


async def test_7_8_an_id_may_be_any_word_but_no_capital(ask: Any):
    settings = {"baseUrl": "http://127.0.0.1:9"}
    for name in ("defaults", "settings"):
        saved = await ask("refact/providers/save", id=name, template="custom", settings=settings)
        assert saved["provider"]["id"] == name
    asked = ask("refact/providers/save", id="Work", template="custom", settings=settings)
    found = await refused(asked)
    assert (found.field, "small letters" in found.hint) == ("id", True)


async def test_8_headers_are_a_map_of_secrets(ask: Any):
    templates = (await ask("refact/providers/templates"))["templates"]
    (custom,) = [each for each in templates if each["id"] == "custom"]
    (field,) = [each for each in custom["fields"] if each["name"] == "headers"]
    assert field["type"] == "map"


@every_row(
    ("template", "shape", "new", "useless"),
    [
        ("groq", "openai", "somebody/brand-new-9b", "whisper-large-v4"),
        ("gemini", "gemini", "gemini-9-brand-new", "imagen-9"),
        ("openrouter", "openrouter", "somebody/brand-new", None),
        ("anthropic", "anthropic", "claude-brand-new-9", None),
        ("openai", "openai", "gpt-9-brand-new", "gpt-9-audio"),
    ],
)
async def test_9_10_a_model_that_nobody_knows_yet_is_listed(
    ask: Any, template: str, shape: str, new: str, useless: str | None
):
    models = {new: "chat"} | ({useless: "chat"} if useless else {})
    async with scripted(Family(shape, models)) as server:
        provider = await add(ask, template, server)
        listed = await ask("refact/models/list", provider=provider)
    assert [model["name"] for model in listed["models"]] == [new]


async def test_14_a_user_s_limit_is_above_the_registry_and_the_server(ask: Any):
    async with scripted(Family("anthropic", {"claude-sonnet-5-5": "chat"})) as server:
        provider = await add(ask, "anthropic", server)
    name = f"{provider}/claude-sonnet-5-5"
    wished = {"contextWindow": 5_000_000, "maxOutput": 999_999}
    saved = (await ask("refact/models/save", model=name, capabilities=wished))["model"]
    assert saved["capabilities"]["contextWindow"] == 5_000_000
    assert saved["capabilities"]["maxOutput"] == 999_999
    assert saved["sources"]["maxOutput"] == "user"


async def test_15_a_tag_is_part_of_the_name(ask: Any):
    async with scripted(Family("ollama", {"gemma3:1b": "chat", "gemma3:27b": "chat"})) as server:
        server.handler.refuses["/api/show"] = Reply(status=404)  # pyright: ignore[reportFunctionMemberAccess]  # the family
        provider = await add(ask, "ollama", server)
        listed = (await ask("refact/models/list", provider=provider))["models"]
    windows = {model["name"]: model["capabilities"]["contextWindow"] for model in listed}
    assert windows["gemma3:1b"] < windows["gemma3:27b"]


async def test_18_a_prompt_stays_within_what_a_model_reads(ask: Any):
    async with scripted(Family("copilot", {"other-model": "chat"})) as server:
        provider = await add(ask, "github-copilot", server)
        rows = (await ask("refact/models/list", provider=provider))["models"]
        assert rows[0]["maxInput"] == 1000
        turn = ask("refact/chat/send", model=rows[0]["id"], content="word " * 2000, ephemeral=True)
        assert (await refused(turn)).kind == "contextTooLong"


async def test_23_extra_headers_go_with_every_kind_of_request(ask: Any):
    async with scripted(Family("openai", {CHAT: "chat", EMBEDDER: "embedding"})) as server:
        provider = await add(ask, "custom", server, headers={"X-Team": "red-team-value"})
        assert (await ask("refact/providers/test", id=provider))["ok"]
    asked = {request.target.rpartition("/v1")[2] for request in server.requests}
    assert asked >= {"/models", "/chat/completions", "/completions", "/embeddings"}
    assert {request.headers.get("x-team") for request in server.requests} == {"red-team-value"}


async def test_24_a_document_gets_the_prefix_that_its_model_wants(ask: Any):
    async with scripted(Family("openai", {EMBEDDER: "embedding"})) as server:
        provider = await add(ask, "custom", server)
        await ask("refact/models/probe", model=f"{provider}/{EMBEDDER}", checks=["embedding"])
    assert server.requests[-1].json["input"] == ["search_document: ok"]


async def test_25_26_parameters_follow_the_role_and_a_role_keeps_to_itself(ask: Any):
    async with scripted(Family("openai", {CHAT: "chat"})) as server:
        model = f"{await add(ask, 'custom', server)}/{CHAT}"
        for role, temperature in (("chat", 0.1), ("thinking", 0.9), ("completion", 0.2)):
            parameters = {"temperature": temperature}
            await ask("refact/defaults/set", role=role, model=model, parameters=parameters)
        await ask("refact/defaults/set", role="light", model=model)
        rows = {row["role"]: row for row in (await ask("refact/defaults/get"))["defaults"]}
        assert rows["completion"]["model"] == rows["thinking"]["model"] == model
        sent: list[float] = []
        for role in ("chat", "thinking"):
            await ask("refact/chat/send", role=role, content="Hello?", ephemeral=True)
            sent.append(server.requests[-1].json["temperature"])
    assert sent == [0.1, 0.9]


async def test_29_no_other_provider_steps_in_where_the_chosen_model_fails(ask: Any):
    down = Family("openai", {CHAT: "chat"})
    down.refuses["/chat/completions"] = Reply(status=402, body=b'{"error": {"message": "no"}}')
    costly = Family("openrouter", {"somebody/costly": "chat"})
    async with scripted(down) as first, scripted(costly) as second:
        provider = await add(ask, "custom", first)
        await add(ask, "openrouter", second)
        before = len(second.requests)
        await ask("refact/defaults/set", role="chat", model=f"{provider}/{CHAT}")
        found = await refused(ask("refact/chat/send", content="Hello?", ephemeral=True))
        await ask("refact/models/enable", models=[f"{provider}/{CHAT}"], enabled=False)
        rows = {row["role"]: row for row in (await ask("refact/defaults/get"))["defaults"]}
    assert found.kind == "billing"
    assert rows["chat"]["effective"] == {"model": None, "via": "none"}
    assert "not enabled" in rows["chat"]["problem"]["message"]
    assert len(second.requests) == before


async def test_30_a_secret_lies_in_one_private_file(home: Path, ask: Any):
    async with scripted(Family("openai", {CHAT: "chat"})) as server:
        provider = await add(ask, "custom", server, headers={"X-Team": "another-secret-value"})
        await ask("refact/providers/test", id=provider)
    (holding,) = files_with(home, KEY.encode(), b"another-secret-value")
    assert holding.name == "secrets.json"
    assert stat.S_IMODE(holding.stat().st_mode) == 0o600


def files_with(folder: Path, *words: bytes) -> list[Path]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if any(word in path.read_bytes() for word in words)]


async def test_37_requests_carry_no_other_product_s_name(ask: Any):
    async with scripted(Family("anthropic", {"claude-sonnet-5-5": "chat"})) as server:
        provider = await add(ask, "claude-code", server)
        model = f"{provider}/claude-sonnet-5-5"
        await ask("refact/chat/send", model=model, content="Hello?", ephemeral=True)
    for request in server.requests:
        assert "claude" not in request.headers.get("user-agent", "").lower()
        assert not {"originator", "x-app"} & set(request.headers)
    assert "system" not in server.requests[-1].json


async def test_39_a_setting_can_be_taken_away(ask: Any):
    settings = {"baseUrl": "http://127.0.0.1:9", "timeoutMs": 7000, "headers": {"X-Team": "red"}}
    await ask("refact/providers/save", id="own", template="custom", settings=settings)
    gone = {"timeoutMs": None, "headers": {"X-Team": ""}}
    saved = await ask("refact/providers/save", id="own", template="custom", settings=gone)
    shown = saved["provider"]["settings"]
    assert "timeoutMs" not in shown
    assert not shown.get("headers")
    assert shown["baseUrl"] == "http://127.0.0.1:9"


async def test_44_no_cache_markers_go_to_endpoints_of_another_format(ask: Any):
    async with scripted(Family("openrouter", {"anthropic/claude-sonnet-5.5": "chat"})) as server:
        provider = await add(ask, "openrouter", server)
        model = f"{provider}/anthropic/claude-sonnet-5.5"
        await ask("refact/chat/send", model=model, content="Hello?", ephemeral=True)
    assert b"cache_control" not in server.requests[-1].body

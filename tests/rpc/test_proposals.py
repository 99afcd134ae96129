"""Models for roles are proposed when a provider is added; none is ever set by itself."""

import json
from typing import Any

import pytest

from tests.servers.families import Family
from tests.servers.scripted import Exchange, Reply, scripted

KEY = "sk-proposal-0123456789"


async def add(ask: Any, template: str, url: str, **settings: str) -> list[Any]:
    """Add a provider as a front end does, and give what is proposed for it."""
    given = {"baseUrl": url, "apiKey": KEY, **settings}
    saved = await ask("refact/providers/save", template=template, settings=given)
    provider = saved["provider"]["id"]
    await ask("refact/models/refresh", provider=provider)
    return (await ask("refact/defaults/propose", provider=provider))["proposals"]


async def chosen(ask: Any) -> dict[str, Any]:
    rows = (await ask("refact/defaults/get"))["defaults"]
    return {row["role"]: row["model"] for row in rows if row["model"]}


def priced(**prices: str | None) -> Reply:
    """List models in OpenRouter's manner, each with the price of a token."""
    entries = [
        {"id": f"somebody/{name}", "context_length": 64_000}
        | ({"pricing": {"prompt": price, "completion": price}} if price else {})
        for name, price in prices.items()
    ]
    return Reply(body=json.dumps({"data": entries}).encode())


async def test_the_first_provider_s_own_models_are_proposed_with_prices_and_none_is_set(ask: Any):
    models = {"claude-sonnet-5-5": "chat", "claude-haiku-5-5": "chat", "claude-opus-5-5": "chat"}
    async with scripted(Family("anthropic", models)) as server:
        proposed = await add(ask, "anthropic", server.url)
    assert {each["role"]: each["model"] for each in proposed} == {
        "chat": "anthropic/claude-sonnet-5-5",
        "light": "anthropic/claude-haiku-5-5",
        "thinking": "anthropic/claude-sonnet-5-5",
        "buddy": "anthropic/claude-haiku-5-5",
    }
    assert all("$" in each["reason"] for each in proposed)
    assert await chosen(ask) == {}


async def test_a_role_that_the_user_chose_is_left_alone(ask: Any):
    async with scripted(Family("openai", {"qwen2.5-coder-7b": "chat"})) as server:
        await add(ask, "custom", server.url)
        own = "custom/qwen2.5-coder-7b"
        await ask("refact/defaults/set", role="chat", model=own)
        async with scripted(Family("anthropic", {"claude-opus-5-5": "chat"})) as costly:
            proposed = await add(ask, "anthropic", costly.url)
    assert "chat" not in [each["role"] for each in proposed]
    assert await chosen(ask) == {"chat": own}
    rows = (await ask("refact/defaults/get"))["defaults"]
    effective = {row["role"]: row["effective"]["model"] for row in rows}
    assert {effective[role] for role in ("chat", "light", "thinking", "buddy")} == {own}
    assert effective["completion"] == "builtin/workspace"  # and not what was just added


@pytest.mark.parametrize(
    ("prices", "model"),
    [
        ({"dear": "0.00001", "cheap": "0.000001", "cheaper": "0.0000005"}, "cheaper"),
        ({"unpriced": None, "priced": "0.000001"}, "priced"),
    ],
)
async def test_of_models_that_nobody_recommends_the_cheapest_is_proposed(
    ask: Any, prices: dict[str, str | None], model: str
):
    async def listing(exchange: Exchange) -> None:
        await exchange.reply(priced(**prices))

    async with scripted(listing) as server:
        # Hosted, as far as anybody can tell: the proposal reads settings and asks nothing.
        proposed = await add(ask, "openrouter", server.url)
        settings = {"baseUrl": "https://hosted.example/api/v1"}
        await ask(
            "refact/providers/save", id="openrouter", template="openrouter", settings=settings
        )
        hosted = (await ask("refact/defaults/propose", provider="openrouter"))["proposals"]
    assert hosted[0] == {**hosted[0], "role": "chat", "model": f"openrouter/somebody/{model}"}
    assert {each["role"] for each in proposed} == {each["role"] for each in hosted}


async def test_what_runs_on_the_user_s_machine_is_said_to(ask: Any):
    async with scripted(Family("ollama", {"qwen2.5-coder:1.5b-base": "completion"})) as server:
        proposed = await add(ask, "ollama", server.url)
    (row,) = [each for each in proposed if each["role"] == "completion"]
    assert row["model"] == "ollama/qwen2.5-coder:1.5b-base"
    assert "where you run it" in row["reason"]


async def test_a_region_s_own_models_are_proposed(ask: Any):
    models = {"glm-5.3": "chat", "embedding-3": "embedding"}
    async with scripted(Family("openai", models)) as server:
        proposed = await add(ask, "zhipu", server.url, region="china")
    assert ("embedding", "zhipu/embedding-3") in [(row["role"], row["model"]) for row in proposed]

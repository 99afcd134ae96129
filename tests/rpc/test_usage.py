import asyncio
from typing import Any

import pytest

from refact_lsp.core.problems import RefactError
from refact_lsp.rpc.session import Session, open_session
from refact_lsp.rpc.table import InvalidParams
from tests.rows import every_row
from tests.rpc.chatting import half
from tests.rpc.conftest import asker
from tests.servers.openai_like import KEY, OpenAiLike
from tests.servers.scripted import Exchange, Scripted, scripted

MODEL = "custom/qwen2.5-coder-7b"


async def add(ask: Any, server: Scripted, *, price: str | None = "2") -> None:
    settings = {"baseUrl": server.url, "apiKey": KEY}
    await ask("refact/providers/save", template="custom", settings=settings)
    await ask("refact/models/refresh", provider="custom")
    if price is not None:
        capabilities = {"price": {"input": price, "output": price}}
        await ask("refact/models/save", model=MODEL, capabilities=capabilities)


async def chat(ask: Any) -> dict[str, Any]:
    return (await ask("refact/models/probe", model=MODEL, checks=["chat"]))["results"][0]


async def test_a_request_leaves_a_row_in_the_ledger_and_in_the_sums(ask: Any):
    async with scripted(OpenAiLike()) as server:
        await add(ask, server)
        assert (await chat(ask))["ok"]
    entries = (await ask("refact/ledger/list"))["entries"]
    assert [(row["provider"], row["host"], row["role"]) for row in entries] == [
        ("custom", "127.0.0.1", "setup"),
        ("custom", "127.0.0.1", "models"),
    ]
    assert entries[0]["model"] == "qwen2.5-coder-7b"
    assert entries[0]["status"] == "200"
    assert entries[0]["bytesOut"] > 0 < entries[0]["bytesIn"]
    assert entries[0]["at"].endswith("Z")
    rows = (await ask("refact/usage/summary", by=["provider", "model"]))["rows"]
    assert rows == [
        {
            "keys": ["custom", MODEL],
            "requests": 1,
            "usage": {
                "inputTokens": 11,
                "outputTokens": 3,
                "cacheReadTokens": 0,
                "cacheWriteTokens": 0,
                "reasoningTokens": 0,
            },
            "cost": "0.000028",
        }
    ]


async def test_the_ledger_is_cut_by_provider_time_and_number(ask: Any):
    async with scripted(OpenAiLike()) as server:
        await add(ask, server)
        await chat(ask)
    assert len((await ask("refact/ledger/list", limit=1))["entries"]) == 1
    assert (await ask("refact/ledger/list", provider="other"))["entries"] == []
    assert (await ask("refact/ledger/list", since="2999-01-01"))["entries"] == []
    with pytest.raises(RefactError) as caught:
        await ask("refact/ledger/list", since="yesterday")
    assert caught.value.problem.field == "since"


async def test_a_budget_refuses_before_anything_is_sent(ask: Any):
    async with scripted(OpenAiLike()) as server:
        await add(ask, server, price="1000000")
        await ask("refact/budget/set", monthly="0.01")
        before = len(server.requests)
        result = await chat(ask)
        assert not result["ok"]
        assert "budget" in result["detail"]
        assert len(server.requests) == before
        await ask("refact/budget/set", monthly=None)
        assert (await chat(ask))["ok"]


async def test_what_was_spent_counts_at_once_and_in_the_next_session(ask: Any):
    async with scripted(OpenAiLike()) as server:
        await add(ask, server, price="100000")
        await ask("refact/budget/set", provider="custom", monthly="20")
        assert (await chat(ask))["ok"]
        (budget,) = (await ask("refact/budget/get"))["budgets"]
        assert (budget["provider"], budget["monthly"], budget["spent"]) == ("custom", "20", "1.4")
        assert budget["resetsAt"].endswith("Z")
        await ask("refact/budget/set", provider="custom", monthly="1.4")
        before = len(server.requests)
        assert not (await chat(ask))["ok"]
        assert len(server.requests) == before


async def test_windows_do_not_pass_a_cap_together(session: Session):
    class Slow(OpenAiLike):
        async def __call__(self, exchange: Exchange) -> None:
            await (half(exchange) if exchange.request.body else super().__call__(exchange))

    async with scripted(Slow()) as server, open_session() as window:
        ask: Any = asker(session)
        other: Any = asker(window)
        await add(ask, server, price="100000")
        await ask("refact/budget/set", monthly="12")
        await window.app.reload()
        question = {"content": "Hello", "model": MODEL, "ephemeral": True}
        first = session.app.start(ask("refact/chat/send", **question))
        await server.until(lambda: bool(server.requests[-1].body))
        sent = len(server.requests)
        with pytest.raises(RefactError) as caught:
            await other("refact/chat/send", **question)
        assert caught.value.problem.kind == "budget"
        assert len(server.requests) == sent
        first.cancel()
        await asyncio.wait([first])
        await session.app.counted()
        # What the stopped answer cost is known now, and nothing else is held.
        second = window.app.start(other("refact/chat/send", **question))
        await server.until(lambda: len(server.requests) > sent)
        second.cancel()
        await asyncio.wait([second])


async def test_a_model_without_a_price_passes_until_the_cap_is_reached(ask: Any):
    async with scripted(OpenAiLike()) as server:
        await add(ask, server, price=None)
        await ask("refact/budget/set", monthly="0")
        # A runtime on this machine costs nothing.
        assert (await chat(ask))["ok"]


@every_row("monthly", ["-1", "much", "NaN"])
async def test_an_amount_that_is_none_is_refused(ask: Any, monthly: str):
    with pytest.raises(RefactError) as caught:
        await ask("refact/budget/set", monthly=monthly)
    assert caught.value.problem.field == "monthly"


async def test_a_budget_names_its_amount_and_a_provider_that_exists(ask: Any):
    with pytest.raises(InvalidParams, match="monthly"):
        await ask("refact/budget/set")
    with pytest.raises(RefactError) as caught:
        await ask("refact/budget/set", provider="nowhere", monthly="1")
    assert caught.value.problem.kind == "notConfigured"


async def test_settings_are_shown_whole_checked_and_forgotten(ask: Any):
    shown = (await ask("refact/settings/get"))["settings"]
    assert shown["completion"]["enabled"] is True
    changed = await ask("refact/settings/set", values={"completion.debounceMs": 120})
    assert changed["settings"]["completion"]["debounceMs"] == 120
    again = await ask("refact/settings/set", values={"completion.debounceMs": None})
    assert again["settings"]["completion"]["debounceMs"] == "auto"
    for name, value in (("completion.colour", "red"), ("completion.debounceMs", "soon")):
        with pytest.raises(RefactError) as caught:
            await ask("refact/settings/set", values={name: value})
        assert caught.value.problem.field == name


async def test_rows_reach_the_disk_before_a_session_ends():
    async with scripted(OpenAiLike()) as server:
        async with open_session() as first:
            await add(asker(first), server)
        async with open_session() as second:
            assert len((await asker(second)("refact/ledger/list"))["entries"]) == 1

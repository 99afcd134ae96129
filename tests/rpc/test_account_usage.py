import json
from pathlib import Path
from typing import Any

import pytest

from refact_lsp.core.problems import RefactError
from refact_lsp.rpc.session import open_session
from tests.rpc.conftest import asker
from tests.servers.scripted import Exchange, Reply, scripted

KEY = {"data": {"usage": 25.5, "limit": 100, "limit_remaining": 74.5, "usage_monthly": 20}}
CREDITS = {"data": {"total_credits": 50, "total_usage": 12.25}}
DOLLARS = {"balance_infos": [
    {"currency": "CNY", "total_balance": "1.00"}, {"currency": "USD", "total_balance": "110.00"},
]}  # fmt: skip
YUAN = {"balance_infos": [{"currency": "CNY", "total_balance": "7.00"}]}


async def usage(
    home: Path, template: str, base: str, answers: dict[str, Any], **settings: Any
) -> dict[str, Any]:
    async def answer(exchange: Exchange) -> None:
        found = answers.get(exchange.request.target)
        status = 403 if found is None else 200
        await exchange.reply(Reply(status=status, body=json.dumps(found or {}).encode()))

    async with scripted(answer) as server, open_session() as session:
        ask = asker(session)
        given = {"baseUrl": f"{server.url}{base}", "apiKey": "sk-planted-key-1", **settings}
        await ask("refact/providers/save", template=template, settings=given)
        return await ask("refact/providers/usage", id=template)


async def test_a_key_tells_its_limits_and_the_account_its_credits(home: Path):
    answers = {"/api/v1/key": KEY, "/api/v1/credits": CREDITS}
    found = await usage(home, "openrouter", "/api/v1", answers)
    assert found["balance"] == "37.75"
    assert found["windows"] == [
        {"name": "key", "unit": "USD", "used": 25.5, "limit": 100.0},
        {"name": "month", "unit": "USD", "used": 20.0},
    ]


async def test_a_route_that_is_refused_leaves_the_others(home: Path):
    found = await usage(home, "openrouter", "/api/v1", {"/api/v1/key": KEY})
    assert found["balance"] == "74.5"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            DOLLARS,
            {"windows": [{"name": "balance", "unit": "CNY", "limit": 1.0}], "balance": "110"},
        ),
        (YUAN, {"windows": [{"name": "balance", "unit": "CNY", "limit": 7.0}]}),
        ({"balance_infos": "odd"}, {"windows": []}),
    ],
)
async def test_other_money_than_dollars_is_no_balance(
    home: Path, answer: dict[str, Any], expected: dict[str, Any]
):
    assert await usage(home, "deepseek", "", {"/user/balance": answer}) == expected


async def test_a_plan_without_a_balance_and_a_provider_without_a_route_say_so(home: Path):
    for template, settings in (("kimi", {"plan": "coding"}), ("groq", {})):
        with pytest.raises(RefactError) as caught:
            await usage(home, template, "/v1", {}, **settings)
        assert caught.value.problem.kind == "unsupported"
        assert caught.value.problem.hint


async def test_a_refused_key_is_told(home: Path):
    with pytest.raises(RefactError) as caught:
        await usage(home, "deepseek", "", {})
    assert caught.value.problem.kind in {"permission", "authentication"}

"""Every fault of a provider through the front door: its kind, its hint, and no secret.

`tests/llm/test_faults.py` has the whole matrix at the client; here is what a person meets.
"""

import json
from typing import Any

import pytest

from refact_lsp.core.problems import RefactError
from tests.rows import every_row
from tests.servers.families import Family
from tests.servers.scripted import Reply, chat_chunks, scripted, sse

KEY = "sk-planted-0123456789"
MODELS = {"qwen2.5-coder-7b": "chat"}


def refusal(status: int, message: str, *, wait: str | None = None, **more: str) -> Reply:
    body = json.dumps({"error": {"message": f"{message} {KEY}", **more}}).encode()
    return Reply(status=status, body=body, headers={"retry-after": wait} if wait else {})


PAGE = Reply(body=f"<!doctype html><title>Sign in {KEY}</title>".encode(), content_type="text/html")
ELSEWHERE = Reply(status=307, headers={"location": f"https://evil.example/v1?key={KEY}"})
# The last column says whether asking again would wait: chat is then left to the client's tests.
FAULTS: dict[str, tuple[Reply, str, bool]] = {
    "401": (refusal(401, "Incorrect API key"), "authentication", False),
    "403": (refusal(403, "Not allowed"), "permission", False),
    "404 model": (
        refusal(404, "The model does not exist", code="model_not_found"),
        "modelNotFound",
        False,
    ),
    "402": (refusal(402, "Insufficient balance"), "billing", False),
    "429": (refusal(429, "Slow down"), "rateLimited", True),
    "429 with a long wait": (refusal(429, "Slow down", wait="3600"), "rateLimited", False),
    "529": (refusal(529, "Overloaded", type="overloaded_error"), "overloaded", True),
    "500": (refusal(500, "Oops"), "overloaded", True),
    "a page with 200": (PAGE, "badResponse", False),
    "nothing with 200": (Reply(body=b""), "badResponse", True),
    "half an event": (Reply(body=b'data: {"choi'), "badResponse", True),
    "a wrong content type": (
        Reply(body=b"%PDF-1.7", content_type="application/pdf"),
        "badResponse",
        True,
    ),
    "an error in the stream": (
        Reply(body=sse({"error": {"message": f"No such key {KEY}", "code": 401}})),
        "authentication",
        False,
    ),
    "a reset in the middle": (Reply(body=chat_chunks("a")[:1], end="reset"), "network", False),
    "a redirect to another host": (ELSEWHERE, "badResponse", False),
}


async def problem_of(asked: Any) -> Any:
    with pytest.raises(RefactError) as caught:
        await asked
    assert KEY not in repr(caught.value.problem)
    return caught.value.problem


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_of_chat_is_told_by_the_test_and_by_the_turn(ask: Any, fault: str):
    reply, kind, waits = FAULTS[fault]
    replaying = Family("openai", MODELS)
    replaying.refuses["/chat/completions"] = reply
    async with scripted(replaying) as server:
        settings = {"baseUrl": server.url, "apiKey": KEY}
        await ask("refact/providers/save", template="custom", settings=settings)
        report = await ask("refact/providers/test", id="custom")
        error = report["error"]
        assert (report["ok"], error["kind"]) == (False, kind), error
        assert error["hint"]
        assert error["provider"] == "custom"
        assert [each["step"] for each in report["steps"] if not each["ok"]] == ["chat"]
        assert KEY not in json.dumps(report)
        health = (await ask("refact/providers/get", id="custom"))["provider"]["health"]
        assert (health["state"], health["error"]["kind"]) == ("error", kind)
        if waits:
            return
        await ask("refact/models/refresh", provider="custom")
        model = "custom/qwen2.5-coder-7b"
        turn = ask("refact/chat/send", model=model, content="Hello?", ephemeral=True)
        found = await problem_of(turn)
    assert (found.kind, found.provider) == (kind, "custom")
    assert found.hint


# Streams are broken in ways of their own; vectors come in one document.
OTHER_STEPS = [
    *(("completion", "/v1/completions", fault) for fault in FAULTS),
    *(
        ("embedding", "/embeddings", fault)
        for fault in FAULTS
        if fault not in ("an error in the stream", "a reset in the middle")
    ),
]


@every_row(("step", "route", "fault"), OTHER_STEPS)
async def test_a_fault_of_completion_and_embedding_is_told_by_their_step(
    ask: Any, step: str, route: str, fault: str
):
    reply, kind, _ = FAULTS[fault]
    replaying = Family("openai", {**MODELS, "text-embedding-3-small": "embedding"})
    replaying.refuses[route] = reply
    async with scripted(replaying) as server:
        draft = {"template": "custom", "settings": {"baseUrl": server.url, "apiKey": KEY}}
        report = await ask("refact/providers/test", draft=draft)
    (failed,) = [each for each in report["steps"] if not each["ok"]]
    assert (failed["step"], failed["error"]["kind"]) == (step, kind), failed
    assert failed["error"]["hint"]
    assert KEY not in json.dumps(report)


LISTS: dict[str, tuple[Reply, str]] = {
    "a wrong key": (refusal(401, "Incorrect API key"), "authentication"),
    "a page": (PAGE, "badResponse"),
    "an empty account": (Reply(body=b'{"data": []}'), "modelNotFound"),
    "a redirect": (ELSEWHERE, "badResponse"),
    "too many requests": (refusal(429, "Slow down", wait="3600"), "rateLimited"),
}


@every_row("fault", LISTS)
async def test_what_is_wrong_with_a_list_is_told_apart(ask: Any, fault: str):
    reply, kind = LISTS[fault]
    replaying = Family("openai", MODELS)
    replaying.refuses["/models"] = reply
    async with scripted(replaying) as server:
        draft = {"template": "custom", "settings": {"baseUrl": server.url, "apiKey": KEY}}
        report = await ask("refact/providers/test", draft=draft)
    assert report["error"]["kind"] == kind
    assert report["error"]["hint"]
    assert [each["step"] for each in report["steps"] if not each["ok"]] == ["list"]
    assert KEY not in json.dumps(report)


async def test_a_dead_host_is_told_with_its_hint(ask: Any):
    async with scripted(Reply()) as server:
        url = server.url
    report = await ask(
        "refact/providers/test", draft={"template": "ollama", "settings": {"baseUrl": url}}
    )
    assert report["error"]["kind"] == "network"
    assert "Start" in report["error"]["hint"]


async def test_a_draft_leaves_the_health_of_a_saved_provider_alone(ask: Any):
    async with scripted(Family("openai", MODELS)) as server:
        settings = {"baseUrl": server.url, "apiKey": KEY}
        await ask("refact/providers/save", template="custom", settings=settings)
        await ask("refact/providers/test", id="custom")
        replaying = Family("openai", MODELS)
        replaying.refuses["/chat/completions"] = refusal(401, "No")
        async with scripted(replaying) as other:
            draft = {"template": "custom", "settings": {**settings, "baseUrl": other.url}}
            assert not (await ask("refact/providers/test", draft=draft))["ok"]
    saved = (await ask("refact/providers/get", id="custom"))["provider"]
    assert saved["health"]["state"] == "ok"

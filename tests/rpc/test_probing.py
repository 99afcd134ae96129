"""What probes and tests find out: the way to fill a hole, and servers that cut prompts silently."""

import json
from typing import Any

import pytest

from refact_lsp.core.tokens import estimate
from refact_lsp.core.types import parse_model_ref
from refact_lsp.features.completion.ports import Target
from refact_lsp.features.completion.target import completion_target
from refact_lsp.features.setup.models import find_model
from refact_lsp.rpc.session import Session
from tests.servers.families import Family, ollama_lines
from tests.servers.scripted import Exchange, Reply, scripted, sse

MODEL = "ollama/mystery:7b"


class Runtime(Family):
    """Ollama with one model of nobody's: `window` is what it loads it with.

    `fills` names the field of a request that its template knows: `suffix`, or `raw` for none.
    """

    def __init__(self, window: int = 32_768, fills: str | None = "suffix") -> None:
        super().__init__("ollama", {"mystery:7b": "chat"})
        self.window = window
        self.fills = fills
        self.loaded = False

    async def __call__(self, exchange: Exchange) -> None:
        request = exchange.request
        match request.target:
            case "/api/show":
                info = {"a.context_length": 32_768}
                said = {"capabilities": ["completion"], "model_info": info}
                await exchange.reply(Reply(body=json.dumps(said).encode()))
            case "/api/ps":
                running = {"name": "mystery:7b", "context_length": self.window}
                said = {"models": [running] if self.loaded else []}
                await exchange.reply(Reply(body=json.dumps(said).encode()))
            case "/api/chat":
                self.loaded = True
                read = sum(estimate(each["content"]) for each in request.json["messages"])
                await exchange.reply(ollama_lines("ok", min(read, self.window)))
            case "/api/generate" if self.fills not in request.json:
                refusal = {"error": "mystery:7b does not support insert"}
                await exchange.reply(Reply(status=400, body=json.dumps(refusal).encode()))
            case _:
                await super().__call__(exchange)


async def add(ask: Any, url: str) -> None:
    await ask("refact/providers/save", template="ollama", settings={"baseUrl": url})
    await ask("refact/models/refresh", provider="ollama")


async def probe(ask: Any, check: str) -> Any:
    return (await ask("refact/models/probe", model=MODEL, checks=[check]))["results"][0]


@pytest.mark.parametrize(
    ("fills", "ok", "detail"),
    [("suffix", True, "suffix works"), (None, False, "does not support insert")],
)
async def test_a_known_hole_tells_how_a_model_fills_in_the_middle(
    ask: Any, fills: str | None, ok: bool, detail: str
):
    async with scripted(Runtime(fills=fills)) as server:
        await add(ask, server.url)
        found = await probe(ask, "completion")
    assert found["ok"] is ok
    assert detail in found["detail"]


async def test_what_a_probe_found_is_kept_when_the_user_says_so_and_then_used(
    session: Session, ask: Any
):
    async with scripted(Runtime()) as server:
        await add(ask, server.url)
        found = await probe(ask, "completion")
        assert found["proposed"] == {"completion": {"method": "suffix"}}
        before = find_model(session.app.world, parse_model_ref(MODEL))
        assert before is not None
        assert before.capabilities.completion.method != "suffix"  # nothing changed by itself
        kept = await ask("refact/models/save", model=MODEL, capabilities=found["proposed"])
        assert kept["model"]["capabilities"]["completion"] == {"method": "suffix"}
        assert kept["model"]["sources"]["completion"] == "user"
        assert "completion" in kept["model"]["roles"]
        await ask("refact/defaults/set", role="completion", model=MODEL)
        target = completion_target(session.app.world)
        assert isinstance(target, Target)
        assert (target.model, target.method) == (MODEL, "suffix")
        again = await probe(ask, "completion")
    assert again["ok"]
    assert "proposed" not in again


async def test_the_layout_of_a_model_that_nobody_knows_is_found(session: Session, ask: Any):
    fim = session.app.catalog.fim("starcoder2")
    assert fim is not None

    class Base(Family):
        async def __call__(self, exchange: Exchange) -> None:
            request = exchange.request
            if not request.target.endswith("/completions") or "suffix" in request.json:
                await exchange.reply(Reply(status=400, body=b'{"error": {"message": "no"}}'))
                return
            knows = request.json["prompt"].startswith(fim.prefix)
            text = "total" if knows else "total = 3 # <something> else"
            chunk = {"choices": [{"index": 0, "text": text, "finish_reason": "stop"}]}
            await exchange.reply(Reply(body=sse(chunk)))

    async with scripted(Base("vllm", {})) as server:
        await ask("refact/providers/save", template="vllm", settings={"baseUrl": server.url})
        await ask("refact/models/save", model="vllm/mystery")
        (found,) = (await ask("refact/models/probe", model="vllm/mystery", checks=["completion"]))[
            "results"
        ]
        support = found["proposed"]["completion"]
        layout = session.app.catalog.fim(support["family"])
        assert support["method"] == "template"
        assert layout is not None
        assert layout.prefix == fim.prefix
        await ask("refact/models/save", model="vllm/mystery", capabilities=found["proposed"])
        await ask("refact/defaults/set", role="completion", model="vllm/mystery")
        target = completion_target(session.app.world)
    assert isinstance(target, Target)
    assert target.render is not None
    assert target.render("a", "b").startswith(fim.prefix)


async def test_what_nobody_says_of_a_model_is_tried_all_the_same(ask: Any):
    call = {"index": 0, "id": "c", "function": {"name": "current_weather", "arguments": "{}"}}
    chunks = [
        {"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
    ]
    async with scripted(Reply(body=sse(*chunks))) as server:
        await ask("refact/providers/save", template="custom", settings={"baseUrl": server.url})
        capabilities = {"tools": False, "vision": False}
        await ask("refact/models/save", model="custom/m", capabilities=capabilities)
        found = await ask("refact/models/probe", model="custom/m", checks=["tools", "vision"])
    tools, vision = found["results"]
    assert (tools["ok"], tools["proposed"]) == (True, {"tools": True})
    assert (vision["ok"], "proposed" in vision) == (False, False)
    assert len(server.requests) == 2


async def test_a_window_that_was_measured_is_proposed(ask: Any):
    async with scripted(Runtime(window=4096)) as server:
        await add(ask, server.url)
        found = await probe(ask, "window")
    assert found["proposed"] == {"contextWindow": 4096}


async def test_a_chat_model_may_fill_the_hole_that_it_is_shown(ask: Any):
    class Chatty(Runtime):
        async def __call__(self, exchange: Exchange) -> None:
            if exchange.request.target == "/api/chat":
                await exchange.reply(ollama_lines("```python\ntotal\n```", 50))
            else:
                await super().__call__(exchange)

    async with scripted(Chatty(fills=None)) as server:
        await add(ask, server.url)
        assert (await probe(ask, "completion"))["detail"] == "chat works"


async def test_a_prompt_that_the_server_cuts_is_noticed_and_the_fix_is_offered(ask: Any):
    async with scripted(Runtime(window=4096)) as server:
        await add(ask, server.url)
        found = await probe(ask, "window")
        error = found["error"]
        assert (found["ok"], error["kind"], error["field"]) == (False, "contextTooLong", "numCtx")
        assert "read 4096" in error["message"]
        assert "numCtx" in error["hint"]
        sent = server.requests[-1].json["messages"][0]["content"]
        assert 4096 < estimate(sent) < 32_768


@pytest.mark.parametrize(("window", "state"), [(4096, "error"), (32_768, "ok")])
async def test_a_chat_that_the_server_cuts_is_noticed_too(ask: Any, window: int, state: str):
    async with scripted(Runtime(window=window)) as server:
        await add(ask, server.url)
        await ask("refact/chat/send", model=MODEL, content="plain words " * 4500)
        health = (await ask("refact/providers/get", id="ollama"))["provider"]["health"]
    assert health["state"] == state
    if state == "error":
        assert (health["error"]["kind"], health["error"]["field"]) == ("contextTooLong", "numCtx")
        assert "read 4096" in health["error"]["message"]


async def test_a_prompt_that_the_server_reads_whole_is_no_problem(ask: Any):
    async with scripted(Runtime(window=32_768)) as server:
        await add(ask, server.url)
        found = await probe(ask, "window")
    assert found["ok"], found
    assert "error" not in found


@pytest.mark.parametrize(("window", "ok"), [(4096, False), (32_768, True)])
async def test_a_test_tells_the_window_that_a_model_was_loaded_with(
    ask: Any, window: int, ok: bool
):
    async with scripted(Runtime(window=window)) as server:
        await ask("refact/providers/save", template="ollama", settings={"baseUrl": server.url})
        report = await ask("refact/providers/test", id="ollama")
    (step,) = [each for each in report["steps"] if each["step"] == "window"]
    assert step["ok"] is ok
    assert str(window) in step["detail"]
    assert report["ok"]  # it works, as long as nothing long is sent
    if not ok:
        assert step["error"]["field"] == "numCtx"
        assert "4096" in step["error"]["hint"]


async def test_a_probe_that_fails_brings_its_problem(ask: Any):
    runtime = Runtime()
    async with scripted(runtime) as server:
        await add(ask, server.url)
    found = await probe(ask, "chat")
    assert (found["ok"], found["error"]["kind"]) == (False, "network")
    assert found["error"]["hint"]

"""How tokens are counted: by a vocabulary, the server itself, or an estimate that learns."""

import base64
import hashlib
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from refact_lsp.core.ledger import Purpose
from refact_lsp.core.problems import RefactError
from refact_lsp.core.requests import CompletionRequest
from refact_lsp.core.types import parse_model_ref
from refact_lsp.features.calls import completion_events
from refact_lsp.features.setup.discovery import found
from refact_lsp.rpc.session import Session, open_session
from tests.rpc.chatting import Client, Desk, says
from tests.rpc.conftest import Ask
from tests.servers.families import Family
from tests.servers.scripted import Exchange, Reply, Scripted, scripted, sse

# What an estimate thinks to be a ninth as many tokens.
RUN = "x" * 4000
TINY = [bytes([byte]) for byte in range(256)] + [b"xx", b"xxxx"]  # four of them are one token


def json_reply(value: Any, status: int = 200) -> Reply:
    return Reply(status=status, body=json.dumps(value).encode())


class Counting(Family):
    """Counts a token for every four characters, by whichever route it is asked."""

    def __init__(self, listed: str = "openai", *, counts: bool = True) -> None:
        super().__init__(listed, {})
        self.counts = counts
        self.asked_to_count = 0
        self.chats: list[list[str]] = []

    async def __call__(self, exchange: Exchange) -> None:
        target, method = exchange.request.target, exchange.request.method
        if target.endswith(("/tokenize", "/count_tokens", "/input_tokens")):
            self.asked_to_count += 1
            said = self._count(exchange.request.json) if self.counts else {"error": {}}
            await exchange.reply(json_reply(said, 200 if self.counts else 404))
            return
        if method == "POST":
            body = exchange.request.json
            self.chats.append([text_of(each) for each in body.get("messages") or body["input"]])
        await super().__call__(exchange)

    def _count(self, body: Any) -> Any:
        if "content" in body:
            return {"tokens": list(range(len(body["content"]) // 4))}
        if "prompt" in body:
            return {"count": len(body["prompt"]) // 4, "max_model_len": 9}
        texts = [text_of(each) for each in body.get("messages") or body["input"]]
        return {"input_tokens": sum(len(text) // 4 + 6 for text in texts)}


def text_of(message: Any) -> str:
    content = message["content"]
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


async def two_turns(ask: Ask, server: Scripted, template: str, handler: Counting) -> list[int]:
    """Say two long things to a model of 2,000 tokens; gives how many of them each turn had."""
    key = {} if template in ("llamacpp", "vllm") else {"apiKey": "sk-test-0123456789"}
    settings = {"baseUrl": server.url, **key}
    await ask("refact/providers/save", template=template, settings=settings)
    model = f"{template}/m"
    limits = {"contextWindow": 2000, "maxOutput": 200}
    await ask("refact/models/save", model=model, capabilities=limits)
    first = await ask("refact/chat/send", model=model, content=RUN)
    assert handler.asked_to_count == 0  # there is room to spare: an estimate will do
    await ask("refact/chat/send", threadId=first["threadId"], model=model, content=RUN)
    return [sum(text == RUN for text in texts) for texts in handler.chats]


@pytest.mark.parametrize("template", ["llamacpp", "vllm", "anthropic", "openai-responses"])
async def test_near_the_window_the_server_s_own_count_decides(ask: Ask, template: str):
    handler = Counting()
    async with scripted(handler) as server:
        assert await two_turns(ask, server, template, handler) == [1, 1]
        counting = (await ask("refact/models/tokenizer", model=f"{template}/m"))["counting"]
        rows = (await ask("refact/ledger/list"))["entries"]
    assert handler.asked_to_count >= 1
    assert (counting["by"], counting["route"].startswith(server.url)) == ("server", True)
    assert counting["samples"] > 0
    assert len(rows) == 2 + handler.asked_to_count


async def test_a_server_that_does_not_count_is_asked_once_and_estimates_do(ask: Ask):
    handler = Counting(counts=False)
    async with scripted(handler) as server:
        assert await two_turns(ask, server, "llamacpp", handler) == [1, 2]
        thread = (await ask("refact/chat/threads"))["threads"][0]["id"]
        await ask("refact/chat/send", threadId=thread, model="llamacpp/m", content=RUN)
    assert handler.asked_to_count == 1


async def test_what_does_not_fit_by_the_server_s_count_is_refused(ask: Ask):
    handler = Counting()
    async with scripted(handler) as server:
        await two_turns(ask, server, "llamacpp", handler)
        with pytest.raises(RefactError) as refused:
            await ask("refact/chat/send", model="llamacpp/m", content=RUN * 3)
    assert refused.value.problem.kind == "contextTooLong"
    assert "3,006 tokens" in refused.value.problem.message


async def test_usage_that_is_told_teaches_the_estimate(client: Client):
    words = "some plain words of a question " * 100
    async with scripted(Desk(says("Yes.", prompt_tokens=1300, completion_tokens=1))) as server:
        await client.add(server)
        model = await client.model("custom/m", contextWindow=2600, maxOutput=100)

        async def counting() -> Any:
            await client.session.app.counted()
            return (await client.ask("refact/models/tokenizer", model=model))["counting"]

        before = await counting()
        assert (before["by"], before["factor"], before["samples"]) == ("estimate", 1.3, 0)
        for _ in range(12):
            await client.send(words, model=model, ephemeral=True)
        after = await counting()
    assert after["samples"] == 12
    assert after["factor"] == pytest.approx(1300 / 600, rel=0.15)


async def test_what_was_learned_decides_what_fits_and_outlives_the_server(home: Path):
    desk = Desk(says("Yes.", prompt_tokens=1300, completion_tokens=1))
    words = "some plain words of a question " * 100
    async with scripted(desk) as server:
        async with opened() as client:
            await client.add(server)
            model = await client.model("custom/m", contextWindow=2600, maxOutput=100)
            first = await client.send(words, model=model)
            second = await client.send(words, model=model, threadId=first["threadId"])
            assert len(desk.asked[-1]["messages"]) == 3  # by the registry's factor both fit
            for _ in range(12):
                await client.send(words, model=model, ephemeral=True)
        async with opened() as client:
            assert (await counting_of(client, model))["samples"] == 14
            await client.send(words, model=model, threadId=second["threadId"])
    assert len(desk.asked[-1]["messages"]) == 1


@pytest.mark.parametrize("told", [1, 0, -5, 10**12, 10**30, None, 1e308, True, "many", [1]])
async def test_usage_that_cannot_be_true_teaches_nothing(client: Client, told: Any):
    usage: Any = {"prompt_tokens": told, "completion_tokens": 1}
    async with scripted(Desk(says("Yes.", **usage))) as server:
        await client.add(server)
        model = await client.model("custom/m")
        await client.send("some plain words " * 100, model=model, ephemeral=True)
        await client.session.app.counted()
        counting = await counting_of(client, model)
        (row,) = (await client.ask("refact/usage/summary", by=["model"]))["rows"]
    assert (counting["factor"], counting["samples"]) == (1.3, 0)
    assert 0 <= row["usage"]["inputTokens"] < 1000  # nothing is paid that cannot be true


async def test_images_and_tools_teach_nothing_of_a_tokenizer(client: Client):
    tools = [{"name": "look", "description": "Looks.", "inputSchema": {"type": "object"}}]
    async with scripted(Desk(says("Yes.", prompt_tokens=1300, completion_tokens=1))) as server:
        await client.add(server)
        model = await client.model("custom/m", tools=True)
        await client.send("plain words " * 300, model=model, ephemeral=True, tools=tools)
        await client.session.app.counted()
        assert (await counting_of(client, model))["samples"] == 0


async def test_completions_teach_too(session: Session, ask: Ask):
    usage = {"prompt_tokens": 900, "completion_tokens": 1}
    chunk = {"choices": [{"index": 0, "text": "x", "finish_reason": "stop"}]}
    stream = Reply(body=sse(chunk, {"choices": [], "usage": usage}))
    async with scripted(stream) as server:
        settings = {"baseUrl": server.url}
        await ask("refact/providers/save", template="custom", settings=settings)
        await ask("refact/models/save", model="custom/qwen2.5-coder-7b")
        model = found(session.app, parse_model_ref("custom/qwen2.5-coder-7b"))
        request = CompletionRequest(
            model=model.name, method="suffix", prefix="a = b\n" * 150, suffix="", max_tokens=9
        )
        purpose = Purpose(role="completion", model=model.name)
        async for _ in completion_events(session.app, model, request, purpose):
            pass
        await session.app.counted()
        counting = (await ask("refact/models/tokenizer", model=model.id))["counting"]
    assert counting["samples"] == 1
    assert counting["factor"] > 1.05


async def test_what_was_learned_goes_with_its_provider(client: Client):
    async with scripted(Desk(says("Yes.", prompt_tokens=1300, completion_tokens=1))) as server:
        for samples in (1, 1):  # after it was deleted it begins anew
            await client.add(server)
            model = await client.model("custom/m")
            await client.send("plain words " * 400, model=model, ephemeral=True)
            await client.session.app.counted()
            assert (await counting_of(client, model))["samples"] == samples
            await client.ask("refact/providers/delete", id="custom")


# --- vocabularies -----------------------------------------------------------------------------


def tiny() -> bytes:
    lines = [f"{base64.b64encode(word).decode()} {rank}" for rank, word in enumerate(TINY)]
    return "\n".join(lines).encode()


RULES = """
[[tokenizers]]
match = "^tiny$"
encoding = "tiny"
factor = 1.0

[[vocabularies]]
encoding = "tiny"
url = "{url}"
sha256 = "{sha256}"
size_bytes = {size}
pattern = '\\w+|\\W'
"""


def publish(home: Path, url: str) -> None:
    content = tiny()
    folder = home / "config" / "registry"
    folder.mkdir(parents=True)
    rules = RULES.format(url=url, sha256=hashlib.sha256(content).hexdigest(), size=len(content))
    (folder / "tokenizers.toml").write_text(rules)


@asynccontextmanager
async def opened(told: Callable[[str, Any], None] | None = None) -> AsyncGenerator[Client]:
    import asyncio

    events: list[Any] = []

    def notify(method: str, params: msgspec.Struct) -> None:
        given = msgspec.json.decode(msgspec.json.encode(params))
        events.append(given)
        if told:
            told(method, given)

    async with open_session(notify) as session:
        yield Client(session, events, asyncio.Event())


async def counting_of(client: Client, model: str, **params: Any) -> Any:
    return (await client.ask("refact/models/tokenizer", model=model, **params))["counting"]


class Shop:
    """Chats like `desk`, and gives away a vocabulary; remembers how often it was asked for that."""

    def __init__(self, desk: Desk, vocabulary: Reply) -> None:
        self.desk = desk
        self.vocabulary = vocabulary
        self.given = 0

    async def __call__(self, exchange: Exchange) -> None:
        if exchange.request.target == "/tiny.tiktoken":
            self.given += 1
            await exchange.reply(self.vocabulary)
        else:
            await self.desk(exchange)


async def tiny_model(client: Client, server: Scripted) -> str:
    await client.add(server)
    limits = {"contextWindow": 2000, "maxOutput": 200}
    return await client.model("custom/m", tokenizer="tiny", **limits)


async def test_a_vocabulary_is_fetched_only_when_asked_for_and_then_counts(home: Path):
    told: list[tuple[str, Any]] = []
    shop = Shop(Desk(says("Yes.")), Reply(body=tiny()))
    async with scripted(shop) as server:
        publish(home, f"{server.url}/tiny.tiktoken")
        async with opened(lambda method, params: told.append((method, params))) as client:
            model = await tiny_model(client, server)
            before = await counting_of(client, model)
            assert (before["by"], before["vocabulary"]["present"]) == ("estimate", False)
            first = await client.send(RUN, model=model)
            second = await client.send(RUN, model=model, threadId=first["threadId"])
            assert len(shop.desk.asked[-1]["messages"]) == 3
            assert shop.given == 0

            after = await counting_of(client, model, fetch=True)
            assert (after["by"], after["vocabulary"]["present"]) == ("vocabulary", True)
            progress = [params for method, params in told if method.endswith("tokenizerProgress")]
            assert progress[-1]["receivedBytes"] == progress[-1]["ofBytes"] == len(tiny())
            entry = (await client.ask("refact/ledger/list"))["entries"][0]
            assert (entry["provider"], entry["role"], entry["model"], entry["host"]) == (
                "vocabulary", "setup", "tiny", "127.0.0.1",
            )  # fmt: skip
            await counting_of(client, model, fetch=True)
            assert shop.given == 1  # what is there is not fetched again

            await client.send(RUN, model=model, threadId=second["threadId"])
            assert len(shop.desk.asked[-1]["messages"]) == 1
        async with opened() as client:  # kept for the next start
            turn = await client.send("x" * 40, model=model)
            assert turn["usage"]["inputTokens"] == 10 + 6
    assert shop.given == 1


async def test_a_vocabulary_that_was_damaged_is_fetched_again(home: Path):
    shop = Shop(Desk(says("Yes.")), Reply(body=tiny()))
    async with scripted(shop) as server:
        publish(home, f"{server.url}/tiny.tiktoken")
        async with opened() as client:
            await counting_of(client, await tiny_model(client, server), fetch=True)
        (file,) = (home / "cache" / "vocabularies").iterdir()
        file.write_bytes(tiny()[:50])
        async with opened() as client:
            assert (await counting_of(client, "custom/m"))["by"] == "estimate"
            assert (await counting_of(client, "custom/m", fetch=True))["by"] == "vocabulary"
    assert shop.given == 2


@pytest.mark.parametrize(
    ("reply", "kind", "word"),
    [
        (Reply(body=tiny()[:-4] + b"9999"), "badResponse", "checksum"),
        (Reply(body=tiny() + b"\nmore"), "badResponse", "More came"),
        (Reply(body=b"<!doctype html>"), "badResponse", "web page"),
        (Reply(status=404, body=b"gone"), "badResponse", "could not be fetched"),
        (Reply(body=tiny()[:99], end="reset"), "network", "could not be fetched"),
    ],
)
async def test_what_is_not_the_vocabulary_is_not_kept(
    home: Path, reply: Reply, kind: str, word: str
):
    async with scripted(Shop(Desk(says("Yes.")), reply)) as server:
        publish(home, f"{server.url}/tiny.tiktoken")
        async with opened() as client:
            model = await tiny_model(client, server)
            with pytest.raises(RefactError, match=word) as refused:
                await counting_of(client, model, fetch=True)
            assert refused.value.problem.kind == kind
            assert refused.value.problem.hint
            assert not (await counting_of(client, model))["vocabulary"]["present"]
    assert not list((home / "cache" / "vocabularies").glob("*"))


async def test_without_a_network_the_reason_is_told(home: Path):
    async with scripted(Reply()) as server:
        url = server.url
    publish(home, f"{url}/tiny.tiktoken")
    async with opened() as client:
        await client.ask("refact/providers/save", template="custom", settings={"baseUrl": url})
        model = await client.model("custom/m", tokenizer="tiny")
        with pytest.raises(RefactError, match="could not be fetched") as refused:
            await counting_of(client, model, fetch=True)
    assert refused.value.problem.kind == "network"


async def test_local_only_refuses_to_fetch(ask: Ask):
    await ask("refact/privacy/set", localOnly=True)
    settings = {"apiKey": "sk-test-0123456789"}
    await ask("refact/providers/save", template="openai", settings=settings)
    model = (await ask("refact/models/list", provider="openai"))["models"][0]["id"]
    with pytest.raises(RefactError) as refused:
        await ask("refact/models/tokenizer", model=model, fetch=True)
    assert refused.value.problem.kind == "privacy"
    assert not (await ask("refact/ledger/list"))["entries"]


async def test_a_tokenizer_that_nobody_published_is_said_to_be_none(ask: Ask):
    await ask("refact/providers/save", template="custom", settings={"baseUrl": "http://127.0.0.1"})
    await ask("refact/models/save", model="custom/m")
    with pytest.raises(RefactError, match="No vocabulary") as refused:
        await ask("refact/models/tokenizer", model="custom/m", fetch=True)
    assert refused.value.problem.kind == "unsupported"

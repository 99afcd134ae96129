"""Recorded answers of real providers, replayed behind the provider that each belongs to.

Every recording is asked for through `refact/chat/send` with what its own request held, and must
give what an independent reader made of it. One session and one server serve all of them.
"""

import json
import re
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from refact_lsp.core.problems import RefactError
from refact_lsp.rpc.methods import TABLE
from refact_lsp.rpc.session import Session, open_session
from refact_lsp.rpc.table import call
from tests.conftest import live_in
from tests.llm.wire.reading import needs_recordings, recordings
from tests.rows import every_row
from tests.rpc.chatting import at_once
from tests.servers.scripted import Exchange, Reply, Scripted, scripted

WIRES = ("openai-chat", "openai-completions", "openai-responses", "anthropic-messages")
# Who made a recording -> the template for it; what has none is reached as `custom`.
TEMPLATES = {
    "codex-chatgpt-backend": "openai-codex",
    "dashscope-qwen": "qwen",
    "gemini-openai-compat": "gemini",
    "gpustack-vllm": "vllm",
    "crusoe-vllm": "vllm",
    "llama.cpp": "llamacpp",
    "zai-glm": "zhipu",
}
THINKING = re.compile(r"\s*<think>\n*(?P<thinking>.*?)(?:</think>\n*(?P<text>.*))?$", re.DOTALL)
REFUSAL = re.compile(r'"refusal": ?("(?:[^"\\\\]|\\\\.)+")')
FINISHES = {
    "stop": "stop end_turn completed eos stop_sequence",
    "toolCalls": "tool_calls tool_use function_call",
    "length": "length max_tokens incomplete max_output_tokens",
    "contentFilter": "content_filter refusal",
}
PROBLEMS = {
    401: {"authentication"},
    404: {"modelNotFound"},
    429: {"rateLimited"},
    400: {"modelNotFound", "invalidRequest", "contextTooLong", "unsupported"},
}


class Replay:
    """Answers every request with the recording in turn."""

    def __init__(self) -> None:
        self.recorded: dict[str, Any] = {}

    def take(self, path: Path) -> dict[str, Any]:
        self.recorded = json.loads(path.read_bytes())
        return self.recorded

    async def __call__(self, exchange: Exchange) -> None:
        kind = self.recorded["headers"].get("content-type", "application/json")
        body = self.recorded["body"].encode()
        await exchange.reply(Reply(status=self.recorded["status"], body=body, content_type=kind))


class Stage:
    """The session, the server behind all providers, and what the session was told."""

    def __init__(self, session: Session, server: Scripted, replay: Replay, told: list[Any]) -> None:
        self.session, self.server, self.replay, self.told = session, server, replay, told
        self.providers: dict[tuple[str, str], str] = {}

    async def ask(self, method: str, **params: Any) -> Any:
        result = await call(TABLE, self.session, method, msgspec.json.encode(params))
        return msgspec.json.decode(msgspec.json.encode(result))

    async def provider(self, maker: str, wire: str) -> str:
        """Save the provider that speaks the recording's wire, once."""
        template = TEMPLATES.get(maker, maker)
        known = self.session.app.catalog.templates.get(template)
        if template == "openai" and wire == "openai-responses":
            template = "openai-responses"
        elif known is None or wire not in known.wires:
            template = "custom"
        if (template, wire) not in self.providers:
            several = len(self.session.app.catalog.templates[template].wires) > 1
            settings = {
                "baseUrl": self.server.url,
                "apiKey": "sk-0123456789abcdef0123",
                **({"wire": wire} if several else {}),
            }
            saved = await self.ask("refact/providers/save", template=template, settings=settings)
            self.providers[template, wire] = saved["provider"]["id"]
        return self.providers[template, wire]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(homes: Iterator[Path], furnish: Callable[[Path], None]) -> AsyncGenerator[Stage]:
    told: list[Any] = []
    replay = Replay()
    with pytest.MonkeyPatch.context() as patch:
        home = next(homes)
        furnish(home)
        live_in(home, patch)
        async with (
            scripted(replay) as server,
            open_session(
                lambda _, params: told.append(msgspec.to_builtins(params)), pause=at_once
            ) as session,
        ):
            yield Stage(session, server, replay, told)


@pytest.mark.asyncio(loop_scope="module")
@needs_recordings
@every_row("path", recordings(*WIRES))
async def test_a_recorded_answer_comes_through_chat(stage: Stage, path: Path):
    recorded = stage.replay.take(path)
    provider = await stage.provider(recorded["provider"], recorded["wire"])
    stage.told.clear()
    params = {"model": f"{provider}/{recorded['model'] or 'm'}", **asked(recorded)}
    expected = recorded["expected"]
    if recorded["status"] != 200 or expected["finish_reason"] is None:
        with pytest.raises(RefactError) as caught:
            await stage.ask("refact/chat/send", **params)
        kinds = PROBLEMS.get(recorded["status"], {"badResponse", "network"})
        assert caught.value.problem.kind in kinds, caught.value.problem
        return
    turned = await stage.ask("refact/chat/send", **params)
    content = turned["message"]["content"]
    text, thinking = told_apart(expected, recorded["body"])
    assert joined(content, "text") == text
    assert joined(content, "reasoning") == thinking
    check_calls([part for part in content if part["type"] == "toolCall"], expected["tool_calls"])
    assert turned["finishReason"] == finish(expected)
    if expected["usage"]:
        check_usage(turned["usage"], expected["usage"], recorded["wire"])
    check_events(stage.told, turned)


def asked(recorded: dict[str, Any]) -> dict[str, Any]:
    """What the recording's own request held, as far as one message of ours can say it."""
    body = (recorded.get("request") or {}).get("body")
    body = body if isinstance(body, dict) else {}
    messages = body.get("messages") or body.get("input") or body.get("prompt") or "Hello"
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    said = [each for each in messages if each.get("role") == "user"] or [{"content": "Hello"}]
    parts = list(parts_of(said[-1]["content"])) or [{"type": "text", "text": "Hello"}]
    found: dict[str, Any] = {"content": parts}
    if tools := list(tools_of(body.get("tools") or [])):
        found["tools"] = tools
    return found


def parts_of(content: Any) -> Any:
    for part in [{"text": content}] if isinstance(content, str) else content:
        image = part.get("image_url")
        url = image.get("url", "") if isinstance(image, dict) else image or ""
        if url.startswith("data:"):
            yield {"type": "image", "mimeType": "image/png", "uri": url}
        elif isinstance(part.get("text"), str) and part["text"].strip():
            yield {"type": "text", "text": part["text"]}


def tools_of(tools: list[Any]) -> Any:
    """Tools of the client's own; those that the vendor runs itself are none."""
    for tool in tools:
        shape = tool.get("function") or tool
        schema = shape.get("parameters") or shape.get("input_schema")
        if "name" in shape and isinstance(schema, dict):
            description = shape.get("description") or ""
            yield {"name": shape["name"], "description": description, "inputSchema": schema}


def told_apart(expected: dict[str, Any], body: str) -> tuple[str, str]:
    """Text and thinking: the reader leaves `<think>` in the text, and refusals out of it."""
    refusals = ["", *(json.loads(found) for found in REFUSAL.findall(body))]
    text = expected["text"] or expected.get("refusal") or refusals[-1]
    if found := THINKING.match(text):
        return found["text"] or "", expected["reasoning"] + found["thinking"]
    return text, expected["reasoning"]


def joined(content: list[Any], kind: str) -> str:
    return "".join(part["text"] for part in content if part["type"] == kind)


def check_calls(calls: list[Any], expected: list[Any]) -> None:
    wanted = [call for call in expected if call.get("kind") != "server_tool_use"]
    assert [call["name"] for call in calls] == [call["name"] for call in wanted]
    for got, other in zip(calls, wanted, strict=True):
        assert got["id"] == other["id"] or not other["id"]
        arguments = decoded(other["arguments"])
        assert got["arguments"] == arguments or (got["arguments"] == {} and not arguments)
        assert got.get("invalid", False) == (not isinstance(got["arguments"], dict))


def decoded(arguments: Any) -> Any:
    try:
        return json.loads(arguments) if isinstance(arguments, str) else arguments
    except ValueError:
        return arguments


def finish(expected: dict[str, Any]) -> str:
    word = expected["finish_reason"]
    named = next(name for name, words in FINISHES.items() if word in words.split())
    own = [call for call in expected["tool_calls"] if call.get("kind") != "server_tool_use"]
    return "toolCalls" if own and named == "stop" else named


def check_usage(got: dict[str, Any], told: dict[str, Any], wire: str) -> None:
    read: int = told.get("prompt_tokens", told.get("input_tokens", 0))
    written: int = told.get("completion_tokens", told.get("output_tokens", 0))
    if wire == "anthropic-messages":
        cached = [told.get(f"cache_{kind}_input_tokens") or 0 for kind in ("read", "creation")]
        assert got["inputTokens"] == read + sum(cached)
        assert got["outputTokens"] == written
        return
    assert got["inputTokens"] == read
    # Some count thinking apart, and only their total shows it.
    assert got["outputTokens"] == max(written, told.get("total_tokens", 0) - read)
    details = told.get("prompt_tokens_details") or told.get("input_tokens_details") or {}
    if details.get("cached_tokens") is not None:
        assert got["cacheReadTokens"] == details["cached_tokens"]


def check_events(told: list[Any], turned: dict[str, Any]) -> None:
    assert [each["seq"] for each in told] == list(range(len(told)))
    events = [each["event"] for each in told]
    for kind in ("text", "reasoning"):
        deltas = "".join(event["delta"] for event in events if event["type"] == kind)
        assert deltas == joined(turned["message"]["content"], kind)
    assert events[-1] == {"type": "done", "finishReason": turned["finishReason"]}

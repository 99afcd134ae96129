"""Recorded answers of real servers, read as an independent reader reads them."""

import json
from pathlib import Path
from typing import Any

import pytest

from refact_lsp.core.problems import RefactError
from refact_lsp.core.quirks import Quirks
from refact_lsp.llm.failures import classify
from refact_lsp.llm.wire.tables import CHAT, EMBEDDING
from tests.llm.wire.reading import Answer, needs_recordings, read, recordings
from tests.rows import every_row

KINDS = {401: {"authentication"}, 429: {"rateLimited"}, 404: {"modelNotFound"}}
BAD_REQUEST = {"modelNotFound", "invalidRequest", "contextTooLong"}
NO_VECTORS = {"modelNotFound", "authentication"}
CHATS = ("openai-chat", "openai-responses", "anthropic-messages")
TEXTS = (*CHATS, "openai-completions")


def arguments(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def written(usage: dict[str, Any]) -> int:
    """Everything written: some count thinking apart and only their total shows it."""
    read_tokens = usage.get("prompt_tokens", usage.get("input_tokens"))
    named = usage.get("completion_tokens", usage.get("output_tokens"))
    return max(named, usage.get("total_tokens", 0) - read_tokens)


def check_usage(answer: Answer, usage: dict[str, Any] | None, wire: str) -> None:
    if not usage:
        assert answer.usage is None
        return
    assert answer.usage is not None
    if wire == "anthropic-messages":
        cache = [usage.get(f"cache_{n}_input_tokens") or 0 for n in ("read", "creation")]
        assert answer.usage.input_tokens == usage["input_tokens"] + sum(cache)
        assert answer.usage.output_tokens == usage["output_tokens"]
        return
    assert answer.usage.input_tokens == usage.get("prompt_tokens", usage.get("input_tokens"))
    assert answer.usage.output_tokens == written(usage)
    details = usage.get("prompt_tokens_details") or usage.get("input_tokens_details") or {}
    if details.get("cached_tokens") is not None:
        assert answer.usage.cache_read_tokens == details["cached_tokens"]


@needs_recordings
@every_row("path", recordings(*TEXTS, "openai-embeddings", accepted=False))
def test_a_recorded_refusal_has_its_kind(path: Path):
    recorded = json.loads(path.read_bytes())
    status, body = recorded["status"], recorded["body"].encode()
    problem = classify(status, recorded["headers"], body)
    of_vectors = recorded["wire"] == "openai-embeddings"
    assert problem.kind in (NO_VECTORS if of_vectors else KINDS.get(status, BAD_REQUEST))


@needs_recordings
@every_row("path", recordings(*TEXTS, accepted=True))
def test_a_recorded_answer_is_read_in_whatever_pieces_it_comes(path: Path):
    recorded = json.loads(path.read_bytes())
    expected, body = recorded["expected"], recorded["body"].encode()
    wire = CHAT[recorded["wire"]]
    if expected["finish_reason"] is None:
        with pytest.raises(RefactError):
            read(wire.chat_parser(Quirks()), body)
        return
    answer = read(wire.chat_parser(Quirks()), body)
    assert answer.finished is not None
    refused = expected["text"] == "" and answer.text.startswith("I'm sorry")
    assert refused or answer.text == expected["text"]
    assert answer.reasoning == expected["reasoning"]
    calls = [c for c in expected["tool_calls"] if c.get("kind") != "server_tool_use"]
    assert [call.name for call in answer.calls] == [call["name"] for call in calls]
    for call, other in zip(answer.calls, calls, strict=True):
        assert call.id == other["id"] or not other["id"]
        assert call.arguments == arguments(other["arguments"]) or (
            call.arguments == {} and not other["arguments"]
        )
        assert call.invalid == (not isinstance(call.arguments, dict))
    check_usage(answer, expected["usage"], recorded["wire"])
    for size in (1, 7, 1000) if len(body) < 6_000 else (61, 997):
        pieces = [body[i : i + size] for i in range(0, len(body), size)]
        assert read(wire.chat_parser(Quirks()), *pieces) == answer


@needs_recordings
@every_row("path", recordings("openai-embeddings", accepted=True))
def test_recorded_vectors_are_read(path: Path):
    recorded = json.loads(path.read_bytes())
    answer = read(
        EMBEDDING["openai-embeddings"].embedding_parser(Quirks()), recorded["body"].encode()
    )
    expected = recorded["expected"]
    assert len(answer.vectors) == expected["count"]
    for vector, length in zip(answer.vectors, expected["dims"], strict=True):
        assert length == "base64" or len(vector) == length
    assert answer.usage is not None
    assert answer.usage.input_tokens == expected["usage"]["total_tokens"]


@needs_recordings
@every_row("path", recordings(*CHATS, accepted=True, stream=True))
def test_a_recorded_stream_without_its_end_is_a_problem(path: Path):
    recorded = json.loads(path.read_bytes())
    body = recorded["body"].encode()
    parser = CHAT[recorded["wire"]].chat_parser(Quirks())
    with pytest.raises(RefactError) as caught:
        read(parser, body[: len(body) // 3])
    assert caught.value.problem.kind in ("network", "badResponse")

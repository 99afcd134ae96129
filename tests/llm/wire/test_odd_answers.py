"""Answers that are valid but odd: items numbered anew, empty fields, counts that change."""

import base64
import json
import struct
from collections.abc import Sequence
from typing import Any

import pytest

from refact_lsp.core.events import Vectors
from refact_lsp.core.parts import ReasoningPart
from refact_lsp.core.problems import RefactError
from refact_lsp.core.quirks import Quirks
from refact_lsp.core.types import Usage
from refact_lsp.features.chat.answer import Answer as Told
from refact_lsp.llm.wire.tables import CHAT, EMBEDDING
from tests.llm.wire.reading import Answer, read, sse
from tests.rows import every_row


def responses(*events: dict[str, Any]) -> Answer:
    return read(CHAT["openai-responses"].chat_parser(Quirks()), sse(*events, done=False))


def message(text: str) -> dict[str, Any]:
    return {"type": "message", "content": [{"type": "output_text", "text": text}]}


def called(call_id: str) -> dict[str, Any]:
    return {"type": "function_call", "call_id": call_id, "name": "open", "arguments": "{}"}


def item_done(index: int, item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def said(index: int, delta: str) -> dict[str, Any]:
    return {"type": "response.output_text.delta", "output_index": index, "delta": delta}


def completed(*output: dict[str, Any]) -> dict[str, Any]:
    response = {"status": "completed", "output": list(output)}
    return {"type": "response.completed", "response": response}


def test_items_that_the_end_numbers_anew_are_not_told_twice():
    answer = responses(
        said(0, "First."),
        item_done(0, message("First.")),
        item_done(1, {"type": "reasoning", "summary": []}),
        said(2, "Second."),
        item_done(2, message("Second.")),
        completed(message("First."), message("Second.")),
    )
    assert answer.text == "First.Second."


def test_items_that_all_have_the_same_index_are_all_told():
    answer = responses(
        item_done(0, {"type": "reasoning", "summary": [{"text": "Think."}]}),
        said(0, "Hello."),
        item_done(0, message("Hello.")),
        item_done(0, called("a")),
        item_done(0, called("b")),
        completed(),
    )
    assert (answer.reasoning, answer.text) == ("Think.", "Hello.")
    assert [call.id for call in answer.calls] == ["a", "b"]


def test_items_that_only_the_end_tells_are_told():
    answer = responses(
        item_done(0, called("a")), completed(called("a"), called("b"), message("Done."))
    )
    assert [call.id for call in answer.calls] == ["a", "b"]
    assert answer.text == "Done."


def test_the_text_for_a_custom_tool_is_kept_as_it_came():
    item = {"type": "custom_tool_call", "call_id": "c", "name": "query", "input": "select 1"}
    [call] = responses(item_done(0, item), completed(item)).calls
    assert (call.id, call.name, call.arguments, call.invalid) == ("c", "query", "select 1", True)


def test_an_empty_function_call_of_old_is_none():
    empty = {"name": "", "arguments": ""}
    reply = {"role": "assistant", "content": "4", "function_call": empty, "tool_calls": None}
    document = {"choices": [{"index": 0, "finish_reason": "", "message": reply}]}
    answer = read(CHAT["openai-chat"].chat_parser(Quirks()), sse(document))
    assert (answer.text, answer.calls) == ("4", [])
    assert answer.finished is not None
    assert answer.finished.reason == "stop"


def test_what_was_read_is_taken_whole_from_its_last_count():
    began = {"input_tokens": 100, "cache_read_input_tokens": 5000, "output_tokens": 1}
    ended = {"input_tokens": 181, "cache_read_input_tokens": 0, "output_tokens": 8}
    assert counted(began, ended).input_tokens == 181
    zeros = {"input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 8}
    assert counted(began, zeros).input_tokens == 5100


def counted(began: dict[str, int], ended: dict[str, int]) -> Usage:
    answer = read(
        CHAT["anthropic-messages"].chat_parser(Quirks()),
        sse(
            {"type": "message_start", "message": {"id": "m", "usage": began}},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": ended},
            {"type": "message_stop"},
            done=False,
        ),
    )
    assert answer.usage is not None
    return answer.usage


def test_a_total_decides_what_the_prompts_count_holds():
    choice = {"index": 0, "finish_reason": "stop", "message": {"content": "4"}}
    counts = {"prompt_tokens": 7, "completion_tokens": 1, "total_tokens": 8}
    cached = {"prompt_tokens_details": {"cached_tokens": 163}}
    document = {"choices": [choice], "usage": {**counts, **cached}}
    usage = read(CHAT["openai-chat"].chat_parser(Quirks()), sse(document)).usage
    assert usage is not None
    assert (usage.input_tokens, usage.cache_read_tokens) == (7, 163)


def summary(text: str, part: int) -> dict[str, Any]:
    kind = "response.reasoning_summary_text.delta"
    return {"type": kind, "output_index": 0, "summary_index": part, "delta": text}


def test_parts_of_a_summary_stay_parts_and_their_text_as_it_came():
    parts = [{"type": "summary_text", "text": text} for text in ("First.", "", "Second.")]
    item = {"type": "reasoning", "id": "r", "summary": parts, "encrypted_content": "e"}
    streamed = [summary("Fir", 0), summary("st.", 0), summary("Second.", 2), item_done(0, item)]
    for events in ([*streamed, completed()], [item_done(0, item), completed(item)]):
        told = Told()
        for event in CHAT["openai-responses"].chat_parser(Quirks()).feed(sse(*events, done=False)):
            told.take(event)
        first, second = told.parts()
        assert isinstance(first, ReasoningPart)
        assert isinstance(second, ReasoningPart)
        assert (first.text, first.opaque, second.text) == ("First.", None, "Second.")
        assert second.opaque is not None
        assert second.opaque["responses"]["encrypted_content"] == "e"


def packed(kind: str, *numbers: float) -> bytes:
    text = base64.b64encode(struct.pack(f"<{len(numbers)}{kind}", *numbers)).decode()
    return json.dumps({"data": [{"index": 0, "embedding": text}]}).encode()


def vectors(body: bytes) -> Sequence[Sequence[float]]:
    parser = EMBEDDING["openai-embeddings"].embedding_parser(Quirks())
    events = [*parser.feed(body), *parser.close()]
    return next(event.vectors for event in events if isinstance(event, Vectors))


def test_packed_floats_are_read():
    assert list(vectors(packed("f", 0.5, -0.25, 0.0))[0]) == [0.5, -0.25, 0.0]


def test_packed_integers_are_read():
    numbers = [number * 37 % 255 - 127 for number in range(256)]
    assert list(vectors(packed("b", *numbers))[0]) == numbers


@every_row(
    "body",
    [
        packed("d", *[0.03, -0.02, 0.01, 0.04] * 8),
        packed("B", 1, 2, 3),
        packed("f", *[0.25] * 99, float("nan")),
        packed("f", 0.0, 0.0),
        packed("f"),
    ],
)
def test_vectors_that_are_packed_otherwise_are_refused(body: bytes):
    with pytest.raises(RefactError, match="32-bit floats"):
        vectors(body)

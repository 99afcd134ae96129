import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refact_lsp.core.events import Finished, TextDelta
from refact_lsp.core.problems import RefactError
from refact_lsp.core.quirks import Quirks
from refact_lsp.core.types import Usage
from refact_lsp.llm.wire.answer import Joined
from refact_lsp.llm.wire.base import Parser
from refact_lsp.llm.wire.tables import CHAT, COMPLETION, EMBEDDING
from tests.llm.wire import fixtures
from tests.llm.wire.fixtures import call, chunk
from tests.llm.wire.reading import Answer, read, sse
from tests.rows import every_row

FIXTURES = {
    "openai-chat": fixtures.CHAT,
    "anthropic-messages": fixtures.MESSAGES,
    "openai-responses": fixtures.RESPONSES,
    "ollama": fixtures.OLLAMA,
    "infill": fixtures.INFILL,
    "openai-completions": fixtures.COMPLETION,
}


def parser(wire: str, quirks: Quirks | None = None) -> Parser:
    if wire == "infill":
        return COMPLETION["llamacpp"].completion_parser(Quirks())
    return CHAT[wire].chat_parser(quirks or Quirks())  # pyright: ignore[reportArgumentType]  # a plain string


def chat(*documents: object, quirks: Quirks | None = None) -> Answer:
    return read(parser("openai-chat", quirks), sse(*documents))


@pytest.mark.parametrize("wire", FIXTURES)
@given(data=st.data())
def test_any_way_of_cutting_the_bytes_gives_the_same_answer(wire: str, data: st.DataObject):
    stream = FIXTURES[wire]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert read(parser(wire), *pieces) == read(parser(wire), stream)


@every_row("wire", FIXTURES)
@every_row(("end", "put"), [(b"\n", b"\r\n"), (b"\n", b"\r")])
def test_line_ends_of_any_kind_are_read(wire: str, end: bytes, put: bytes):
    if wire == "ollama" and put == b"\r":
        return  # JSON lines end with LF
    assert read(parser(wire), FIXTURES[wire].replace(end, put)) == read(
        parser(wire), FIXTURES[wire]
    )


@every_row("wire", FIXTURES)
def test_a_stream_cut_before_its_end_is_a_problem(wire: str):
    stream = FIXTURES[wire]
    for cut in range(0, len(stream) // 2, 13):
        with pytest.raises(RefactError) as caught:
            read(parser(wire), stream[:cut])
        assert caught.value.problem.kind in ("network", "badResponse")


@every_row("wire", FIXTURES)
@every_row(
    ("body", "kind"),
    [
        (b"", "badResponse"),
        (b"<html><title>Log in</title></html>", "badResponse"),
        (b"upstream connect error", "badResponse"),
        (b'{"error": {"message": "Overloaded", "type": "overloaded_error"}}', "overloaded"),
        (b'{"error": "Invalid API key"}', "authentication"),
        (b"{]", "badResponse"),
        (b"[" * 100_000, "badResponse"),
    ],
)
def test_what_is_no_answer_is_a_problem_of_its_kind(wire: str, body: bytes, kind: str):
    with pytest.raises(RefactError) as caught:
        read(parser(wire), body)
    assert caught.value.problem.kind == kind


@every_row("wire", ["openai-chat", "anthropic-messages", "openai-responses"])
def test_an_error_inside_the_stream_is_raised_after_the_text_before_it(wire: str):
    error = sse({"type": "error", "error": {"message": "busy", "code": 429}}, done=False)
    reader = parser(wire)
    stream = FIXTURES[wire]
    assert reader.feed(stream[: stream.index(b"\n\n", len(stream) // 2) + 2])
    with pytest.raises(RefactError) as caught:
        reader.feed(error)
    assert caught.value.problem.kind == "rateLimited"


@every_row("wire", ["openai-chat", "anthropic-messages", "openai-responses"])
def test_an_error_that_comes_with_text_is_raised_after_it(wire: str):
    error = sse({"type": "error", "error": {"message": "busy", "code": 429}}, done=False)
    stream = FIXTURES[wire]
    begun = stream[: stream.index(b"\n\n", len(stream) // 2) + 2]
    reader = parser(wire)
    assert reader.feed(begun + error) == parser(wire).feed(begun)
    with pytest.raises(RefactError) as caught:
        reader.feed(b"")
    assert caught.value.problem.kind == "rateLimited"


def test_text_that_comes_together_is_one_delta_where_no_pieces_are_wanted():
    stream = sse(chunk({"content": "a"}), chunk({"content": "b"}, "stop"))
    reader = Joined(parser("openai-chat"))
    assert reader.feed(stream) == [
        TextDelta(delta="ab"),
        Finished(reason="stop", raw="stop"),
    ]
    assert reader.close() == []


def test_a_chat_stream_gives_all_there_is():
    answer = read(parser("openai-chat"), fixtures.CHAT)
    assert answer.text == "Héllo wörld 🎉"
    assert answer.reasoning == "Let me think — ü."
    assert [(c.id, c.name, c.arguments) for c in answer.calls] == [
        ("a", "now", {"zone": "UTC"}),
        ("b", "go", {}),
    ]
    assert answer.usage == Usage(input_tokens=9, output_tokens=5)
    assert answer.finished is not None
    assert answer.finished.reason == "toolCalls"


def test_a_message_stream_gives_all_there_is():
    answer = read(parser("anthropic-messages"), fixtures.MESSAGES)
    assert (answer.text, answer.reasoning) == ("Look 🎉", "Hm ü")
    assert [seal["anthropic"]["type"] for seal in answer.sealed] == [
        "thinking",
        "redacted_thinking",
    ]
    assert [c.arguments for c in answer.calls] == [{"zone": "UTC"}, {}]
    assert answer.usage == Usage(input_tokens=7, output_tokens=7, cache_read_tokens=4)


def test_a_response_stream_gives_all_there_is():
    answer = read(parser("openai-responses"), fixtures.RESPONSES)
    assert (answer.text, answer.reasoning) == ("Look 🎉", "Hm ü")
    assert answer.sealed[0]["responses"]["encrypted_content"] == "xyz"
    assert [c.arguments for c in answer.calls] == [{}]
    assert answer.usage == Usage(
        input_tokens=9, output_tokens=5, cache_read_tokens=4, reasoning_tokens=2
    )


def test_ollamas_lines_give_all_there_is():
    answer = read(parser("ollama"), fixtures.OLLAMA)
    assert (answer.text, answer.reasoning) == ("Look 🎉", "Hm ü")
    assert [(c.name, c.arguments) for c in answer.calls] == [("now", {"z": 1}), ("go", {})]
    assert len({c.id for c in answer.calls}) == 2
    assert answer.usage == Usage(input_tokens=9, output_tokens=5)
    assert answer.finished is not None
    assert answer.finished.reason == "toolCalls"


def test_an_infill_gives_its_text_and_its_limit():
    answer = read(parser("infill"), fixtures.INFILL)
    assert answer.text == "a + b"
    assert answer.finished is not None
    assert answer.finished.reason == "length"


def test_a_fim_route_may_answer_in_chats_shape():
    wire = COMPLETION["openai-completions"]
    body = sse(chunk({"content": "a + b"}, "stop"))
    assert read(wire.completion_parser(Quirks()), body).text == "a + b"


@pytest.mark.parametrize("wire", ["openai-chat", "openai-completions"])
def test_one_json_body_instead_of_a_stream_is_served(wire: str):
    message = {"content": "hi", "reasoning_content": "hm"} | call("{}", name="go", id="x")
    body = {"choices": [{"message": message, "finish_reason": "stop"}]}
    answer = read(parser(wire), json.dumps(body, indent=2).encode())
    assert (answer.text, answer.reasoning, answer.calls[0].name) == ("hi", "hm", "go")


@every_row(
    ("pieces", "calls"),
    [
        pytest.param(
            [call('{"a":1}', name="f", index=0, id="x"), call("{}", name="g", index=0, id="y")],
            [("x", "f", {"a": 1}), ("y", "g", {})],
            id="the number is always 0",
        ),
        pytest.param(
            [call('{"a"', name="f", id="x"), call(":1}"), call("{}", name="g", id="y")],
            [("x", "f", {"a": 1}), ("y", "g", {})],
            id="no number",
        ),
        pytest.param(
            [call('{"a":1}', name="f", id="", index=0), call('{"b":2}', name="f", id="", index=0)],
            [("", "f", {"a": 1}), ("", "f", {"b": 2})],
            id="neither number nor id",
        ),
        pytest.param(
            [call('{"a"', name="f", index=0, id="x"), call(":1}", name="f", index=0, id="x")],
            [("x", "f", {"a": 1})],
            id="name and id in every piece",
        ),
        pytest.param(
            [call('{"a"', name="f", index=0, id="x"), call(":1}", name="", index=0, id="q")],
            [("x", "f", {"a": 1})],
            id="a new id in every piece",
        ),
        pytest.param(
            [
                call("{", name="f", index=0, id="x"),
                call("{}", name="g", index=1, id="y"),
                call('"a":1}', index=0),
            ],
            [("x", "f", {"a": 1}), ("y", "g", {})],
            id="interleaved",
        ),
        pytest.param(
            [call('{"a":1}', name="f", index=0, id="0"), call("{}", name="g", index=1, id="0")],
            [("", "f", {"a": 1}), ("", "g", {})],
            id="the same id for all",
        ),
        pytest.param(
            [call('{"a":1}', name="f", index=0, id="0"), call("{}", name="g", index=0, id="0")],
            [("", "f", {"a": 1}), ("", "g", {})],
            id="the same number and id for all",
        ),
        pytest.param(
            [
                call('{"a":1}', name="f", index=1, id="x"),
                call("{", name="g", index=0, id="y"),
                call("}", index=0),
            ],
            [("x", "f", {"a": 1}), ("y", "g", {})],
            id="numbers that start again",
        ),
        pytest.param(
            [call({"a": 1}, name="f", index=0, id="x")],
            [("x", "f", {"a": 1})],
            id="an object",
        ),
        pytest.param(
            [call('"{\\"a\\":1}"', name="f", index=0, id="x")],
            [("x", "f", {"a": 1})],
            id="encoded twice",
        ),
        pytest.param(
            [call("", name="f", index=0, id="x"), call(None, index=0)],
            [("x", "f", {})],
            id="no arguments",
        ),
        pytest.param(
            [
                {"function_call": {"name": "f", "arguments": '{"a"'}},
                {"function_call": {"arguments": ":1}"}},
            ],
            [("", "f", {"a": 1})],
            id="the old shape",
        ),
    ],
)
def test_calls_are_put_together_however_they_come(pieces: list[object], calls: list[object]):
    answer = chat(*map(chunk, pieces), chunk({}, "stop"))
    made = [c.id for c in answer.calls]
    assert [
        (c.id if c.id.startswith(("x", "y")) else "", c.name, c.arguments) for c in answer.calls
    ] == calls
    assert len(set(made)) == len(made)
    assert answer.finished is not None
    assert answer.finished.reason == "toolCalls"


def test_text_before_between_and_after_calls_is_kept_in_its_order():
    pieces = [
        {"content": "One. "},
        {"content": None, **call("{}", name="f", index=0, id="x")},
        {"content": "Two. "},
        {"content": None, **call("{}", name="g", index=1, id="y")},
        {"content": "Three."},
    ]
    answer = chat(*map(chunk, pieces), chunk({"content": None}, "tool_calls"))
    assert answer.text == "One. Two. Three."
    assert [made.id for made in answer.calls] == ["x", "y"]


@every_row("text", ['{"a": ', "[1]", "not json", '{"a": 1}}'])
def test_broken_arguments_are_kept_and_marked(text: str):
    answer = chat(chunk(call(text, name="f", index=0, id="x")), chunk({}, "tool_calls"))
    assert (answer.calls[0].arguments, answer.calls[0].invalid) == (text, True)


def test_no_arguments_at_the_length_limit_are_not_taken_for_none():
    answer = chat(chunk(call("", name="f", index=0, id="x")), chunk({}, "length"))
    assert answer.calls[0].invalid


def test_thought_signatures_are_kept_with_their_call():
    signed = {"google": {"thought_signature": "abc"}}
    piece = {
        "tool_calls": [
            {"id": "x", "function": {"name": "f", "arguments": "{}"}, "extra_content": signed}
        ]
    }
    assert chat(chunk(piece), chunk({}, "stop")).calls[0].opaque == {"extra_content": signed}


def test_details_of_thinking_are_put_together_for_replay():
    def detail(**fields: object) -> dict[str, object]:
        return chunk({"reasoning_details": [fields]})

    answer = chat(
        detail(type="reasoning.text", text="Hm", index=0),
        detail(type="reasoning.text", text=" so", index=0),
        detail(type="reasoning.text", signature="s", index=0),
        detail(type="reasoning.encrypted", data="d", index=1),
        chunk({"content": "hi"}, "stop"),
    )
    assert answer.reasoning == "Hm so"
    assert answer.sealed == [
        {
            "reasoning_details": [
                {"type": "reasoning.text", "text": "Hm so", "index": 0, "signature": "s"},
                {"type": "reasoning.encrypted", "data": "d", "index": 1},
            ]
        }
    ]


def test_thinking_in_a_content_list_is_thinking():
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "hi"},
    ]
    answer = chat(chunk({"content": parts}), chunk({}, "stop"))
    assert (answer.reasoning, answer.text) == ("hm", "hi")


@given(st.data())
def test_tagged_thinking_is_split_off_where_the_quirk_says_so(data: st.DataObject):
    text = "<think>\nhm < b</think>\n\nif a < b: <think>"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    chunks = [chunk({"content": piece}) for piece in pieces]
    answer = chat(*chunks, chunk({}, "stop"), quirks=Quirks(think_tags=True))
    assert (answer.reasoning, answer.text) == ("hm < b", "if a < b: <think>")
    assert chat(*chunks, chunk({}, "stop")).text == text


def test_geminis_tag_is_split_off_too_and_its_marks_are_not_signatures():
    mark = {"google": {"thought": True}}
    answer = chat(
        chunk({"content": "<thought>hm", "extra_content": mark}),
        chunk({"content": "</thought>hi"}, "stop"),
        quirks=Quirks(think_tags=True),
    )
    assert (answer.reasoning, answer.text, answer.sealed) == ("hm", "hi", [])


def test_what_copilot_keeps_sealed_is_kept_for_replay():
    answer = chat(
        chunk({"reasoning_text": "a"}),
        chunk({"reasoning_text": "b"}),
        chunk({"content": "hi", "reasoning_opaque": "xyz"}, "stop"),
    )
    assert answer.sealed == [{"reasoning_text": "ab", "reasoning_opaque": "xyz"}]


def test_text_that_only_begins_like_a_tag_is_text():
    answer = chat(chunk({"content": "<thi"}), chunk({}, "stop"), quirks=Quirks(think_tags=True))
    assert answer.text == "<thi"


@every_row(
    "noise",
    [
        b": keep-alive\n\n",
        b"data: : ping\n\n",
        b"data:\n\n",
        b"id: 3\n\n",
        b"event: ping\n\n",
        b"event: ping\ndata:\n\n",
        b"event: ping\ndata: {}\n\n",
        b": one\n: two\n\n",
    ],
)
@every_row("wire", ["openai-chat", "anthropic-messages", "openai-responses"])
def test_signs_of_life_are_skipped(wire: str, noise: bytes):
    stream = noise + FIXTURES[wire].replace(b"\n\n", b"\n\n" + noise)
    assert read(parser(wire), stream) == read(parser(wire), FIXTURES[wire])


def test_what_json_forbids_is_repaired():
    stream = (
        b'data: {"choices":[{"delta":{"content":"a\xffb"},"logprobs":NaN}]}\n\n'
        b'data: {"choices":[{"delta":{"content":"\\ud83d!"}}]}\n\n'
        b'data: {"choices":[{"delta":{"content":"\\ud83c\\udf89"},"finish_reason":"stop"}]}\n\n'
    )
    assert read(parser("openai-chat"), stream).text == "a�b�!🎉"


@every_row(
    ("raw", "reason"),
    [
        ("stop", "stop"),
        ("eos", "stop"),
        ("length", "length"),
        ("max_tokens", "length"),
        ("content_filter", "contentFilter"),
        ("SAFETY", "contentFilter"),
        ("tool_calls", "stop"),
        ("who knows", "stop"),
    ],
)
def test_stop_reasons_are_mapped_and_kept(raw: str, reason: str):
    finished = chat(chunk({"content": "x"}, raw)).finished
    assert finished is not None
    assert (finished.reason, finished.raw) == (reason, raw)


@every_row("raw", ["error", "insufficient_system_resource", "abort"])
def test_an_answer_that_the_server_broke_off_is_a_problem(raw: str):
    with pytest.raises(RefactError) as caught:
        chat(chunk({"content": "x"}, raw))
    assert caught.value.problem.kind == "overloaded"


@every_row(
    ("usage", "expected"),
    [
        (
            {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 16}
            | {"completion_tokens_details": {"reasoning_tokens": 5}},
            Usage(input_tokens=9, output_tokens=7, reasoning_tokens=5),
        ),
        (
            {"prompt_tokens": 9, "completion_tokens": 7, "prompt_cache_hit_tokens": 4},
            Usage(input_tokens=9, output_tokens=7, cache_read_tokens=4),
        ),
        (
            {"prompt_tokens": 9, "completion_tokens": 7, "cached_tokens": 4},
            Usage(input_tokens=9, output_tokens=7, cache_read_tokens=4),
        ),
        (
            {"prompt_tokens": 2, "completion_tokens": 7, "cache_read_input_tokens": 40}
            | {"cache_creation_input_tokens": 5},
            Usage(input_tokens=47, output_tokens=7, cache_read_tokens=40, cache_write_tokens=5),
        ),
    ],
)
def test_usage_counts_all_read_and_all_written(usage: object, expected: Usage):
    answer = chat(chunk({"content": "x"}, "stop"), {"choices": [], "usage": usage})
    assert answer.usage == expected


def test_a_refusal_is_shown():
    assert chat(chunk({"refusal": "I won't."}), chunk({}, "stop")).text == "I won't."


def test_a_failed_response_is_a_problem():
    failed = {"status": "failed", "error": {"code": "server_error", "message": "boom"}}
    with pytest.raises(RefactError) as caught:
        read(
            parser("openai-responses"),
            sse({"type": "response.failed", "response": failed}, done=False),
        )
    assert caught.value.problem.kind == "overloaded"


def test_a_message_stream_may_end_as_openais_do():
    stream = fixtures.MESSAGES.replace(b'data: {"type": "message_stop"}', b"data: [DONE]")
    assert read(parser("anthropic-messages"), stream).finished is not None


@every_row(
    ("body", "vectors"),
    [
        (
            {"data": [{"index": 1, "embedding": [3, 4]}, {"index": 0, "embedding": [1, 2]}]},
            [[1, 2], [3, 4]],
        ),
        ({"data": [{"embedding": "AACAPwAAAEA="}]}, [[1, 2]]),
        (
            {"embeddings": {"float": [[1, 2]]}, "meta": {"billed_units": {"input_tokens": 3}}},
            [[1, 2]],
        ),
        ({"embeddings": [[1, 2]]}, [[1, 2]]),
        ([{"index": 0, "embedding": [[1, 2]]}], [[1, 2]]),
    ],
)
def test_vectors_come_in_the_order_of_the_inputs(body: object, vectors: object):
    reader = EMBEDDING["openai-embeddings"].embedding_parser(Quirks())
    answer = read(reader, json.dumps(body).encode())
    assert [list(vector) for vector in answer.vectors] == vectors


def test_ollamas_vectors_are_read():
    reader = EMBEDDING["ollama"].embedding_parser(Quirks())
    answer = read(reader, b'{"embeddings": [[1, 2], [3, 4]], "prompt_eval_count": 7}')
    assert [list(vector) for vector in answer.vectors] == [[1, 2], [3, 4]]
    assert answer.usage == Usage(input_tokens=7, output_tokens=0)

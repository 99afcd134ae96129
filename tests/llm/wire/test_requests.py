"""What each quirk and capability changes in a request."""

from typing import Any

import pytest

from refact_lsp.core.parts import (
    FilePart,
    ImagePart,
    Message,
    ReasoningPart,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
)
from refact_lsp.core.problems import RefactError
from refact_lsp.core.quirks import Quirks
from refact_lsp.core.requests import (
    ChatRequest,
    CompletionRequest,
    ContextFile,
    EmbeddingRequest,
)
from refact_lsp.core.types import Capabilities, ReasoningLevel, Wire
from refact_lsp.llm.wire.base import HttpRequest
from refact_lsp.llm.wire.tables import CHAT, COMPLETION, EMBEDDING
from tests.llm.wire.judge import decoded
from tests.llm.wire.reading import able
from tests.rows import every_row

TOOL = Tool(name="now", description="The time")
DETAILS = [{"type": "reasoning.text", "text": "hm", "index": 0}]
SIGNED = {"google": {"thought_signature": "s"}}


def user(text: str) -> Message:
    return Message(role="user", content=(TextPart(text=text),))


def thought(opaque: object = None) -> Message:
    call = ToolCallPart(id="a", name="now", arguments={}, opaque={"extra_content": SIGNED})
    return Message(role="assistant", content=(ReasoningPart(text="hm", opaque=opaque), call))


def result() -> Message:
    return Message(role="user", content=(ToolResultPart(id="a", content="noon"),))


def build(
    wire: Wire,
    *messages: Message,
    quirks: Quirks | None = None,
    capabilities: Capabilities | None = None,
    reasoning: ReasoningLevel | None = None,
    **more: Any,
) -> HttpRequest:
    request = ChatRequest(
        model="m",
        messages=messages or (user("hi"),),
        capabilities=capabilities or able(),
        reasoning=reasoning,
        **more,
    )
    return CHAT[wire].build_chat(request, quirks or Quirks())


def body(wire: Wire, *messages: Message, **more: Any) -> dict[str, Any]:
    return decoded(build(wire, *messages, **more).body)


EFFORT = able("effort", levels=("low", "high", "xhigh"))
NONE = able("effort", levels=("none", "low"))
BUDGET = able("budget", min_budget=512, max_budget=8192)
TOGGLE = able("toggle")
STYLED: list[tuple[Any, Capabilities, ReasoningLevel, dict[str, Any]]] = [
    ("effort", EFFORT, "minimal", {"reasoning_effort": "low"}),
    ("effort", EFFORT, "medium", {"reasoning_effort": "low"}),
    ("effort", EFFORT, "max", {"reasoning_effort": "xhigh"}),
    ("effort", EFFORT, "off", {"reasoning_effort": "low"}),
    ("effort", NONE, "off", {"reasoning_effort": "none"}),
    ("effort", BUDGET, "medium", {"reasoning_effort": "medium"}),
    ("effort", TOGGLE, "high", {}),
    ("reasoning", EFFORT, "high", {"reasoning": {"effort": "high"}}),
    ("reasoning", BUDGET, "high", {"reasoning": {"max_tokens": 4096}}),
    ("reasoning", TOGGLE, "low", {"reasoning": {"enabled": True}}),
    ("reasoning", EFFORT, "off", {"reasoning": {"enabled": False}}),
    ("thinking", EFFORT, "high", {"thinking": {"type": "enabled"}, "reasoning_effort": "high"}),
    ("thinking", TOGGLE, "off", {"thinking": {"type": "disabled"}}),
    ("enable-thinking", BUDGET, "max", {"enable_thinking": True, "thinking_budget": 8192}),
    ("enable-thinking", TOGGLE, "off", {"enable_thinking": False}),
    ("chat-template", TOGGLE, "off", {"chat_template_kwargs": {"enable_thinking": False}}),
    (
        "google",
        BUDGET,
        "minimal",
        {
            "extra_body": {
                "google": {"thinking_config": {"include_thoughts": True, "thinking_budget": 512}}
            }
        },
    ),
    ("effort", able(), "high", {}),
    ("thinking", able("always"), "high", {}),
]
THINKING_FIELDS = (
    "reasoning_effort",
    "reasoning",
    "thinking",
    "enable_thinking",
    "thinking_budget",
    "chat_template_kwargs",
    "extra_body",
)


@every_row(("style", "capabilities", "level", "fields"), STYLED)
def test_thinking_is_asked_for_as_the_server_wants_it(
    style: Any, capabilities: Capabilities, level: ReasoningLevel, fields: dict[str, Any]
):
    sent = body(
        "openai-chat",
        quirks=Quirks(reasoning_style=style),
        capabilities=capabilities,
        reasoning=level,
    )
    assert {name: sent[name] for name in THINKING_FIELDS if name in sent} == fields


@every_row(
    ("capabilities", "level", "fields"),
    [
        (BUDGET, "high", {"thinking": {"type": "enabled", "budget_tokens": 4096}}),
        (BUDGET, "off", {"thinking": {"type": "disabled"}}),
        (
            EFFORT,
            "max",
            {
                "thinking": {"type": "adaptive", "display": "summarized"},
                "output_config": {"effort": "xhigh"},
            },
        ),
        (
            EFFORT,
            "off",
            {
                "thinking": {"type": "adaptive", "display": "summarized"},
                "output_config": {"effort": "low"},
            },
        ),
        (able("effort", levels=("off", "low")), "off", {"thinking": {"type": "disabled"}}),
        (BUDGET, None, {}),
    ],
)
def test_messages_ask_for_thinking_by_budget_or_by_effort(
    capabilities: Capabilities, level: ReasoningLevel | None, fields: dict[str, Any]
):
    sent = body("anthropic-messages", capabilities=capabilities, reasoning=level, max_tokens=5000)
    names = ("thinking", "output_config")
    assert {name: sent[name] for name in names if name in sent} == fields


def test_a_budget_leaves_room_for_the_answer():
    capabilities = able("budget", max_budget=32_000, max_output=16_000)
    sent = body("anthropic-messages", capabilities=capabilities, reasoning="max", max_tokens=2000)
    assert sent["max_tokens"] == 16_000
    assert 1024 <= sent["thinking"]["budget_tokens"] <= 16_000 - 1024


def test_a_loop_that_began_without_thinking_goes_on_without():
    sent = body(
        "anthropic-messages",
        user("hi"),
        thought(),
        result(),
        capabilities=BUDGET,
        reasoning="high",
    )
    assert sent["thinking"] == {"type": "disabled"}


@every_row(
    ("field", "opaque", "sent"),
    [
        ("reasoning_content", None, {"reasoning_content": "hm"}),
        ("reasoning", None, {"reasoning": "hm"}),
        ("reasoning_details", {"reasoning_details": DETAILS}, {"reasoning_details": DETAILS}),
        ("reasoning_details", None, {"reasoning": "hm"}),
        ("extra_content", {"extra_content": SIGNED}, {"extra_content": SIGNED}),
        (
            "thinking-part",
            None,
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                ]
            },
        ),
        (
            "reasoning_opaque",
            {"reasoning_text": "ab", "reasoning_opaque": "xyz"},
            {"reasoning_text": "ab", "reasoning_opaque": "xyz"},
        ),
        (None, {"reasoning_details": DETAILS}, {"content": None}),
    ],
)
def test_thinking_is_sent_back_inside_a_tool_loop(field: Any, opaque: object, sent: Any):
    quirks = Quirks(reasoning_replay=field)
    messages = body("openai-chat", user("hi"), thought(opaque), result(), quirks=quirks)["messages"]
    said = messages[1]
    assert {name: said.get(name) for name in sent} == sent
    signed = "extra_content" in said["tool_calls"][0]
    assert signed == (field == "extra_content")


def test_thinking_of_earlier_turns_is_sent_back_only_where_asked():
    thread = (user("hi"), thought(), result(), user("and?"))
    loop = Quirks(reasoning_replay="reasoning_content")
    whole = Quirks(reasoning_replay="reasoning_content", reasoning_replay_scope="always")
    assert "reasoning_content" not in body("openai-chat", *thread, quirks=loop)["messages"][1]
    assert "reasoning_content" in body("openai-chat", *thread, quirks=whole)["messages"][1]


def test_messages_give_signed_thinking_back_byte_for_byte_before_its_tool_use():
    sealed = {"anthropic": {"type": "thinking", "signature": "s"}}
    sent = body("anthropic-messages", user("hi"), thought(sealed), result())
    assert [block["type"] for block in sent["messages"][1]["content"]] == ["thinking", "tool_use"]
    assert sent["messages"][1]["content"][0] == {
        "type": "thinking",
        "thinking": "hm",
        "signature": "s",
    }


def test_responses_give_encrypted_thinking_back_and_store_nothing():
    item = {"type": "reasoning", "id": "r", "summary": [], "encrypted_content": "x"}
    sent = body(
        "openai-responses",
        user("hi"),
        thought({"responses": item}),
        result(),
        capabilities=EFFORT,
    )
    assert sent["input"][1] == item
    assert sent["store"] is False
    assert sent["include"] == ["reasoning.encrypted_content"]
    plain = body("openai-responses", capabilities=EFFORT, quirks=Quirks(encrypted_reasoning=False))
    assert "include" not in plain


@every_row(
    ("quirks", "name", "value"),
    [
        (Quirks(), "max_tokens", 7),
        (Quirks(max_tokens_field="max_completion_tokens"), "max_completion_tokens", 7),
        (Quirks(max_stops=1), "stop", ["a"]),
        (Quirks(), "stop", ["a", "b"]),
        (Quirks(), "stream_options", {"include_usage": True}),
        (Quirks(stream_options=False), "stream_options", None),
        (Quirks(chat_extra={"usage": {"include": True}}), "usage", {"include": True}),
        (Quirks(chat_extra={"model": "other"}), "model", "m"),
    ],
)
def test_quirks_change_single_fields(quirks: Quirks, name: str, value: object):
    sent = body("openai-chat", quirks=quirks, max_tokens=7, stop=("a", "b"))
    assert sent.get(name) == value


def test_temperature_is_left_out_only_where_it_must():
    quirks = Quirks(thinking_fixes_temperature=True)
    common: dict[str, Any] = {"temperature": 0.5, "capabilities": TOGGLE, "quirks": quirks}
    assert "temperature" not in body("openai-chat", reasoning="high", **common)
    assert body("openai-chat", reasoning="off", **common)["temperature"] == 0.5
    assert "temperature" not in body(
        "openai-chat", temperature=0.5, capabilities=able(temperature=False)
    )


def test_the_system_text_goes_where_each_wire_has_it():
    developer = Quirks(system_role="developer")
    sent = body("openai-chat", system="Be brief.", quirks=developer)
    assert sent["messages"][0] == {"role": "developer", "content": "Be brief."}
    assert body("openai-responses", system="Be brief.")["instructions"] == "Be brief."
    plain = Quirks(cache_markers=False)
    assert body("anthropic-messages", system="Be brief.", quirks=plain)["system"] == [
        {"type": "text", "text": "Be brief."}
    ]


def test_at_most_four_cache_markers_are_sent():
    thread = [message for _ in range(6) for message in (user("hi"), thought(), result())]
    request = build("anthropic-messages", *thread, system="s", tools=(TOOL, TOOL))
    assert request.body.count(b"cache_control") == 4
    plain = build("anthropic-messages", *thread, quirks=Quirks(cache_markers=False))
    assert b"cache_control" not in plain.body


def test_headers_that_gateways_ask_for_are_sent():
    quirks = Quirks(initiator_header="x-initiator", vision_header="Copilot-Vision-Request")
    image = Message(role="user", content=(ImagePart(mime_type="image/png", data="aGk="),))
    assert build("openai-chat", user("hi"), quirks=quirks).headers == {"x-initiator": "user"}
    assert build("openai-chat", user("hi"), thought(), result(), quirks=quirks).headers == {
        "x-initiator": "agent"
    }
    assert build("openai-chat", image, quirks=quirks).headers["Copilot-Vision-Request"] == "true"
    beta = Quirks(interleaved_thinking_beta="b-1")
    common: dict[str, Any] = {"quirks": beta, "capabilities": BUDGET, "reasoning": "high"}
    request = build("anthropic-messages", tools=(TOOL,), **common)
    assert request.headers["anthropic-beta"] == "b-1"
    assert request.headers["anthropic-version"]
    assert "anthropic-beta" not in build("anthropic-messages", **common).headers


def test_ids_of_calls_are_made_to_fit_the_same_everywhere():
    thread = (user("hi"), thought(), result())
    messages = body("openai-chat", *thread, quirks=Quirks(tool_id_length=9))["messages"]
    made = messages[1]["tool_calls"][0]["id"]
    assert len(made) == 9
    assert made.isalnum()
    assert messages[2]["tool_call_id"] == made


@every_row("wire", ["openai-chat", "openai-responses", "anthropic-messages", "ollama"])
def test_an_image_for_a_model_that_does_not_see_is_refused_or_told(wire: Wire):
    image = Message(role="user", content=(ImagePart(mime_type="image/png", data="aGk="),))
    blind = able(vision=False)
    with pytest.raises(RefactError) as caught:
        build(wire, image, capabilities=blind)
    assert caught.value.problem.kind == "unsupported"
    answer = Message(role="assistant", content=(TextPart(text="a cat"),))
    later = build(wire, image, answer, user("sure?"), capabilities=blind)
    assert b"cannot see" in later.body
    assert b"aGk=" in build(wire, image).body


@every_row("wire", ["openai-chat", "openai-responses", "anthropic-messages", "ollama"])
def test_what_a_wire_cannot_carry_is_refused(wire: Wire):
    with pytest.raises(RefactError):
        build(wire, Message(role="user", content=(FilePart(uri="file:///x"),)))
    with pytest.raises(RefactError):
        build(wire, tools=(TOOL,), capabilities=able(tools=False))
    with pytest.raises(RefactError):
        build("openai-completions", tools=(TOOL,))


def test_text_with_half_a_surrogate_pair_is_sent_all_the_same():
    assert b"a?b" in build("openai-chat", user("a\ud83db")).body


def test_ollama_is_told_window_and_time_in_its_own_words():
    sent = body(
        "ollama",
        quirks=Quirks(num_ctx=16_384, keep_alive="-1"),
        capabilities=able("toggle", context_window=8192),
        reasoning="off",
        max_tokens=7,
    )
    assert sent["options"] == {"num_ctx": 8192, "num_predict": 7}
    assert (sent["keep_alive"], sent["think"]) == (-1, False)
    plain = body("ollama", quirks=Quirks(keep_alive="5m"))
    assert plain["keep_alive"] == "5m"
    assert plain["options"] == {}
    leveled = body("ollama", capabilities=EFFORT, reasoning="high")
    assert leveled["think"] == "high"


def test_ollama_gets_results_by_the_tools_name():
    sent = body("ollama", user("hi"), thought(), result())
    assert sent["messages"][1]["thinking"] == "hm"
    assert sent["messages"][2] == {"role": "tool", "content": "noon", "tool_name": "now"}


def complete(wire: Wire, method: Any, **more: Any) -> HttpRequest:
    request = CompletionRequest(
        model="m",
        method=method,
        prefix="a",
        suffix=more.pop("suffix", "c"),
        max_tokens=7,
        stop=("\n\n",),
        extra=(ContextFile(path="x.py", text="y"),),
        **more,
    )
    return COMPLETION[wire].build_completion(request, Quirks())


def test_a_hole_is_filled_by_each_servers_own_route():
    by_suffix = decoded(complete("openai-completions", "suffix").body)
    assert (by_suffix["prompt"], by_suffix["suffix"], by_suffix["max_tokens"]) == ("a", "c", 7)
    by_template = decoded(complete("openai-chat", "template", prompt="<P>a<S>c<M>").body)
    assert by_template["prompt"] == "<P>a<S>c<M>"
    assert "suffix" not in by_template
    infill = complete("llamacpp", "infill")
    assert infill.route == "infill"
    assert decoded(infill.body)["input_extra"] == [{"filename": "x.py", "text": "y"}]
    assert decoded(infill.body)["n_predict"] == 7
    raw = decoded(complete("ollama", "template", prompt="<P>a").body)
    assert (raw["raw"], raw["prompt"]) == (True, "<P>a")
    assert decoded(complete("ollama", "suffix", suffix="").body)["suffix"] == "\n"


@every_row("wire", ["openai-completions", "ollama", "llamacpp"])
@every_row("method", ["none", "chat"])
def test_a_method_of_another_wire_is_refused(wire: Wire, method: str):
    with pytest.raises(RefactError) as caught:
        complete(wire, method)
    assert caught.value.problem.kind == "unsupported"


@every_row(
    ("shape", "path", "sent"),
    [
        ("openai", "/embeddings", {"model": "m", "input": ["a"], "dimensions": 64}),
        (
            "voyage",
            "/embeddings",
            {"model": "m", "input": ["a"], "output_dimension": 64, "input_type": "query"},
        ),
        (
            "jina",
            "/embeddings",
            {"model": "m", "input": ["a"], "dimensions": 64, "task": "retrieval.query"},
        ),
        (
            "cohere",
            "/embed",
            {"model": "m", "texts": ["a"], "output_dimension": 64, "input_type": "search_query"}
            | {"embedding_types": ["float"]},
        ),
    ],
)
def test_embeddings_are_asked_for_in_the_vendors_words(shape: Any, path: str, sent: object):
    request = EmbeddingRequest(model="m", inputs=("a",), dimensions=64, purpose="query")
    wire = EMBEDDING["openai-embeddings"]
    built = wire.build_embedding(request, Quirks(embedding_shape=shape))
    assert (built.path, decoded(built.body)) == (path, sent)

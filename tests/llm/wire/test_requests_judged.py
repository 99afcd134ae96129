"""Every request built for a wire of OpenAI or Anthropic is one that their own SDKs could send."""

import itertools

from refact_lsp.core.parts import (
    ImagePart,
    Message,
    ReasoningPart,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
)
from refact_lsp.core.quirks import Quirks
from refact_lsp.core.requests import ChatRequest, CompletionRequest, EmbeddingRequest
from refact_lsp.core.types import ReasoningLevel
from refact_lsp.llm.wire.tables import CHAT, COMPLETION, EMBEDDING
from tests.llm.wire.judge import objections
from tests.llm.wire.reading import able
from tests.rows import every_row

ASK = Message(role="user", content=(TextPart(text="What time is it?"),))
LOOK = Message(
    role="user", content=(ImagePart(mime_type="image/png", data="aGk="), TextPart(text="Look."))
)
SEALED = {
    "anthropic": {"type": "thinking", "signature": "c2ln"},
    "responses": {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"},
    "reasoning_details": [{"type": "reasoning.text", "text": "hm"}],
}
CALL = Message(
    role="assistant",
    content=(
        ReasoningPart(text="hm", opaque=SEALED),
        TextPart(text="Let me see."),
        ToolCallPart(id="call_1", name="now", arguments={"zone": "UTC"}),
        ToolCallPart(id="call two!", name="now", arguments='{"zone', invalid=True),
    ),
)
RESULT = Message(
    role="user",
    content=(
        ToolResultPart(id="call_1", content="noon"),
        ToolResultPart(id="call two!", content="no JSON", is_error=True),
    ),
)
TOOL = Tool(
    name="now",
    description="The time",
    input_schema={"type": "object", "properties": {"zone": {"type": "string"}}},
)
THREADS = {
    "one question": (ASK,),
    "an image": (LOOK,),
    "a tool loop": (ASK, CALL, RESULT),
    "a second question": (ASK, CALL, RESULT, Message(role="assistant", content=()), ASK),
    "a call that was stopped": (ASK, CALL),
    "a cut beginning": (CALL, RESULT, ASK),
    "a stray result": (Message(role="user", content=(ToolResultPart(id="z", content="1"),)),),
}
ABILITIES = {
    "none": able(),
    "effort": able("effort", levels=("none", "low", "high", "xhigh")),
    "effort alone": able("effort"),
    "budget": able("budget", min_budget=1024, max_budget=64_000),
    "toggle": able("toggle"),
    "always": able("always"),
}
LEVELS: tuple[ReasoningLevel | None, ...] = (
    None,
    "off",
    "minimal",
    "low",
    "medium",
    "high",
    "max",
)
SETTINGS = Quirks(max_tokens_field="max_completion_tokens", system_role="developer", max_stops=4)


@every_row("thread", THREADS.values(), ids=THREADS)
@every_row("wire", ["openai-chat", "openai-responses", "anthropic-messages"])
def test_chat_requests_are_accepted(wire: str, thread: tuple[Message, ...]):
    bodies: set[bytes] = set()  # many settings make the same request
    for (_, ability), level in itertools.product(ABILITIES.items(), LEVELS):
        request = ChatRequest(
            model="m",
            messages=thread,
            capabilities=ability,
            system="Be brief.",
            tools=(TOOL, Tool(name="bare", description="")),
            max_tokens=900,
            temperature=0.2,
            reasoning=level,
            stop=("a", "b", "c", "d", "e"),
        )
        for quirks in (Quirks(), SETTINGS):
            built = CHAT[wire].build_chat(request, quirks)  # pyright: ignore[reportArgumentType]  # a plain string
            bodies.add(built.body)
    assert [found for body in bodies for found in objections(wire, body)] == []


def test_completion_requests_are_accepted():
    wire = COMPLETION["openai-completions"]
    for method in ("suffix", "template"):
        request = CompletionRequest(
            model="m",
            method=method,
            prefix="def f(",
            suffix=")",
            max_tokens=9,
            prompt="<P>def f(",
            stop=("\n",),
        )
        assert objections("openai-completions", wire.build_completion(request, Quirks()).body) == []


def test_text_sent_as_a_prompt_is_accepted():
    request = ChatRequest(model="m", messages=(ASK,), capabilities=able(), system="Be brief.")
    built = CHAT["openai-completions"].build_chat(request, Quirks())
    assert objections("openai-completions", built.body) == []
    assert b"What time is it?" in built.body


def test_embedding_requests_are_accepted():
    request = EmbeddingRequest(model="m", inputs=("a", "b"), dimensions=256)
    built = EMBEDDING["openai-embeddings"].build_embedding(request, Quirks())
    assert objections("openai-embeddings", built.body) == []


def test_the_judge_objects_to_what_is_wrong():
    assert objections("openai-chat", b'{"model":"m","messages":[],"stream":true,"max_tokns":1}')
    assert objections("anthropic-messages", b'{"model":"m","messages":[],"stream":true}')

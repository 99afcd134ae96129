"""What is told piece by piece is what is stored, whatever a model says in whatever order."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from refact_lsp.core.events import (
    Event,
    Finished,
    ReasoningDelta,
    ReasoningSealed,
    TextDelta,
    ToolCalled,
    UsageReported,
)
from refact_lsp.core.parts import Part, ReasoningPart, TextPart, ToolCallPart
from refact_lsp.core.types import Usage
from refact_lsp.features.chat.answer import Answer
from refact_lsp.features.chat.told import Stream, Told
from tests.characters import CHARACTERS

FIELDS = st.dictionaries(st.text(CHARACTERS, max_size=3), st.integers())
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(TextDelta, delta=st.text(CHARACTERS, min_size=1, max_size=9)),
    st.builds(ReasoningDelta, delta=st.text(CHARACTERS, min_size=1, max_size=9)),
    st.builds(ReasoningSealed, opaque=FIELDS),
    st.builds(
        ToolCalled,
        id=st.text(CHARACTERS, max_size=4),
        name=st.text(CHARACTERS, max_size=4),
        arguments=FIELDS,
    ),
    st.builds(
        UsageReported,
        usage=st.builds(Usage, input_tokens=st.integers(0), output_tokens=st.integers(0)),
    ),
    st.just(Finished(reason="stop")),
)


def collected(*events: Event) -> tuple[Part, ...]:
    answer = Answer()
    for event in events:
        answer.take(event)
    return answer.parts()


@given(st.lists(EVENTS, max_size=30))
def test_the_deltas_make_the_message_and_the_numbers_rise_by_one(events: list[Event]):
    told: list[Told] = []
    stream, answer = Stream("t", "u", told.append), Answer()
    for event in events:
        answer.take(event)
        stream.model_event(event, lambda _: None)
    parts = answer.parts()
    assert [each.seq for each in told] == list(range(len(told)))
    shown: list[Any] = [msgspec.to_builtins(each.event) for each in told]
    for kind, shape in (("text", TextPart), ("reasoning", ReasoningPart)):
        deltas = "".join(event["delta"] for event in shown if event["type"] == kind)
        assert deltas == "".join(part.text for part in parts if isinstance(part, shape))
    calls = [event for event in shown if event["type"] == "toolCall"]
    kept = [part for part in parts if isinstance(part, ToolCallPart)]
    assert [(call["id"], call["name"], call["arguments"]) for call in calls] == [
        (part.id, part.name, part.arguments) for part in kept
    ]
    assert sum(isinstance(event, ReasoningSealed) for event in events) == sum(
        isinstance(part, ReasoningPart) and part.opaque is not None for part in parts
    )


def test_a_message_may_be_looked_at_while_it_grows():
    answer = Answer()
    answer.take(TextDelta(delta="one"))
    assert answer.parts() == (TextPart(text="one"),)
    answer.take(TextDelta(delta=" two"))
    assert "".join(p.text for p in answer.parts() if isinstance(p, TextPart)) == "one two"


def test_a_seal_that_comes_after_the_text_closes_the_thinking_before_it():
    parts = collected(
        ReasoningDelta(delta="hm"), TextDelta(delta="yes"), ReasoningSealed(opaque={"s": 1})
    )
    assert parts == (ReasoningPart(text="hm", opaque={"s": 1}), TextPart(text="yes"))


def test_each_seal_has_a_thinking_of_its_own():
    parts = collected(
        ReasoningDelta(delta="a"),
        ReasoningSealed(opaque={"s": 1}),
        ReasoningSealed(opaque={"s": 2}),
        ReasoningDelta(delta="b"),
        ReasoningSealed(opaque={"s": 3}),
    )
    assert parts == (
        ReasoningPart(text="a", opaque={"s": 1}),
        ReasoningPart(text="", opaque={"s": 2}),
        ReasoningPart(text="b", opaque={"s": 3}),
    )

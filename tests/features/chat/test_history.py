"""A thread in a model's window."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refact_lsp.core.parts import Message, Part, TextPart, ToolCallPart, ToolResultPart
from refact_lsp.core.problems import RefactError
from refact_lsp.features.chat.history import MESSAGE_TOKENS, fit, joined, tokens_of


def user(text: str) -> Message:
    return Message(role="user", content=(TextPart(text=text),))


def says(text: str) -> Message:
    return Message(role="assistant", content=(TextPart(text=text),))


def calls(*ids: str) -> Message:
    content = tuple(ToolCallPart(id=i, name="look", arguments={}) for i in ids)
    return Message(role="assistant", content=content)


def gives(*ids: str) -> Message:
    content = tuple(ToolResultPart(id=i, content="seen") for i in ids)
    return Message(role="user", content=content)


def asks(message: Message) -> bool:
    return message.role == "user" and isinstance(message.content[0], TextPart)


LOOPS = st.lists(st.integers(0, 3), min_size=1, max_size=6).map(
    lambda rounds: [
        message
        for number, tools in enumerate(rounds)
        for message in [
            user(f"question {number}" * (number + 1)),
            *[
                each
                for call in range(tools)
                for each in (calls(f"{number}-{call}"), gives(f"{number}-{call}"))
            ],
            says("answer"),
        ]
    ]
)


@given(LOOPS, st.integers(0, 400))
def test_what_stays_is_the_end_begins_with_the_user_and_parts_no_call(
    messages: list[Message], budget: int
):
    newest = messages[next(n for n in range(len(messages) - 1, -1, -1) if asks(messages[n])) :]
    if sum(tokens_of(message.content, len) for message in newest) > budget:
        with pytest.raises(RefactError, match="fit"):
            fit(messages, budget, len)
        return
    kept = fit(messages, budget, len)
    assert list(kept) == messages[len(messages) - len(kept) :]
    assert kept[0].role == "user"
    assert isinstance(kept[0].content[0], TextPart)
    called = {p.id for m in kept for p in m.content if isinstance(p, ToolCallPart)}
    given_back = {p.id for m in kept for p in m.content if isinstance(p, ToolResultPart)}
    assert called == given_back
    assert sum(tokens_of(message.content, len) for message in kept) <= budget


def test_the_oldest_goes_first():
    messages = [user("a" * 50), says("b" * 50), user("c" * 50), says("d" * 50), user("e")]
    kept = fit(messages, 101 + 3 * MESSAGE_TOKENS, len)
    assert kept == tuple(messages[2:])


def test_a_tool_loop_too_long_for_the_window_is_refused():
    with pytest.raises(RefactError, match="fit"):
        fit([user("a" * 50), calls("1"), gives("1")], 40, len)


def test_a_window_that_is_only_assumed_refuses_nothing():
    messages = [user("old"), says("yes"), user("a" * 50), calls("1"), gives("1")]
    assert fit(messages, 40, len, is_certain=False) == tuple(messages[2:])


def test_a_question_without_an_answer_is_joined_to_the_next():
    empty = Message(role="assistant", content=())
    found = joined([user("lost"), empty, user("again"), says("yes")])
    content: tuple[Part, ...] = (TextPart(text="lost"), TextPart(text="again"))
    assert found == (Message(role="user", content=content), says("yes"))

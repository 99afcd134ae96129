from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from refact_lsp.core.parts import ReasoningPart, TextPart, ToolCallPart, ToolResultPart
from refact_lsp.core.problems import RefactError
from refact_lsp.core.types import Usage
from refact_lsp.store.threads import (
    append_message,
    create_thread,
    delete_thread,
    find_thread,
    fork_thread,
    list_threads,
    messages_of,
    rename_thread,
)

Run = Callable[..., Any]


def start(run: Run, thread: str, at: datetime, *texts: str, title: str = "") -> None:
    run(create_thread, thread, title=title, model="p/m", role="chat", system=None, at=at)
    for text in texts:
        run(append_message, thread, turn="t", role="user", content=[TextPart(text=text)], at=at)


def test_messages_come_back_as_they_were(run: Run, noon: datetime):
    start(run, "a", noon, "hello")
    content = (
        ReasoningPart(text="hm", opaque={"signature": "s"}),
        ToolCallPart(id="1", name="read", arguments='{"broken', invalid=True),
        ToolResultPart(id="1", content="\u2028\x00", is_error=True),
    )
    usage = Usage(input_tokens=1, output_tokens=2)
    seq = run(
        append_message,
        "a",
        turn="t2",
        role="assistant",
        content=content,
        at=noon,
        model="q/n",
        finish_reason="toolCalls",
        usage=usage,
        cost_micros=7,
    )
    answer = run(messages_of, "a")[1]
    assert (answer.seq, answer.content, answer.usage) == (seq, content, usage)
    assert (answer.finish_reason, answer.cost_micros, answer.at) == ("toolCalls", 7, noon)
    thread = run(find_thread, "a")
    assert (thread.model, thread.message_count, thread.cost_micros) == ("q/n", 2, 7)


def test_an_unknown_thread_is_refused_everywhere(run: Run, noon: datetime):
    for call in (
        lambda: run(find_thread, "x"),
        lambda: run(delete_thread, "x"),
        lambda: run(fork_thread, "x", "y", at=noon),
        lambda: run(append_message, "x", turn="t", role="user", content=[], at=noon),
    ):
        with pytest.raises(RefactError, match="no thread 'x'") as caught:
            call()
        assert caught.value.problem.field == "threadId"


def test_a_fork_copies_the_beginning_and_costs_nothing(run: Run, noon: datetime):
    start(run, "a", noon, "first words", "second words")
    run(append_message, "a", turn="t", role="assistant", content=[], at=noon, cost_micros=5)
    run(fork_thread, "a", "b", at=noon + timedelta(1), before=1)
    run(fork_thread, "a", "c", at=noon + timedelta(2))
    assert [message.seq for message in run(messages_of, "b")] == [0]
    assert run(find_thread, "c").cost_micros is None
    assert run(find_thread, "c").forked_from == "a"
    found, _ = run(list_threads, query="second")
    assert [thread.id for thread in found] == ["c", "a"]
    run(append_message, "b", turn="t", role="user", content=[], at=noon)
    assert len(run(messages_of, "a")) == 3


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("unicorn", ["b"]),
        ("UNICOR", ["b"]),
        ("plan", ["a"]),
        ("pl", ["a"]),
        ("日本語", ["b"]),
        ("100%", ["a"]),
        ('"', []),
        ('a" OR "b', []),
        ("_", []),
        ("  ", ["b", "a"]),
    ],
)
def test_threads_are_found_by_title_and_text(
    run: Run, noon: datetime, query: str, found: list[str]
):
    start(run, "a", noon, "a horse, 100% real", title="The plan")
    start(run, "b", noon + timedelta(1), "one Unicorn", "これは日本語です")
    assert [thread.id for thread in run(list_threads, query=query)[0]] == found


def test_pages_follow_one_another_without_gaps(run: Run, noon: datetime):
    for number in range(7):
        start(run, f"t{number}", noon + timedelta(seconds=number // 3))
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page, cursor = run(list_threads, limit=2, cursor=cursor)
        seen += [thread.id for thread in page]
        if cursor is None:
            break
    assert seen == ["t6", "t5", "t4", "t3", "t2", "t1", "t0"]
    with pytest.raises(RefactError, match="not a cursor"):
        run(list_threads, cursor="x")


def test_a_deleted_thread_leaves_nothing(run: Run, noon: datetime):
    start(run, "a", noon, "unicorn")
    run(rename_thread, "a", "T")
    assert run(find_thread, "a").title == "T"
    run(delete_thread, "a")
    count = "SELECT (SELECT count(*) FROM messages) + (SELECT count(*) FROM message_text)"
    assert run(lambda connection: connection.execute(count).get) == 0

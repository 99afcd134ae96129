"""The JSON lines of programs, where they are not as they should be."""

import json
from collections.abc import Callable

import pytest

from refact_lsp.core.events import TextDelta
from refact_lsp.core.problems import RefactError
from refact_lsp.core.quirks import Quirks
from refact_lsp.llm.wire.base import Parser
from refact_lsp.llm.wire.claude_print import chat_parser as claude_parser
from refact_lsp.llm.wire.codex_exec import chat_parser as codex_parser

Make = Callable[[Quirks], Parser]


def line(**fields: object) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def claude_said(text: str) -> bytes:
    delta = {"type": "text_delta", "text": text}
    return line(type="stream_event", event={"delta": delta})


def codex_said(text: str) -> bytes:
    item = {"id": "i", "type": "agent_message", "text": text}
    return line(type="item.completed", item=item)


RUNS: list[tuple[Make, bytes, bytes]] = [
    (claude_parser, claude_said("Hi"), line(type="result", is_error=True, result="no credit")),
    (codex_parser, codex_said("Hi"), line(type="turn.failed", error={"message": "no credit"})),
]


@pytest.mark.parametrize(("parser", "said", "failed"), RUNS)
def test_text_that_comes_with_a_failure_is_told_before_it(parser: Make, said: bytes, failed: bytes):
    run = parser(Quirks())
    assert run.feed(said + failed) == [TextDelta(delta="Hi")]
    with pytest.raises(RefactError, match="no credit"):
        run.close()


@pytest.mark.parametrize(("parser", "said", "failed"), RUNS)
def test_lines_that_cannot_be_read_are_passed_over(parser: Make, said: bytes, failed: bytes):
    del failed
    odd = b'{"type": "\xff"}\nUpdate available!\n[1]\n' + b"[" * 20_000 + b"\n"
    assert parser(Quirks()).feed(odd + said) == [TextDelta(delta="Hi")]

"""Reads answers in tests: events folded into what a turn shows, and the recordings' whereabouts."""

import json
import os
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from refact_lsp.core.events import (
    Event,
    Finished,
    ReasoningDelta,
    ReasoningSealed,
    TextDelta,
    ToolCalled,
    UsageReported,
    Vectors,
)
from refact_lsp.core.types import Capabilities, CompletionSupport, Reasoning, Usage
from refact_lsp.llm.wire.base import Parser


class Answer(msgspec.Struct, kw_only=True):
    text: str = ""
    reasoning: str = ""
    calls: list[ToolCalled] = []
    sealed: list[Any] = []
    usage: Usage | None = None
    finished: Finished | None = None
    vectors: Sequence[Sequence[float]] = ()


def fold(events: Iterable[Event]) -> Answer:
    answer = Answer()
    for event in events:
        assert answer.finished is None, "nothing follows the end"
        match event:
            case TextDelta():
                assert event.delta
                answer.text += event.delta
            case ReasoningDelta():
                assert event.delta
                answer.reasoning += event.delta
            case ReasoningSealed():
                answer.sealed.append(event.opaque)
            case ToolCalled():
                answer.calls.append(event)
            case UsageReported():
                answer.usage = event.usage
            case Vectors():
                answer.vectors = event.vectors
            case Finished():
                answer.finished = event
    return answer


def read(parser: Parser, *pieces: bytes) -> Answer:
    return fold([event for piece in pieces for event in parser.feed(piece)] + [*parser.close()])


def sse(*documents: object, done: bool = True) -> bytes:
    blocks = [b"data: " + json.dumps(document).encode() + b"\n\n" for document in documents]
    return b"".join(blocks) + (b"data: [DONE]\n\n" if done else b"")


def recordings_folder() -> Path | None:
    if named := os.environ.get("REFACT_SHARED"):
        folder = Path(named) / "recordings"
    else:
        here = Path(__file__).parent
        top = next((each for each in here.parents if (each / ".git").exists()), here)
        folder = top / ".." / "shared" / "recordings"
    return folder if (folder / "index.json").is_file() else None


FOLDER = recordings_folder()
needs_recordings = pytest.mark.skipif(
    FOLDER is None, reason="no recordings here: set REFACT_SHARED to the folder that holds them"
)


def recordings(*wires: str, accepted: bool | None = None, stream: bool | None = None) -> list[Any]:
    """The recordings of some wires as rows of a table; a test of them `needs_recordings`.

    `accepted` and `stream` leave only those that were answered with 200, or not, and that were
    asked for as a stream, or not.
    """
    if FOLDER is None:
        return []
    index = json.loads((FOLDER / "index.json").read_bytes())["recordings"]
    return [
        pytest.param(FOLDER / entry["file"], id=entry["id"])
        for entry in index
        if entry["wire"] in wires
        and accepted in (None, entry["status"] == HTTPStatus.OK)
        and stream in (None, entry["stream"])
    ]


def able(
    kind: Literal["none", "effort", "budget", "toggle", "always"] = "none",
    *,
    levels: tuple[str, ...] | None = None,
    min_budget: int | None = None,
    max_budget: int | None = None,
    **changes: object,
) -> Capabilities:
    reasoning = Reasoning(kind=kind, levels=levels, min_budget=min_budget, max_budget=max_budget)
    plain = Capabilities(
        context_window=128_000,
        max_output=16_000,
        tools=True,
        structured_output=True,
        agent=True,
        vision=True,
        pdf=False,
        audio=False,
        reasoning=reasoning,
        temperature=True,
        tokenizer="approx",
        completion=CompletionSupport(method="none"),
        status="active",
    )
    return msgspec.structs.replace(plain, **changes)

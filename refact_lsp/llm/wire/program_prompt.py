"""A thread as one text, for programs that take a prompt and no messages; and reading JSON lines."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from refact_lsp.core.events import Event, Finished
from refact_lsp.core.parts import ImagePart, ToolCallPart, ToolResultPart
from refact_lsp.core.problems import RefactError, refuse
from refact_lsp.core.requests import ChatRequest
from refact_lsp.llm.wire.answer import UNREADABLE
from refact_lsp.llm.wire.base import HttpRequest
from refact_lsp.llm.wire.history import mended, text_of

ROUTE = "program"
_MOST_LINE_BYTES = 32 << 20
_Line = TypeVar("_Line")
_SPEAKERS = {"user": "User", "assistant": "Assistant"}


def build_prompt(request: ChatRequest) -> HttpRequest:
    """Write the thread as text; tools and images have no place in it."""
    messages = mended(request)
    others = (ImagePart, ToolCallPart, ToolResultPart)
    if request.tools or any(isinstance(p, others) for m in messages for p in m.content):
        raise refuse(
            "unsupported",
            f"{request.model} takes text only by way of its program.",
            "Give the provider a key instead, or choose another model for tools and images.",
        )
    texts = [text_of(message.content) for message in messages]
    if len(texts) > 1:
        speakers = (_SPEAKERS[message.role] for message in messages)
        texts = [f"{who}:\n{text}" for who, text in zip(speakers, texts, strict=True)]
        texts.append("Answer as the assistant, without repeating the above.")
    whole = "\n\n".join(filter(None, (request.system or "", *texts)))
    return HttpRequest(route=ROUTE, path="", body=whole.encode())


class Lines:
    """Cuts bytes into lines however they arrive; an overlong one is refused."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Give the lines that are whole now."""
        self._pieces.append(data)
        self._size += len(data)
        if b"\n" in data:
            *whole, rest = b"".join(self._pieces).split(b"\n")
            self._pieces, self._size = [rest], len(rest)
            yield from (line.strip() for line in whole if line.strip())
        if self._size > _MOST_LINE_BYTES:
            raise refuse("badResponse", "The program wrote a line without end.", "Update it.")

    def close(self) -> Iterator[bytes]:
        """Give what is left without an end of line."""
        rest = b"".join(self._pieces).strip()
        self._pieces = []
        yield from [rest] if rest else []


class LineParser(ABC, Generic[_Line]):
    """Reads the JSON lines of one run of a program; other lines are its words to people."""

    def __init__(self, decode: Callable[[bytes], _Line]) -> None:
        self._decode = decode
        self._lines = Lines()
        self._failure: RefactError | None = None

    def feed(self, data: bytes) -> Sequence[Event]:
        """Give the events of the lines that are whole now."""
        return self._read(self._lines.feed(data))

    def close(self) -> Sequence[Event]:
        """Give the last events; raises where the run did not come to its end."""
        events = self._read(self._lines.close())
        if not any(isinstance(event, Finished) for event in events):
            raise self._incomplete()
        return events

    @abstractmethod
    def _take(self, line: _Line) -> Sequence[Event]:
        """Give what a line tells."""

    def _incomplete(self) -> RefactError:
        """Say why the answer was not complete."""
        return refuse("badResponse", "The program ended before its answer was complete.")

    def _read(self, lines: Iterator[bytes]) -> Sequence[Event]:
        if self._failure is not None:
            raise self._failure
        events: list[Event] = []
        try:
            for raw in lines:
                with suppress(*UNREADABLE):
                    events += self._take(self._decode(raw))
        except RefactError as failure:
            if not events:
                raise
            self._failure = failure
        return events

"""A thread as one text, for programs that take a prompt and no messages; and reading JSON lines."""

from collections.abc import Iterator

from refact_lsp.core.parts import ImagePart, ToolCallPart, ToolResultPart
from refact_lsp.core.problems import refuse
from refact_lsp.core.requests import ChatRequest
from refact_lsp.llm.wire.base import HttpRequest
from refact_lsp.llm.wire.history import mended, text_of

ROUTE = "program"
_MOST_LINE_BYTES = 32 << 20
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

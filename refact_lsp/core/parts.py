"""Chat content: messages and their parts, in the protocol's shape."""

from typing import Any, Literal

import msgspec

from refact_lsp.core.types import Value


class LineRange(Value, frozen=True, kw_only=True):
    """Zero-based lines, end exclusive."""

    start: int
    end: int


class TextPart(Value, frozen=True, kw_only=True, tag="text"):
    """Plain text."""

    text: str


class ReasoningPart(Value, frozen=True, kw_only=True, tag="reasoning"):
    """Thinking shown to the user; `opaque` is the vendor's sealed form, replayed as it came."""

    text: str
    opaque: Any | None = None


class ImagePart(Value, frozen=True, kw_only=True, tag="image"):
    """Base64 `data`, or a `uri` that is read when the turn is built."""

    mime_type: str
    data: str | None = None
    uri: str | None = None


class FilePart(Value, frozen=True, kw_only=True, tag="file"):
    """A file of the workspace, or a range of it."""

    uri: str
    range: Any | None = None


class SearchPart(Value, frozen=True, kw_only=True, tag="search"):
    """A question to the index; its hits are put in place."""

    query: str


class ToolCallPart(Value, frozen=True, kw_only=True, tag="toolCall"):
    """`arguments` is the decoded object, or the raw string with `invalid` where it is no JSON."""

    id: str
    name: str
    arguments: Any
    invalid: bool = False
    opaque: Any | None = None


class ToolResultPart(Value, frozen=True, kw_only=True, tag="toolResult"):
    """What a tool gave back for the call of that id."""

    id: str
    content: str
    is_error: bool = False


Part = TextPart | ReasoningPart | ImagePart | FilePart | SearchPart | ToolCallPart | ToolResultPart


class Message(Value, frozen=True, kw_only=True):
    """One message; tool results are parts of a `user` message, as the protocol sends them."""

    role: Literal["user", "assistant"]
    content: tuple[Part, ...]


class Tool(Value, frozen=True, kw_only=True):
    """A tool that the model may call; `input_schema` is JSON Schema."""

    name: str
    description: str
    input_schema: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])

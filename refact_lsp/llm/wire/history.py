"""A request's messages made fit for any wire: calls paired with results, images checked.

Threads live longer than the model that began them: they were stopped between a call and its
result, or moved from a model that sees to one that does not. What vendors refuse for that is
mended here, once, before a wire format turns parts into its own shape.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec

from refact_lsp.core.parts import (
    FilePart,
    ImagePart,
    Message,
    Part,
    ReasoningPart,
    SearchPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from refact_lsp.core.problems import RefactError, refuse
from refact_lsp.core.quirks import Quirks
from refact_lsp.core.requests import ChatRequest

_NOT_RUN = "The call was not run."
_UNSEEN_IMAGE = "[An image that this model cannot see.]"


def mended(request: ChatRequest) -> list[Message]:
    """Give the messages as vendors take them; raise for what the model cannot take at all."""
    if request.tools and not request.capabilities.tools:
        raise refuse(
            "unsupported",
            f"{request.model} does not call tools.",
            "Choose a model with tools, or set its capability if you know better.",
        )
    messages = _paired(request.messages)
    last_asked = asked_last(messages)
    return [
        Message(
            role=message.role,
            content=tuple(
                _image(part, request, fresh=number >= last_asked)
                if isinstance(part, ImagePart)
                else part
                for part in message.content
            ),
        )
        for number, message in enumerate(messages)
    ]


def asked_last(messages: Sequence[Message]) -> int:
    """Find the last message in which the user says something: a tool loop runs from there."""
    return next(
        (
            number
            for number in range(len(messages) - 1, -1, -1)
            if messages[number].role == "user" and not answers_tools(messages[number])
        ),
        0,
    )


def answers_tools(message: Message) -> bool:
    """Tell whether a message holds nothing but results of tools."""
    return bool(message.content) and all(isinstance(p, ToolResultPart) for p in message.content)


def text_of(parts: Sequence[Part]) -> str:
    """Join the text parts."""
    return "".join(part.text for part in parts if isinstance(part, TextPart))


def reasoning_of(parts: Sequence[Part]) -> str:
    """Join the thinking."""
    return "".join(part.text for part in parts if isinstance(part, ReasoningPart))


def object_of(call: ToolCallPart) -> dict[str, object]:
    """Give a call's arguments as an object, as most servers insist; broken JSON rides inside."""
    arguments = cast("object", call.arguments)
    if isinstance(arguments, dict):
        return cast("dict[str, object]", arguments)
    return {"invalid_json": arguments}


def sealed_as(opaque: object, name: str) -> Any:  # noqa: ANN401  — a vendor's words, sent as they came
    """Take out what the wire of that name sealed; what other vendors sealed is not for it."""
    return cast("dict[str, Any]", opaque).get(name) if isinstance(opaque, dict) else None


def fitting_id(call_id: str, pattern: re.Pattern[str], length: int) -> str:
    """Keep an id that the vendor takes; else make one that is the same for the same id."""
    if pattern.fullmatch(call_id):
        return call_id
    return hashlib.blake2b(call_id.encode(errors="replace"), digest_size=32).hexdigest()[:length]


def chat_headers(messages: Sequence[Message], quirks: Quirks) -> Mapping[str, str]:
    """Headers by which some gateways count requests and route images."""
    headers: dict[str, str] = {}
    if quirks.initiator_header:
        by_agent = bool(messages) and answers_tools(messages[-1])
        headers[quirks.initiator_header] = "agent" if by_agent else "user"
    if quirks.vision_header and any(
        isinstance(part, ImagePart) for message in messages for part in message.content
    ):
        headers[quirks.vision_header] = "true"
    return headers


def unsendable(part: FilePart | SearchPart) -> RefactError:
    """Make the error for a part that should have become text before it came here."""
    return refuse(
        "internal",
        f"A {type(part).__name__} came to the wire unresolved.",
        "This is a defect: please report it.",
    )


def encoded(body: Mapping[str, object]) -> bytes:
    """Encode a request; half a surrogate pair in somebody's file becomes a question mark."""
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        return json.dumps(body, ensure_ascii=False).encode(errors="replace")


def _paired(messages: Sequence[Message]) -> list[Message]:
    """Give every call its result right after it; a result without its call becomes text."""
    paired: list[Message] = []
    open_calls: list[str] = []
    for message in messages:
        if message.role == "user":
            paired.append(_answered(message, open_calls))
            open_calls = []
            continue
        if open_calls:
            paired.append(_answered(Message(role="user", content=()), open_calls))
        paired.append(message)
        open_calls = [part.id for part in message.content if isinstance(part, ToolCallPart)]
    if open_calls:
        paired.append(_answered(Message(role="user", content=()), open_calls))
    return [message for message in paired if message.content]


def _answered(message: Message, open_calls: Sequence[str]) -> Message:
    results: dict[str, ToolResultPart] = {}
    rest: list[Part] = []
    for part in message.content:
        if isinstance(part, ToolResultPart) and part.id in open_calls and part.id not in results:
            results[part.id] = part
        elif isinstance(part, ToolResultPart):
            rest.append(TextPart(text=f"Result of a tool call: {part.content}"))
        else:
            rest.append(part)
    not_run = (ToolResultPart(id=i, content=_NOT_RUN, is_error=True) for i in open_calls)
    ordered = [results.get(part.id, part) for part in not_run]
    return Message(role="user", content=(*ordered, *rest))


def _image(part: ImagePart, request: ChatRequest, *, fresh: bool) -> Part:
    if not request.capabilities.vision:
        if fresh:
            raise refuse(
                "unsupported",
                f"{request.model} does not see images.",
                "Choose a model with vision, or set its capability if you know better.",
            )
        return TextPart(text=_UNSEEN_IMAGE)
    if part.data is None:
        raise refuse(
            "invalidRequest",
            f"The image {part.uri!r} was not read.",
            "Attach it as data, or as a file of the workspace.",
        )
    return part

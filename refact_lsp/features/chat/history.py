"""Fits a thread into a model's window: the newest messages stay, calls stay with their results.

Pure. A message is kept whole or left out; what a model is sent always begins with the user.
"""

from collections.abc import Callable, Sequence

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
from refact_lsp.core.problems import refuse

# Vendors count an image between some 100 and 1,600 tokens, by its size: this is on the safe side.
IMAGE_TOKENS = 1600
# What a message costs around its text: role, separators.
MESSAGE_TOKENS = 6

Count = Callable[[str], int]


def fit(
    messages: Sequence[Message], budget_tokens: int, count: Count, *, is_certain: bool = True
) -> tuple[Message, ...]:
    """Leave out the oldest exchanges until the rest fits; raises `contextTooLong` for the newest.

    An exchange is what the user said and everything that answered it, tool calls and their results
    included, so that no call is parted from its result. A budget that is not certain refuses
    nothing: the newest exchange stays, and the server says whether it is too long.
    """
    kept: list[Message] = []
    spent = 0
    for number, exchange in enumerate(reversed(_exchanges(messages))):
        size = sum(tokens_of(message.content, count) for message in exchange)
        if spent + size > budget_tokens:
            if number == 0 and not is_certain:
                return tuple(exchange)
            if number == 0:
                raise refuse(
                    "contextTooLong",
                    f"The message is about {size:,} tokens long and {budget_tokens:,} fit.",
                    "Shorten it, attach less, or choose a model with a larger window.",
                )
            break
        kept[:0] = exchange
        spent += size
    return tuple(kept)


def joined(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Make neighbours of one role one message, and leave out what is empty.

    A question whose answer was lost stands before the next question; many models' chat templates
    refuse two in a row.
    """
    found: list[Message] = []
    for message in messages:
        if not message.content:
            continue
        if found and found[-1].role == message.role:
            content = (*found[-1].content, *message.content)
            found[-1] = msgspec.structs.replace(message, content=content)
        else:
            found.append(message)
    return tuple(found)


def tokens_of(parts: Sequence[Part], count: Count) -> int:
    """Count a message's tokens, about."""
    return MESSAGE_TOKENS + sum(_part_tokens(part, count) for part in parts)


def _exchanges(messages: Sequence[Message]) -> list[list[Message]]:
    found: list[list[Message]] = []
    for message in messages:
        if not found or (message.role == "user" and not _answers_tools(message)):
            found.append([])
        found[-1].append(message)
    return found


def _answers_tools(message: Message) -> bool:
    return any(isinstance(part, ToolResultPart) for part in message.content)


def _part_tokens(part: Part, count: Count) -> int:
    match part:
        case TextPart(text=text) | ReasoningPart(text=text) | ToolResultPart(content=text):
            return count(text)
        case ImagePart():
            return IMAGE_TOKENS
        case ToolCallPart():
            return count(part.name) + count(str(part.arguments))
        case FilePart() | SearchPart():
            return 0  # put in place as text before the history is fitted

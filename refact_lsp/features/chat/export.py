"""Writes a thread as Markdown. Pure."""

from collections.abc import Iterator

import msgspec

from refact_lsp.core.parts import (
    FilePart,
    ImagePart,
    Part,
    ReasoningPart,
    SearchPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from refact_lsp.features.chat.values import ThreadRead


def as_markdown(thread: ThreadRead) -> str:
    """Write a thread as a person reads it; thinking is folded away, images are named."""
    lines = [f"# {thread.title or 'Chat'}", ""]
    if thread.system:
        lines += ["## Instructions", "", thread.system, ""]
    for message in thread.messages:
        who = "You" if message.role == "user" else message.model or "Assistant"
        lines += [f"## {who}", ""]
        for part in message.content:
            lines += [*_part(part), ""]
    return "\n".join(lines).rstrip() + "\n"


def _part(part: Part) -> Iterator[str]:
    match part:
        case TextPart(text=text):
            yield text
        case ReasoningPart(text=text):
            if text:
                yield from ("<details><summary>Thinking</summary>", "", text, "", "</details>")
        case ImagePart(uri=uri):
            yield f"*Image: {uri if uri and not uri.startswith('data:') else part.mime_type}*"
        case FilePart(uri=uri):
            yield f"*File: {uri}*"
        case SearchPart(query=query):
            yield f"*Search: {query}*"
        case ToolCallPart(name=name, arguments=arguments):
            yield f"*Calls {name}*"
            yield from _fenced(arguments if isinstance(arguments, str) else _json(arguments))
        case ToolResultPart(content=content, is_error=is_error):
            yield "*The tool failed*" if is_error else "*The tool gave*"
            yield from _fenced(content)


def _fenced(text: str) -> tuple[str, str, str]:
    fence = "```"
    while fence in text:
        fence += "`"
    return fence, text, fence


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()

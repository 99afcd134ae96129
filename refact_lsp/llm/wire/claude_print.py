"""The JSON lines of `claude --print --output-format stream-json --include-partial-messages`.

Reference: https://docs.claude.com/en/docs/claude-code/headless
"""

import msgspec

from refact_lsp.core.events import Event, Finished, ReasoningDelta, TextDelta, UsageReported
from refact_lsp.core.problems import RefactError
from refact_lsp.core.quirks import Quirks
from refact_lsp.core.requests import ChatRequest
from refact_lsp.core.types import Usage
from refact_lsp.llm.failures import classify
from refact_lsp.llm.wire.base import HttpRequest, Parser
from refact_lsp.llm.wire.program_prompt import LineParser, build_prompt
from refact_lsp.llm.wire.usage import first_count


class _Delta(msgspec.Struct):
    type: str = ""
    text: str = ""
    thinking: str = ""


class _Streamed(msgspec.Struct):
    type: str = ""
    delta: _Delta | None = None


class _Usage(msgspec.Struct):
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0


class _Line(msgspec.Struct):
    type: str = ""
    subtype: str = ""
    event: _Streamed | None = None
    parent_tool_use_id: str | None = None
    is_error: bool = False
    result: str | None = None
    usage: _Usage | None = None


_DECODER = msgspec.json.Decoder(_Line)


def build_chat(request: ChatRequest, quirks: Quirks) -> HttpRequest:  # noqa: ARG001  — the shape of every wire format
    """Write the thread as the program's prompt."""
    return build_prompt(request)


def chat_parser(quirks: Quirks) -> Parser:  # noqa: ARG001  — the shape of every wire format
    """Make a parser for one run."""
    return _Parser()


class _Parser(LineParser[_Line]):
    def __init__(self) -> None:
        super().__init__(_DECODER.decode)
        self._spoken = False

    def _take(self, line: _Line) -> list[Event]:
        if line.type == "stream_event" and line.parent_tool_use_id is None:
            return self._streamed(line.event.delta if line.event else None)
        return self._ended(line) if line.type == "result" else []

    def _streamed(self, delta: _Delta | None) -> list[Event]:
        if delta is not None and delta.type == "text_delta" and delta.text:
            self._spoken = True
            return [TextDelta(delta=delta.text)]
        if delta is not None and delta.type == "thinking_delta" and delta.thinking:
            return [ReasoningDelta(delta=delta.thinking)]
        return []

    def _ended(self, line: _Line) -> list[Event]:
        if line.is_error or line.subtype.startswith("error"):
            said = msgspec.json.encode({"error": {"message": line.result or line.subtype}})
            raise RefactError(classify(200, {}, said))
        # A version that streams no pieces gives the whole answer here.
        whole = line.result if line.result and not self._spoken else None
        usage = line.usage or _Usage()
        read = first_count(usage.cache_read_input_tokens) or 0
        written = first_count(usage.cache_creation_input_tokens) or 0
        counted = Usage(
            input_tokens=(first_count(usage.input_tokens) or 0) + read + written,
            output_tokens=first_count(usage.output_tokens) or 0,
            cache_read_tokens=read,
            cache_write_tokens=written,
        )
        said_now: list[Event] = [TextDelta(delta=whole)] if whole else []
        return [*said_now, UsageReported(usage=counted), Finished(reason="stop", raw=line.subtype)]

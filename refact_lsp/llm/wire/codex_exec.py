"""The JSON lines of `codex exec --json`.

Reference: https://developers.openai.com/codex/noninteractive
"""

import msgspec

from refact_lsp.core.events import Event, Finished, ReasoningDelta, TextDelta, UsageReported
from refact_lsp.core.problems import RefactError, refuse
from refact_lsp.core.quirks import Quirks
from refact_lsp.core.requests import ChatRequest
from refact_lsp.core.types import Usage
from refact_lsp.llm.failures import classify
from refact_lsp.llm.wire.base import HttpRequest, Parser
from refact_lsp.llm.wire.program_prompt import LineParser, build_prompt
from refact_lsp.llm.wire.usage import first_count


class _Item(msgspec.Struct):
    id: str = ""
    type: str = ""
    text: str = ""


class _Usage(msgspec.Struct):
    input_tokens: int = 0
    cached_input_tokens: int = 0
    output_tokens: int = 0
    reasoning_output_tokens: int | None = None


class _Error(msgspec.Struct):
    message: str = ""


class _Line(msgspec.Struct):
    type: str = ""
    item: _Item | None = None
    usage: _Usage | None = None
    error: _Error | None = None
    message: str | None = None


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
        self._given: dict[str, int] = {}
        self._spoken = False
        self._trouble = ""

    def _incomplete(self) -> RefactError:
        return _failure(self._trouble)

    def _take(self, line: _Line) -> list[Event]:
        match line.type:
            case "item.updated" | "item.completed" if line.item is not None:
                return self._said(line.item)
            case "turn.completed":
                usage = line.usage or _Usage()
                end = Finished(reason="stop", raw=line.type)
                return [UsageReported(usage=_counted(usage)), end]
            case "turn.failed":
                raise _failure(line.error.message if line.error else self._trouble)
            case "error":
                # It may still try again by itself: only the end of the turn tells.
                self._trouble = line.message or self._trouble
            case _:
                pass
        return []

    def _said(self, item: _Item) -> list[Event]:
        """Give what is new of an item; a second message begins on a line of its own."""
        given = self._given.get(item.id, 0)
        new = item.text[given:]
        if item.type not in ("agent_message", "reasoning") or not new:
            return []
        self._given[item.id] = len(item.text)
        if item.type == "reasoning":
            return [ReasoningDelta(delta=new)]
        apart = "\n\n" if self._spoken and not given else ""
        self._spoken = True
        return [TextDelta(delta=apart + new)]


def _counted(usage: _Usage) -> Usage:
    return Usage(
        input_tokens=first_count(usage.input_tokens) or 0,
        output_tokens=first_count(usage.output_tokens) or 0,
        cache_read_tokens=first_count(usage.cached_input_tokens),
        reasoning_tokens=first_count(usage.reasoning_output_tokens),
    )


def _failure(message: str) -> RefactError:
    if message:
        return RefactError(classify(200, {}, msgspec.json.encode({"error": {"message": message}})))
    return refuse("badResponse", "The program ended before its answer was complete.")

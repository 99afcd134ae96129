"""What a running turn tells its client: `refact/chat/event` notifications, numbered from 0."""

from collections.abc import Callable
from typing import Any

import msgspec

from refact_lsp.core.events import Event, ReasoningDelta, TextDelta, ToolCalled, UsageReported
from refact_lsp.core.problems import Problem
from refact_lsp.core.types import FinishReason, Usage, Value


class Text(Value, frozen=True, kw_only=True, tag="text"):
    """A piece of the answer."""

    delta: str


class Thinking(Value, frozen=True, kw_only=True, tag="reasoning"):
    """A piece of the thinking."""

    delta: str


class ToolCall(Value, frozen=True, kw_only=True, tag="toolCall"):
    """A complete call; `invalid` says that `arguments` is the raw text of broken JSON."""

    id: str
    name: str
    arguments: Any
    invalid: bool = False


class Retry(Value, frozen=True, kw_only=True, tag="retry"):
    """The model is asked again after a wait; `attempt` counts the tries so far."""

    attempt: int
    after_ms: int
    error: Problem


class Switched(Value, frozen=True, kw_only=True, tag="switched"):
    """Another model of the role's chain is asked."""

    source: str = msgspec.field(name="from")
    target: str = msgspec.field(name="to")
    error: Problem


class UsageTold(Value, frozen=True, kw_only=True, tag="usage"):
    """Tokens so far, and what they cost in US dollars."""

    usage: Usage
    cost: str | None = None


class Done(Value, frozen=True, kw_only=True, tag="done"):
    """The turn is over."""

    finish_reason: FinishReason


TurnEvent = Text | Thinking | ToolCall | Retry | Switched | UsageTold | Done


class Told(Value, frozen=True, kw_only=True):
    """One notification."""

    thread_id: str
    turn_id: str
    seq: int
    event: TurnEvent


Tell = Callable[[Told], None]


class Stream:
    """Numbers a turn's events and hands them on."""

    def __init__(self, thread: str, turn: str, tell: Tell) -> None:
        self._thread, self._turn, self._tell = thread, turn, tell
        self._seq = 0

    def send(self, event: TurnEvent) -> None:
        """Tell one event."""
        self._tell(Told(thread_id=self._thread, turn_id=self._turn, seq=self._seq, event=event))
        self._seq += 1

    def model_event(self, event: Event, cost: Callable[[Usage], str | None]) -> None:
        """Tell what a model said, as far as clients are told."""
        match event:
            case TextDelta(delta=delta):
                self.send(Text(delta=delta))
            case ReasoningDelta(delta=delta):
                self.send(Thinking(delta=delta))
            case ToolCalled():
                self.send(
                    ToolCall(
                        id=event.id,
                        name=event.name,
                        arguments=event.arguments,
                        invalid=event.invalid,
                    )
                )
            case UsageReported(usage=usage):
                self.send(UsageTold(usage=usage, cost=cost(usage)))
            case _:
                pass  # sealed thinking is for the vendor; the end is told when all is stored

    def retry(self, attempt: int, after_ms: int, problem: Problem) -> None:
        """Tell that the model is asked again."""
        self.send(Retry(attempt=attempt, after_ms=after_ms, error=problem))

    def switched(self, source: str, target: str, problem: Problem) -> None:
        """Tell that another model is asked."""
        self.send(Switched(source=source, target=target, error=problem))

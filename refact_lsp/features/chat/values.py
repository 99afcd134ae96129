"""What a client asks of chat and what it is given, in the protocol's shapes."""

from typing import Literal

from refact_lsp.core.nouns import Parameters
from refact_lsp.core.parts import Part, Tool
from refact_lsp.core.types import FinishReason, ReasoningLevel, Usage, Value

ChatRole = Literal["chat", "light", "thinking", "buddy"]


class Turn(Value, frozen=True, kw_only=True):
    """What the user sends; `content` is text or parts.

    `threadId` continues a thread; an `ephemeral` turn is kept nowhere.
    """

    content: str | tuple[Part, ...]
    thread_id: str | None = None
    role: ChatRole | None = None
    model: str | None = None
    mode: Literal["ask", "agent"] = "ask"
    reasoning: ReasoningLevel | None = None
    system: str | None = None
    tools: tuple[Tool, ...] | None = None
    parameters: Parameters | None = None
    ephemeral: bool = False


class Timing(Value, frozen=True, kw_only=True):
    """Milliseconds since the turn began."""

    total_ms: int
    first_token_ms: int | None = None


class AnswerMessage(Value, frozen=True, kw_only=True):
    """The answer; `role` is always assistant."""

    role: Literal["assistant"]
    content: tuple[Part, ...]


class Turned(Value, frozen=True, kw_only=True):
    """A finished turn; `cost` in US dollars, absent where no price is known.

    `usage` is the provider's own count, or an estimate where it tells none.
    """

    thread_id: str
    turn_id: str
    model: str
    message: AnswerMessage
    finish_reason: FinishReason
    usage: Usage
    timing: Timing
    cost: str | None = None


class ThreadShown(Value, frozen=True, kw_only=True):
    """A thread as lists show it; `cost` in US dollars, absent where no price is known."""

    id: str
    title: str
    created_at: str
    updated_at: str
    model: str
    message_count: int
    cost: str | None = None


class ThreadsPage(Value, frozen=True, kw_only=True):
    """Threads, the newest first; `cursor` asks for the next page where there is one."""

    threads: tuple[ThreadShown, ...]
    cursor: str | None = None


class MessageShown(Value, frozen=True, kw_only=True):
    """A stored message; model, finish, usage and cost are an answer's. `seq` counts from 0."""

    seq: int
    turn_id: str
    role: Literal["user", "assistant"]
    content: tuple[Part, ...]
    at: str
    model: str | None = None
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    cost: str | None = None


class ThreadRead(Value, frozen=True, kw_only=True):
    """A thread with its messages."""

    id: str
    title: str
    created_at: str
    updated_at: str
    model: str
    message_count: int
    messages: tuple[MessageShown, ...]
    system: str | None = None
    forked_from: str | None = None
    cost: str | None = None

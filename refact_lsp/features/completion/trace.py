"""What happened to each request, kept in memory for `explain` and `recent`, never on disk."""

from collections import deque
from collections.abc import Sequence
from typing import Literal

import msgspec

from refact_lsp.core.problems import Problem
from refact_lsp.core.types import Value
from refact_lsp.features.completion.values import CacheUse, Snippet, Trigger

Outcome = Literal[
    "pending",
    "shown",
    "nothing",
    "superseded",
    "cancelled",
    "failed",
    "accepted",
    "acceptedPartly",
    "typedThrough",
    "rejected",
]
_KEPT = 200
_PROMPTS_KEPT = 40


class ContextUse(Value, frozen=True, kw_only=True):
    """A snippet that was put into the prompt."""

    source: str
    uri: str
    range: tuple[int, int]
    tokens: int
    score: float


class Explained(Value, frozen=True, kw_only=True):
    """The answer of `refact/completion/explain`."""

    id: str
    model: str
    provider: str
    trigger: Trigger
    cache: CacheUse
    prompt: str
    context: Sequence[ContextUse]
    raw: str
    shown: str
    timing: dict[str, float]
    dropped: str | None = None
    problem: Problem | None = None


class Decision(Value, frozen=True, kw_only=True):
    """One row of `refact/completion/recent`."""

    id: str
    at: str
    uri: str
    line: int
    outcome: Outcome
    total_ms: float
    model: str | None = None
    reason: str | None = None
    cache: CacheUse | None = None


class Trace(msgspec.Struct):
    """Filled while a request is served."""

    id: str
    at: str
    uri: str
    line: int
    trigger: Trigger
    began_s: float
    model: str = ""
    cache: CacheUse = "miss"
    prompt: str = ""
    context: Sequence[ContextUse] = ()
    raw: str = ""
    shown: str = ""
    outcome: Outcome = "pending"
    reason: str | None = None
    problem: Problem | None = None
    joined: bool = False
    timing: dict[str, float] = msgspec.field(default_factory=dict[str, float])

    def stage(self, name: str, elapsed_s: float) -> None:
        """Add to the time of a stage; its name ends in `Ms` on the wire."""
        key = f"{name}Ms"
        self.timing[key] = round(self.timing.get(key, 0.0) + elapsed_s * 1000, 3)


class Traces:
    """The last 200 requests; only the last 40 keep their texts."""

    def __init__(self) -> None:
        self._ring: deque[Trace] = deque(maxlen=_KEPT)

    def add(self, trace: Trace) -> None:
        """Remember a request from its beginning on."""
        self._ring.append(trace)
        if len(self._ring) > _PROMPTS_KEPT:
            old = self._ring[-_PROMPTS_KEPT - 1]
            old.prompt, old.raw, old.context = "", "", ()

    def find(self, trace_id: str | None) -> Trace | None:
        """Give the request of that id, or the last one."""
        if trace_id is None:
            return self._ring[-1] if self._ring else None
        return next((trace for trace in reversed(self._ring) if trace.id == trace_id), None)

    def recent(self, limit: int = 50) -> list[Decision]:
        """Give the last requests, the newest first."""
        return [decision(trace) for trace in list(self._ring)[: -limit - 1 : -1]]


def decision(trace: Trace) -> Decision:
    """Sum a trace up in one row."""
    return Decision(
        id=trace.id,
        at=trace.at,
        uri=trace.uri,
        line=trace.line,
        outcome=trace.outcome,
        total_ms=trace.timing.get("totalMs", 0.0),
        model=trace.model or None,
        reason=trace.reason,
        cache=trace.cache,
    )


def explained(trace: Trace) -> Explained:
    """Show a trace whole."""
    return Explained(
        id=trace.id,
        model=trace.model,
        provider=trace.model.partition("/")[0],
        trigger=trace.trigger,
        cache=trace.cache,
        prompt=trace.prompt,
        context=trace.context,
        raw=trace.raw,
        shown=trace.shown,
        timing=dict(trace.timing),
        dropped=trace.reason,
        problem=trace.problem,
    )


def context_use(snippet: Snippet, tokens: int) -> ContextUse:
    """Describe a snippet for a trace."""
    return ContextUse(
        source=snippet.source,
        uri=snippet.path,
        range=(snippet.start_line, snippet.end_line),
        tokens=tokens,
        score=snippet.score,
    )

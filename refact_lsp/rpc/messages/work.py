"""Params and results of inline completion and chat, beside those that the features own."""

from refact_lsp.core.types import Value
from refact_lsp.features.completion.stats import By, Row
from refact_lsp.features.completion.trace import Decision

# --- inline completion -----------------------------------------------------------------------


class CompletionExplain(Value, frozen=True, kw_only=True):
    """Which completion to explain; the last one where no id is given."""

    id: str | None = None


class CompletionRecent(Value, frozen=True, kw_only=True):
    """How many decisions to list."""

    limit: int = 50


class CompletionDecisions(Value, frozen=True, kw_only=True):
    """What was decided, newest first."""

    decisions: tuple[Decision, ...]


class CompletionStats(Value, frozen=True, kw_only=True):
    """From which day on (UTC; a time stands for its day), and summed by what."""

    since: str | None = None
    by: By = "model"


class CompletionStatsResult(Value, frozen=True, kw_only=True):
    """One row a key."""

    rows: tuple[Row, ...]


# --- chat ------------------------------------------------------------------------------------


class ThreadName(Value, frozen=True, kw_only=True):
    """Names a thread."""

    thread_id: str


class ChatThreads(Value, frozen=True, kw_only=True):
    """Which threads to list: those that hold the query, a page at a time."""

    query: str | None = None
    limit: int = 50
    cursor: str | None = None


class ChatFork(Value, frozen=True, kw_only=True):
    """Copy a thread, or its messages before that number."""

    thread_id: str
    before: int | None = None


class Markdown(Value, frozen=True, kw_only=True):
    """A thread to read elsewhere."""

    markdown: str

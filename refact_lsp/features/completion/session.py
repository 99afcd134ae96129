"""What the engine remembers of one document, and the one stream it may have."""

import asyncio
from collections import deque
from typing import Any

import msgspec

from refact_lsp.core.text import Snapshot, split_lines
from refact_lsp.features.completion.cache import Entry
from refact_lsp.features.completion.live import Live
from refact_lsp.features.completion.outcomes import Watch
from refact_lsp.features.completion.ports import Settings, Target
from refact_lsp.features.completion.prompt import Window
from refact_lsp.features.completion.timing import Rhythm
from refact_lsp.features.completion.values import Answer, Lines

CLOSE_S = 0.05  # how long a new stream waits for the old one to be gone
_REJECTED_KEPT, _DELETED_KEPT = 16, 3
_WORTH_NOTING = 4  # characters from which a deletion says what is not wanted


class Place(msgspec.Struct, frozen=True):
    """Where something is asked, of which model, under which settings.

    `scope` stands for everything but the text that shapes an answer; `unit` is the client's word
    on one step of indentation.
    """

    snapshot: Snapshot
    scope: int
    target: Target
    settings: Settings
    unit: str | None = None

    def after(self, answer: Answer) -> "Place":
        """Give the place behind an answer, as if it was accepted."""
        return msgspec.structs.replace(
            self, snapshot=snapshot_with(self.snapshot, answer.text, answer.replaced)
        )


class Waiting:
    """A request that waits, until a newer one of its document ends it."""

    def __init__(self) -> None:
        self._task: asyncio.Task[Any] | None = None
        self._cancelled = 0
        self._superseded = False

    def begin(self) -> None:
        """Wait in the present task from now on; raises where a newer request is here already."""
        if self._superseded:
            raise asyncio.CancelledError
        self._task = asyncio.current_task()
        self._cancelled = self._task.cancelling() if self._task is not None else 0

    def supersede(self) -> None:
        """End it; it sees a cancellation."""
        self._superseded = True
        if self._task is not None:
            self._task.cancel()

    def was_superseded(self) -> bool:
        """Say whether that is all there is to a cancellation, and take it back then."""
        if self._task is None:
            return self._superseded
        return self._superseded and self._task.uncancel() <= self._cancelled


class Session(msgspec.Struct):
    """The state of one document.

    `others` are streams for more candidates of an explicit request, each with a socket of its own;
    `asking` is the request that waits, `plan` what comes next, `idle` waits for the typing to
    pause; `place` was asked last, `changes` counts the document's versions.
    """

    uri: str
    window: Window = msgspec.field(default_factory=Window)
    rhythm: Rhythm = msgspec.field(default_factory=Rhythm)
    live: Live | None = None
    others: list[Live] = msgspec.field(default_factory=list[Live])
    asking: Waiting | None = None
    plan: asyncio.Task[None] | None = None
    idle: asyncio.Task[None] | None = None
    place: Place | None = None
    changes: int = 0
    watch: Watch | None = None
    watched: Entry | None = None
    watching: Place | None = None
    lines: Lines | None = None
    rejections: int = 0
    rejected_at_s: float | None = None
    rejected_place: tuple[int, int] | None = None
    rejected: deque[tuple[str, str]] = msgspec.field(
        default_factory=lambda: deque(maxlen=_REJECTED_KEPT)
    )
    deleted: deque[str] = msgspec.field(default_factory=lambda: deque(maxlen=_DELETED_KEPT))

    def supersede(self) -> None:
        """Let the request that waits come back empty: a newer one is here."""
        if self.asking is not None:
            self.asking.supersede()
            self.asking = None
        self.close_others()

    def drop_plan(self) -> None:
        if self.plan is not None:
            self.plan.cancel()
            self.plan = None

    def close_live(self) -> None:
        """Close the stream's socket; its task is kept until it is gone."""
        if self.live is not None:
            self.live.close()
        self.close_others()

    def close_others(self) -> None:
        """Close the streams of further candidates."""
        for live in self.others:
            live.close()
        self.others.clear()

    def keep_only(self, snapshot: Snapshot, scope: int) -> None:
        """Close the stream unless this place continues it."""
        live = self.live
        if live is None or live.over.is_set():
            return
        if live.continued_by(snapshot, scope) is None and not live.still_ahead_of(snapshot, scope):
            live.close()

    async def closed(self) -> None:
        """Wait until the last stream let go of its socket."""
        task = self.live.task if self.live is not None else None
        if task is not None and not task.done():
            await asyncio.wait({task}, timeout=CLOSE_S)

    def changed(self, lines: Lines, at_ms: float) -> None:
        """Note a keystroke; a stream that the document has left is closed at once."""
        if self.lines is not None and len(gone := deleted_text(self.lines, lines)) >= _WORTH_NOTING:
            self.deleted.append(gone)
        self.lines = lines
        self.changes += 1
        self.rhythm.typed(at_ms)
        live = self.live
        if live is not None and not live.over.is_set() and not live.survives(lines):
            self.supersede()
            live.close()

    def reject(self, snapshot: Snapshot, text: str, now_s: float) -> None:
        """Remember that a text was not taken at a place."""
        self.rejections += 1
        self.rejected_at_s = now_s
        self.rejected_place = (snapshot.line, snapshot.column)
        self.rejected.append((snapshot.line_prefix, text))

    def rejected_here(self, snapshot: Snapshot) -> float | None:
        """Say when a suggestion was rejected at this very place."""
        here = (snapshot.line, snapshot.column)
        return self.rejected_at_s if self.rejected_place == here else None


def snapshot_with(snapshot: Snapshot, text: str, replaced: int) -> Snapshot:
    """Give the document as it will be once a suggestion is accepted, the cursor behind it."""
    line = snapshot.lines[snapshot.line]
    before = line[: snapshot.column] + text
    head = split_lines(before)
    row, column = snapshot.line + len(head) - 1, len(head.pop())
    new = split_lines(before + line[snapshot.column + replaced :])
    if snapshot.line < len(snapshot.lines) - 1:
        new.pop()  # the empty rest behind the ending of the cursor's line
    lines = [*snapshot.lines[: snapshot.line], *new, *snapshot.lines[snapshot.line + 1 :]]
    return Snapshot(
        uri=snapshot.uri,
        path=snapshot.path,
        language=snapshot.language,
        version=None,
        lines=lines,
        line=row,
        column=column,
    )


def deleted_text(before: Lines, after: Lines) -> str:
    """Give what a change took away where it put nothing in its place, else nothing."""
    if len(after) > len(before):
        return ""
    first = _agreeing(before, after)
    if first == len(before):
        return ""
    lost = len(before) - len(after)
    last = _parting(before, after, first)
    old, new = "".join(before[first : last + lost]), "".join(after[first:last])
    if len(old) <= len(new):
        return ""
    head = 0
    while head < len(new) and old[head] == new[head]:
        head += 1
    return old[head : head + len(old) - len(new)] if old.endswith(new[head:]) else ""


def _agreeing(left: Lines, right: Lines) -> int:
    """Count the lines at the beginning that are the same, by halving."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _parting(before: Lines, after: Lines, first: int) -> int:
    """Give the line of `after`, none above `first`, from which on both end the same."""
    low, high, lost = first, len(after), len(before) - len(after)
    while low < high:
        middle = (low + high) // 2
        if after[middle:high] == before[middle + lost : high + lost]:
            high = middle
        else:
            low = middle + 1
    return high

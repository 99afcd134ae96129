"""What was typed between two snapshots, and what an editor put behind the cursor by itself. Pure.

An editor that sees an opener typed adds its closer right of the cursor, and breaks the line before
it where Enter is pressed between the two. A text that was there before is then farther right.
"""

from collections.abc import Iterator
from typing import NamedTuple

from refact_lsp.core.text import Snapshot

LINES_BACK = 24  # how far above the cursor an answer may have begun
CLOSERS = {")": "(", "]": "[", "}": "{", '"': '"', "'": "'", "`": "`", ">": "<"}
MOST_CLOSERS = 3  # that an editor may have added by itself
_ON_A_LINE_OF_ITS_OWN = frozenset(")]}")


class Closed(NamedTuple):
    """`text` is what the editor may have put between the cursor and `right`, mostly nothing.

    `right` is what stood right of the cursor before, to the end of its line, which is the one
    above `next_line`. `below_cursor` says that a line break is part of the text.
    """

    text: str
    right: str
    next_line: int
    below_cursor: bool = False

    def opened_in(self, typed: str) -> bool:
        """Whether something was typed that these closers can belong to."""
        return all(CLOSERS[closer] in typed for closer in self.text if closer in CLOSERS)


def closings(snapshot: Snapshot) -> Iterator[Closed]:
    """Give the ways to read what stands right of the cursor; that nothing was added comes first."""
    lines, line = snapshot.lines, snapshot.line
    right = lines[line][snapshot.column :]
    yield Closed("", right, line + 1)
    for count in range(1, MOST_CLOSERS + 1):
        if right[count - 1 : count] not in CLOSERS:
            break
        yield Closed(right[:count], right[count:], line + 1)
    if right.strip() or line + 1 >= len(lines):
        return
    below = lines[line + 1]
    indent = len(below) - len(below.lstrip(" \t"))
    for end in range(indent + 1, indent + 1 + MOST_CLOSERS):
        if below[end - 1 : end] not in _ON_A_LINE_OF_ITS_OWN:
            return
        yield Closed(right + below[:end], below[end:], line + 2, below_cursor=True)


def typed_since(before: Snapshot, now: Snapshot) -> str | None:
    """Give what was typed between two snapshots where that is all that happened, else None."""
    return _typed(before, now, next(closings(now)))


def typed_by_user(before: Snapshot, now: Snapshot) -> str | None:
    """Give what was typed where nothing else happened but that the editor added closers."""
    for closed in closings(now):
        typed = _typed(before, now, closed)
        if typed is not None and closed.opened_in(typed):
            return typed
    return None


def without_closers(put: str) -> str:
    """Give what was put at a cursor without the closers at its end, which may be the editor's."""
    bare = put.rstrip("".join(CLOSERS))
    at = bare.rstrip(" \t")
    on_own_line = at.endswith("\n") and set(put[len(bare) :]) & _ON_A_LINE_OF_ITS_OWN
    return at.rstrip(" \t\r\n") if on_own_line else bare


def _typed(before: Snapshot, now: Snapshot, closed: Closed) -> str | None:
    below, below_now = before.lines[before.line + 1 :], now.lines[closed.next_line :]
    if (
        before.uri != now.uri
        or not 0 <= now.line - before.line <= LINES_BACK
        or len(below) != len(below_now)
        or before.lines[before.line][before.column :] != closed.right
        or now.lines[before.line][: before.column] != before.lines[before.line][: before.column]
        or before.lines[: before.line] != now.lines[: before.line]
        or below != below_now
    ):
        return None
    if before.line == now.line:
        if now.column < before.column:
            return None
        return now.lines[now.line][before.column : now.column]
    middle = "".join(now.lines[before.line + 1 : now.line])
    return now.lines[before.line][before.column :] + middle + now.lines[now.line][: now.column]

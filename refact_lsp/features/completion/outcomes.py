"""What the user did with a suggestion, read off the document where the client says nothing. Pure.

The document is compared with the one that the suggestion was made for: what stands between the
same beginning and the same end is what was typed or accepted of it.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from refact_lsp.core.text import Snapshot
from refact_lsp.features.completion.typed import without_closers
from refact_lsp.features.completion.values import Answer, Lines

Step = Literal[
    "none", "typed", "typedAll", "acceptedPartly", "accepted", "left", "deleted", "elsewhere"
]
TYPED_AT_ONCE = 3  # characters of one change that may still be fast typing
NEAR_LINES = 60  # how far from its place an accepted text is looked for


class Watch(msgspec.Struct):
    """A suggestion that is shown, and how much of it stands in the document by now.

    `ids` are the requests that it answered; `counted` characters are counted as accepted.
    """

    ids: list[str]
    snapshot: Snapshot
    answer: Answer
    model: str
    progress: int = 0
    counted: int = 0
    partly: bool = False
    shown: bool = False


def step(watch: Watch, lines: Lines) -> Step:
    """Compare the document after a change, and move the watch's progress on."""
    text = watch.answer.text
    readings = _between(watch.snapshot, watch.answer.replaced, lines)
    if not readings:
        return "elsewhere"
    progress = next((len(text) for between in readings if between == text), None)
    if progress is None:
        found = (_progress(text, between) for between in readings)
        progress = next((value for value in found if value is not None), None)
    if progress is None:
        return "left"
    gained = progress - watch.progress
    watch.progress = progress
    if gained <= 0:
        return "deleted" if gained else "none"
    piece = text[progress - gained : progress]
    typed = gained <= TYPED_AT_ONCE or not piece.strip()
    if progress == len(text):
        return "typedAll" if typed and progress > gained else "accepted"
    return "typed" if typed or piece[:1] in "\r\n" else "acceptedPartly"


def followed(snapshot: Snapshot, replaced: int, text: str, lines: Lines) -> str | None:
    """Give what was put at a snapshot's cursor since, where it begins `text` or goes beyond it."""
    readings = _between(snapshot, replaced, lines)
    return next((put for put in readings if _progress(text, put) is not None), None)


def utf16_prefix(text: str, units: int) -> int:
    """Give the number of code points in the first `units` UTF-16 units of a text."""
    taken = 0
    for index, char in enumerate(text):
        taken += 2 if ord(char) > 0xFFFF else 1  # noqa: PLR2004  — the end of the basic plane
        if taken > units:
            return index
    return len(text)


def kept_chars(text: str, line: int, lines: Lines) -> int:
    """Count the characters of the accepted lines that still stand near where they were put."""
    near = [entry.strip() for entry in lines[max(0, line - NEAR_LINES) : line + NEAR_LINES]]
    kept = 0
    for part in text.splitlines():
        wanted = part.strip()
        found = next((index for index, entry in enumerate(near) if wanted in entry), None)
        if wanted and found is not None:
            kept += len(wanted)
    return kept


def judged_chars(text: str) -> int:
    """Count the characters that `kept_chars` could find."""
    return sum(len(part.strip()) for part in text.splitlines())


def _between(snapshot: Snapshot, replaced: int, lines: Lines) -> list[str]:
    """Give what may stand between the prefix and the suffix of a snapshot in later lines.

    Where the suggestion replaces text right of the cursor there are several readings.
    """
    line, added = snapshot.line, len(lines) - len(snapshot.lines)
    last = line + added
    if added < 0 or not _same(snapshot.lines[:line], lines[:line]):
        return []
    if not _same(snapshot.lines[line + 1 :], lines[last + 1 :]):
        return []
    before = snapshot.lines[line][: snapshot.column]
    right = snapshot.lines[line][snapshot.column :]
    now = "".join(lines[line : last + 1])
    if not now.startswith(before):
        return []
    return [
        now[len(before) : len(now) - len(right) + overtyped]
        for overtyped in range(replaced + 1)
        if now.endswith(right[overtyped:]) and len(now) >= len(before) + len(right) - overtyped
    ]


def _progress(text: str, between: str) -> int | None:
    if text.startswith(between):
        return len(between)
    if between.startswith(text):
        return len(text)
    # An editor that closes brackets by itself has put the closer behind what was typed.
    bare = without_closers(between)
    for end in range(len(between), len(bare) - 1, -1):
        if text.startswith(between[:end]):
            return end
    return None


def _same(left: Sequence[str], right: Sequence[str]) -> bool:
    return len(left) == len(right) and left == right

"""Open documents besides the one at the cursor: what was edited there, and what looks alike. Pure.

Edits are shown as a diff. Windows are for where definitions leave room: in files without a grammar.
"""

import difflib
from collections.abc import Mapping, Sequence
from heapq import nlargest

import msgspec

from refact_lsp.core.redact import redacted
from refact_lsp.core.tokens import estimate, take_start
from refact_lsp.features.completion.values import Snippet
from refact_lsp.features.context.extract import IDENTIFIER

EDIT_TOKENS = 200
_MOST_EDITED = 3
_MOST_CHANGED_LINES = 120
_WINDOW_LINES = 20
_WINDOW_STEP = 10
_MOST_WINDOWS = 3
_MOST_LINES = 2000
_LEAST_ALIKE = 0.1


class OpenText(msgspec.Struct, frozen=True):
    """A document as it was when it was opened and as it is; `at` orders them by their last edit."""

    first: Sequence[str]
    lines: Sequence[str]
    at: int = 0


def recent_edits(documents: Mapping[str, OpenText], path: str | None) -> list[Snippet]:
    """Show what was changed in other documents, newest first, within a budget of tokens."""
    edited = [(text.at, name, text) for name, text in documents.items() if text.at and name != path]
    left = EDIT_TOKENS
    found: list[Snippet] = []
    for _, name, text in nlargest(_MOST_EDITED, edited, key=lambda each: each[0]):
        diff = take_start(difference(text.first, text.lines), left)
        if diff.strip():
            left -= estimate(diff)
            found.append(
                Snippet(source="edits", path=name, text=redacted(diff), stable=False, score=1.0)
            )
    return found


def difference(before: Sequence[str], after: Sequence[str]) -> str:
    """Say what changed between two texts, one line of context around."""
    start = _common(before, after)
    rest = _common(before[start:][::-1], after[start:][::-1])
    old, new = before[start : len(before) - rest], after[start : len(after) - rest]
    if len(old) > _MOST_CHANGED_LINES or len(new) > _MOST_CHANGED_LINES:
        return ""
    above = [line.rstrip() for line in after[max(0, start - 1) : start]]
    hunks = difflib.ndiff([line.rstrip() for line in old], [line.rstrip() for line in new])
    kept = [line for line in hunks if not line.startswith("?")]
    return "\n".join([*(f"  {line}" for line in above), *kept])


def alike_windows(
    documents: Mapping[str, OpenText],
    path: str | None,
    lines: Sequence[str],
    line: int,
    budget: int,
) -> list[Snippet]:
    """Find the windows of other open documents that share most names with the cursor's."""
    query = _names(lines[max(0, line - _WINDOW_LINES) : line + _WINDOW_LINES])
    scored: list[tuple[float, str, int]] = []
    for name, text in documents.items():
        for start in (
            range(0, min(len(text.lines), _MOST_LINES), _WINDOW_STEP) if name != path else ()
        ):
            names = _names(text.lines[start : start + _WINDOW_LINES])
            alike = len(query & names) / (len(query | names) or 1)
            if alike >= _LEAST_ALIKE:
                scored.append((alike, name, start))
    found: list[Snippet] = []
    taken: set[tuple[str, int]] = set()
    for alike, name, start in nlargest(_MOST_WINDOWS * 2, scored):
        around = {(name, start + step) for step in (-_WINDOW_STEP, 0, _WINDOW_STEP)}
        end = min(start + _WINDOW_LINES, len(documents[name].lines))
        text = "\n".join(each.rstrip() for each in documents[name].lines[start:end])
        cost = estimate(text) + estimate(name)
        if around & taken or cost > budget or len(found) == _MOST_WINDOWS:
            continue
        budget -= cost
        taken.add((name, start))
        found.append(
            Snippet(
                source="alike",
                path=name,
                text=redacted(text),
                start_line=start,
                end_line=end,
                score=alike,
                stable=False,
            )
        )
    return found


def _common(before: Sequence[str], after: Sequence[str]) -> int:
    """Count the lines that two texts begin with alike."""
    pairs = zip(before, after, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(before), len(after)))


def _names(lines: Sequence[str]) -> set[str]:
    return set(IDENTIFIER.findall("\n".join(lines)))

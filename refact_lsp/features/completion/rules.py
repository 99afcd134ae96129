"""When not to ask by itself: each rule has a name that the trace shows. Pure.

A cached answer is served all the same, and a request that the user made is never held back.
"""

from collections.abc import Callable

import msgspec

from refact_lsp.core.text import Snapshot
from refact_lsp.features.completion.values import Request

LONG_RIGHT = 40  # characters right of the cursor from which a suggestion only disturbs
REJECTED_FOR_S = 5.0
_BRACES = frozenset(
    ("c", "cpp", "csharp", "css", "dart", "go", "java", "javascript", "javascriptreact", "kotlin")
) | {"php", "rust", "scala", "swift", "typescript", "typescriptreact", "zig"}
_FEW_LINES = 3


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules look at besides the text."""

    now_s: float
    failing_until_s: float = 0.0
    rejected_at_s: float | None = None


Rule = Callable[[Snapshot, Request, Situation], bool]


def suppressed(snapshot: Snapshot, request: Request, situation: Situation) -> str | None:
    """Give the name of the first rule that holds."""
    for name, rule in RULES.items():
        if rule(snapshot, request, situation):
            return name
    return None


def _word_right(snapshot: Snapshot, _request: Request, _situation: Situation) -> bool:
    right = snapshot.line_suffix[:1]
    return right.isalnum() or right == "_"


def _text_right(snapshot: Snapshot, _request: Request, _situation: Situation) -> bool:
    right = snapshot.line_suffix.strip()
    return len(right) > LONG_RIGHT and any(char.isalnum() for char in right)


def _statement_done(snapshot: Snapshot, _request: Request, _situation: Situation) -> bool:
    left = snapshot.line_prefix.rstrip()
    return (
        snapshot.language in _BRACES
        and left.endswith((";", "}"))
        and len(left) > 1
        and not snapshot.line_suffix.strip()
    )


def _blank_document(snapshot: Snapshot, _request: Request, _situation: Situation) -> bool:
    return len(snapshot.lines) < _FEW_LINES and not any(line.strip() for line in snapshot.lines)


def _rejected_here(_snapshot: Snapshot, _request: Request, situation: Situation) -> bool:
    rejected_at_s = situation.rejected_at_s
    return rejected_at_s is not None and situation.now_s - rejected_at_s < REJECTED_FOR_S


RULES: dict[str, Rule] = {
    "providerFailing": lambda _snapshot, _request, situation: (
        situation.now_s < situation.failing_until_s
    ),
    "multiCursor": lambda _snapshot, request, _situation: request.multi_cursor,
    "undo": lambda _snapshot, request, _situation: request.undoing,
    "wordRight": _word_right,
    "textRight": _text_right,
    "statementDone": _statement_done,
    "blankDocument": _blank_document,
    "rejectedHere": _rejected_here,
}

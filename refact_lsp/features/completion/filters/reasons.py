"""The closed list of why a text is not shown, and of what was done to one that is."""

from collections.abc import Sequence
from typing import Literal

import msgspec

DropReason = Literal[
    "blank",
    "repeatsSuffix",
    "repeatsPrefix",
    "repeatsItself",
    "chatEcho",
    "placeholder",
    "secret",
    "licence",
    "rejectedBefore",
    "undoesEdit",
    "brokenSyntax",
    "onlyClosers",
    "emptyComment",
]
Change = Literal[
    "controlToken",
    "thinking",
    "fence",
    "chatEcho",
    "prefixOverlap",
    "suffixOverlap",
    "suffixLine",
    "indentation",
    "lineEnding",
    "trailingBlank",
    "repetition",
    "closer",
    "brokenSyntax",
    "replacedRight",
]


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A text to show: it replaces from the cursor to `replace_end_column` of the cursor's line.

    `unknown_names` are names that the text uses and that nothing in the file defines.
    """

    text: str
    replace_end_column: int
    changes: Sequence[Change] = ()
    unknown_names: Sequence[str] = ()


class Dropped(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing is shown, and why."""

    reason: DropReason

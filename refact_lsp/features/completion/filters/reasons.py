"""The closed lists of why a text is not shown, and of what was done to one that is."""

from collections.abc import Sequence
from typing import Literal

import msgspec

DropReason = Literal[
    "blank",  # nothing but white space
    "onlyClosers",  # brackets and semicolons, which an editor writes by itself
    "emptyComment",  # a comment sign without words
    "repeatsSuffix",  # it is what follows already
    "repeatsPrefix",  # it is what stands above already
    "repeatsItself",  # the same words again and again
    "chatEcho",  # talk about the code instead of code
    "placeholder",  # "your code here"
    "secret",  # looks like a key or a password
    "licence",  # licence text that the document does not hold
    "rejectedBefore",  # the user did not want it a moment ago
    "undoesEdit",  # what the user has just deleted
    "brokenSyntax",  # the document would have an error that it has not now
]
Change = Literal[
    "controlToken",  # cut at a token of the model
    "thinking",  # thinking taken off
    "fence",  # taken out of a Markdown fence
    "chatEcho",  # an introduction taken off
    "prefixOverlap",  # the beginning that stands left of the cursor taken off
    "suffixOverlap",  # the end that stands right of the cursor taken off
    "suffixLine",  # cut at the document's next line
    "repetition",  # one of several equal lines kept
    "firstLine",  # one line wanted
    "unfinished",  # the last line was cut off by the token limit
    "indentation",  # put into the document's unit
    "lineEnding",  # put into the document's line endings
    "trailingBlank",  # blanks at line ends taken off
    "closer",  # closers written or taken off
    "brokenSyntax",  # cut at the first new error
    "replacedRight",  # stands in place of the rest of the line
]


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A text to show: it replaces from the cursor to `replace_end_column` of the cursor's line."""

    text: str
    replace_end_column: int
    changes: Sequence[Change] = ()


class Dropped(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing is shown, and why."""

    reason: DropReason

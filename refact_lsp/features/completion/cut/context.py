"""What the cutter must know of the place where text is asked for. Values only."""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Literal

import msgspec

from refact_lsp.core.text import Snapshot

Multiline = Literal["auto", "never", "always"]
CutReason = Literal[
    "end",  # the stream ended by itself
    "controlToken",  # a token of the family, or a stop string
    "newline",  # one line was asked for and is complete
    "rightText",  # the stream met what stands right of the cursor
    "bracket",  # a closer whose opener is the document's, and which the document closes itself
    "complete",  # everything that the document leaves open is closed
    "indentation",  # the scope of the cursor ended
    "suffixLine",  # a line of the stream is the next line of the document
    "repeatedLine",  # lines say what the lines before them said
    "repeatedInline",  # a line says the same words again and again
    "topLevel",  # a new definition at column 0
    "terminal",  # a return, a break: what follows in the same block cannot run
    "lineCap",  # long enough; cut at a statement
]
# A stream that was stopped for one of these says what comes next, as far as it was read.
GOES_ON: frozenset[CutReason] = frozenset(("newline", "lineCap"))
_LINE_BREAK = re.compile(r"\r\n|\r|\n")


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a stream: the useful text, why it ends there, and what was read beyond it."""

    text: str
    reason: CutReason
    rest: str = ""


class CutContext(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A hole in a document. `cut_strings` are the family's control tokens and stop strings."""

    language: str
    prefix: str
    suffix: str
    multiline: Multiline = "auto"
    cut_strings: Sequence[str] = ()

    @cached_property
    def line_prefix(self) -> str:
        """What stands left of the cursor on its line."""
        return self.prefix[max(self.prefix.rfind("\n"), self.prefix.rfind("\r")) + 1 :]

    @cached_property
    def line_suffix(self) -> str:
        """What stands right of the cursor on its line."""
        found = _LINE_BREAK.search(self.suffix)
        return self.suffix[: found.start()] if found else self.suffix


def cut_context(
    snapshot: Snapshot, *, multiline: Multiline = "auto", cut_strings: Sequence[str] = ()
) -> CutContext:
    """Take the hole at a snapshot's cursor."""
    return CutContext(
        language=snapshot.language,
        prefix=snapshot.prefix,
        suffix=snapshot.suffix,
        multiline=multiline,
        cut_strings=cut_strings,
    )

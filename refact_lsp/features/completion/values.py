"""What goes in and out of the engine: requests, answers, suggestions. Columns are code points."""

from collections.abc import Sequence
from typing import Literal

import msgspec

Trigger = Literal["automatic", "explicit"]
Origin = Literal["model", "guess", "prefetch"]
CacheUse = Literal["miss", "exact", "typedThrough", "prefetched"]


class Selected(msgspec.Struct, frozen=True, kw_only=True):
    """The entry selected in the client's popup: suggestions must begin with it, over its range."""

    text: str
    start_column: int
    end_column: int


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """How the client asked.

    `version` is the document's version that the client named. `multi_cursor` and `undoing` are for
    clients that tell.
    """

    trigger: Trigger = "automatic"
    client: str = ""
    version: int | None = None
    selected: Selected | None = None
    tab_size: int | None = None
    insert_spaces: bool | None = None
    multi_cursor: bool = False
    undoing: bool = False


class Answer(msgspec.Struct, frozen=True):
    """Text to insert at one place; it replaces `replaced` characters right of the cursor."""

    text: str
    replaced: int = 0


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """One item for the client: `text` replaces the range, which stays on the cursor's line."""

    id: str
    text: str
    start_line: int
    start_column: int
    end_line: int
    end_column: int
    model: str


class Snippet(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of context; lines are zero-based, the end exclusive. `stable` ones come first.

    `label` is what a prompt calls the file; without one, its path.
    """

    source: str
    path: str
    text: str
    label: str = ""
    start_line: int = 0
    end_line: int = 0
    score: float = 0.0
    stable: bool = True


class Guess(msgspec.Struct, frozen=True):
    """The rest of the line as the embedded model sees it, and how sure it is."""

    text: str
    probability: float


Lines = Sequence[str]

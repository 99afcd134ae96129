"""What is known of one source file: its definitions, its imports and the names it uses."""

import msgspec

Kind = str
"""One of function, class, method, field, constant, type."""

TYPES = frozenset(("class", "type"))
MEMBERS = frozenset(("method", "field"))


class Definition(msgspec.Struct, frozen=True, array_like=True):
    """A symbol with its extent; lines are zero-based, ends exclusive.

    `shown` are the line ranges that say how to use it: the head of a function; the head of a class
    with its constructor or its first fields.
    """

    name: str
    kind: Kind
    container: str
    shown: tuple[tuple[int, int], ...]
    end: int
    types: tuple[str, ...] = ()

    @property
    def start(self) -> int:
        return self.shown[0][0]


class Import(msgspec.Struct, frozen=True, array_like=True):
    """Names taken from a module as `(exported, local)`; `*` stands for all of it.

    Without names the module itself is what `local` means. `passed_on`: importers of this file get
    them too. The statement's lines are zero-based, the end exclusive.
    """

    module: str
    names: tuple[tuple[str, str], ...] = ()
    local: str = ""
    passed_on: bool = False
    start: int = 0
    end: int = 0


class FileFacts(msgspec.Struct, frozen=True, array_like=True):
    """One file as it was read; `uses` counts its identifiers."""

    path: str
    grammar: str
    definitions: tuple[Definition, ...]
    imports: tuple[Import, ...]
    uses: dict[str, int]
    mtime_ns: int = 0
    size: int = 0

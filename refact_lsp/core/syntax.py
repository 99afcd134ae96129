"""Tree-sitter for the languages that the product knows: grammars, parsers and kept trees.

One `Syntax` hangs on each object that needs syntax; nothing is kept at module level and nothing of
tree-sitter is imported before the first parse. Not safe to share between threads.
"""

import importlib
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import PurePath
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tree_sitter import Language, Parser, Query, Tree


class Grammar(NamedTuple):
    """Where a grammar is found, and what it serves."""

    name: str
    module: str
    function: str
    language_ids: tuple[str, ...]
    extensions: tuple[str, ...]


GRAMMARS: tuple[Grammar, ...] = (
    Grammar("python", "tree_sitter_python", "language", ("python",), (".py", ".pyi")),
    Grammar(
        "javascript",
        "tree_sitter_javascript",
        "language",
        ("javascript", "javascriptreact"),
        (".js", ".jsx", ".mjs", ".cjs"),
    ),
    Grammar(
        "typescript",
        "tree_sitter_typescript",
        "language_typescript",
        ("typescript",),
        (".ts", ".mts", ".cts"),
    ),
    Grammar("tsx", "tree_sitter_typescript", "language_tsx", ("typescriptreact", "tsx"), (".tsx",)),
    Grammar("go", "tree_sitter_go", "language", ("go",), (".go",)),
    Grammar("rust", "tree_sitter_rust", "language", ("rust",), (".rs",)),
    Grammar("java", "tree_sitter_java", "language", ("java",), (".java",)),
    Grammar("c", "tree_sitter_c", "language", ("c",), (".c", ".h")),
    Grammar("lua", "tree_sitter_lua", "language", ("lua",), (".lua",)),
)
_BY_LANGUAGE_ID: Mapping[str, Grammar] = MappingProxyType(
    {language_id: grammar for grammar in GRAMMARS for language_id in grammar.language_ids}
)
_BY_EXTENSION: Mapping[str, Grammar] = MappingProxyType(
    {extension: grammar for grammar in GRAMMARS for extension in grammar.extensions}
)
_KEPT_TREES = 16
_BLOCK = 4096


def grammar_of(language_id: str, path: str | None = None) -> Grammar | None:
    """Choose by language id, and by the path's extension where the id says nothing."""
    found = _BY_LANGUAGE_ID.get(language_id)
    if found or path is None:
        return found
    return _BY_EXTENSION.get(PurePath(path).suffix.lower())


class Syntax:
    """Parsers and recent trees of one owner."""

    def __init__(self) -> None:
        self._languages: dict[str, Language] = {}
        self._parsers: dict[str, Parser] = {}
        self._queries: dict[tuple[str, str], Query] = {}
        self._trees: OrderedDict[tuple[str, str], tuple[bytes, Tree]] = OrderedDict()

    def language(self, grammar: Grammar) -> "Language":
        """Load a grammar once."""
        from tree_sitter import Language

        if grammar.name not in self._languages:
            module = importlib.import_module(grammar.module)
            capsule: object = getattr(module, grammar.function)()
            self._languages[grammar.name] = Language(capsule)
        return self._languages[grammar.name]

    def parse(self, grammar: Grammar, source: bytes, old: "Tree | None" = None) -> "Tree":
        """Parse UTF-8; an `old` tree must have been edited to the new text (see `reparse`)."""
        from tree_sitter import Parser

        if grammar.name not in self._parsers:
            self._parsers[grammar.name] = Parser(self.language(grammar))
        parser = self._parsers[grammar.name]
        return parser.parse(source, old) if old else parser.parse(source)

    def reparse(self, grammar: Grammar, before: bytes, tree: "Tree", after: bytes) -> "Tree":
        """Parse `after` with what can be kept of the tree of `before`; `tree` stays as it is."""
        start, before_end, after_end = difference(before, after)
        first = _point(before, start, (0, 0))
        known = (start, first[0])
        copy = tree.copy()
        copy.edit(
            start,
            before_end,
            after_end,
            first,
            _point(before, before_end, known),
            _point(after, after_end, known),
        )
        return self.parse(grammar, after, copy)

    def tree(self, key: str, grammar: Grammar, source: bytes) -> "Tree":
        """Parse the present text of the document `key`, incrementally from its last text."""
        place = (key, grammar.name)
        kept = self._trees.pop(place, None)
        if kept is None:
            tree = self.parse(grammar, source)
        elif kept[0] == source:
            tree = kept[1]
        else:
            tree = self.reparse(grammar, kept[0], kept[1], source)
        self._trees[place] = (source, tree)
        while len(self._trees) > _KEPT_TREES:
            self._trees.popitem(last=False)
        return tree

    def forget(self, key: str) -> None:
        """Let go of a closed document's trees."""
        for place in [place for place in self._trees if place[0] == key]:
            del self._trees[place]

    def query(self, grammar: Grammar, pattern: str) -> "Query":
        """Compile a query once."""
        from tree_sitter import Query

        place = (grammar.name, pattern)
        if place not in self._queries:
            self._queries[place] = Query(self.language(grammar), pattern)
        return self._queries[place]


def difference(before: bytes, after: bytes) -> tuple[int, int, int]:
    """Find the one span that changed: its start, its end before and its end after."""
    start = _common(before, after, min(len(before), len(after)))
    rest = min(len(before), len(after)) - start
    end = _common_end(before, after, rest)
    return start, len(before) - end, len(after) - end


def _common(before: bytes, after: bytes, limit: int) -> int:
    at = 0  # slices are compared by memcmp, which a loop over bytes is not; small ones copy little
    while at < limit and before[at : at + _BLOCK] == after[at : at + _BLOCK]:
        at += _BLOCK
    low, high = min(at, limit), min(at + _BLOCK, limit)
    while low < high:
        middle = (low + high + 1) // 2
        if before[at:middle] == after[at:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_end(before: bytes, after: bytes, limit: int) -> int:
    at, ends = 0, (len(before), len(after))
    while at < limit and _ending(before, ends[0], at) == _ending(after, ends[1], at):
        at += _BLOCK
    low, high = min(at, limit), min(at + _BLOCK, limit)
    while low < high:
        middle = (low + high + 1) // 2
        if before[ends[0] - middle : ends[0] - at] == after[ends[1] - middle : ends[1] - at]:
            low = middle
        else:
            high = middle - 1
    return low


def _ending(source: bytes, end: int, at: int) -> bytes:
    return source[max(0, end - at - _BLOCK) : end - at]


def _point(source: bytes, at: int, known: tuple[int, int]) -> tuple[int, int]:
    """Give line and column of `at`; `known` is a place before it and the lines in front of that."""
    line = known[1] + source.count(b"\n", known[0], at)
    return line, at - source.rfind(b"\n", 0, at) - 1

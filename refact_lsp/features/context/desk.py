"""Everything that ranking needs of one workspace, and one ranking at a time. Runs in a thread.

Nothing here asks the privacy rules: files that must not be read never get here, and what is
forgotten is gone from graph, texts and shelves at once.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec.structs import replace

from refact_lsp.core.redact import redacted
from refact_lsp.core.syntax import Grammar, Syntax, grammar_of
from refact_lsp.core.text import Snapshot
from refact_lsp.features.completion.values import Snippet
from refact_lsp.features.context.build import MAX_FILE_BYTES, slashed
from refact_lsp.features.context.extract import read_source, read_tree
from refact_lsp.features.context.facts import FileFacts
from refact_lsp.features.context.graph import Graph
from refact_lsp.features.context.ranking import ranked_items
from refact_lsp.features.context.recent import OpenText, alike_windows, recent_edits
from refact_lsp.features.context.scene import Scene
from refact_lsp.features.context.shelf import Block, Shelf
from refact_lsp.features.context.tables import TABLES
from refact_lsp.features.context.texts import Stamp, Texts, stamp_of

_MOST_SHELVES = 32
_MOST_READ_ANEW = 8
"""Changed files that one ranking reads: the next one, or a new index, sees the others."""
_LEFT_FOR_WINDOWS = 0.5
_LONG, _LONG_STEP = 1500, 64
"""Lines: from so many on a document is long."""


class Desk:
    """The graph of a workspace with the texts, trees and shelves that go with it."""

    def __init__(
        self,
        roots: Sequence[str] = (),
        graph: Graph | None = None,
        rest: Callable[[], None] = lambda: None,
    ) -> None:
        """`rest` is called between pieces of work, so that other threads get their turn."""
        self.graph = graph or Graph()
        self._rest = rest
        self._roots = tuple(f"{slashed(root).rstrip('/')}/" for root in roots)
        self._syntax = Syntax()
        self._texts = Texts()
        self._facts: OrderedDict[str, tuple[tuple[int, int], FileFacts]] = OrderedDict()
        self._shelves: OrderedDict[str, Shelf] = OrderedDict()
        self._taken: dict[str, Sequence[str]] = {}
        self._reads_left = 0

    def rank(
        self, snapshot: Snapshot, budget_tokens: int, documents: Mapping[str, OpenText]
    ) -> tuple[Snippet, ...]:
        """Give the context of a cursor, stable pieces first."""
        lines = [line.rstrip("\r\n") for line in snapshot.lines]
        path = snapshot.path
        edits = recent_edits(documents, path)
        room = budget_tokens - sum(len(each.text) // 3 for each in edits)
        blocks = self._blocks(snapshot, lines, room, documents)
        spent = sum(block.tokens for block in blocks)
        windows: list[Snippet] = []
        if spent < _LEFT_FOR_WINDOWS * room:
            windows = alike_windows(documents, path, lines, snapshot.line, room - spent)
        stable = [self._snippet(block) for block in blocks]
        volatile = [_labelled(each, self.label(each.path)) for each in (*windows, *edits)]
        return (*stable, *volatile)

    def known(self) -> set[str]:
        """Name every file that something is known of."""
        manifests = (one.path for one in self.graph.resolver.manifests)
        documents = (facts.path for _, facts in self._facts.values())
        return {*self.graph.files, *manifests, *documents}

    def forget(self, paths: Iterable[str]) -> None:
        """Let go of everything that came from files."""
        gone = frozenset(slashed(path) for path in paths)
        self.graph.forget(gone)
        for path in gone:
            self._texts.forget(path)
            self._taken.pop(path, None)
        for uri in [uri for uri, (_, facts) in self._facts.items() if facts.path in gone]:
            del self._facts[uri]
            self._shelves.pop(uri, None)
            self._syntax.forget(uri)
        for shelf in self._shelves.values():
            shelf.blocks = [block for block in shelf.blocks if block.path not in gone]

    def label(self, path: str) -> str:
        """Name a file inside its workspace folder."""
        name = slashed(path)
        return next((name[len(r) :] for r in self._roots if name.startswith(r)), name)

    def _blocks(
        self,
        snapshot: Snapshot,
        lines: Sequence[str],
        room: int,
        documents: Mapping[str, OpenText],
    ) -> Sequence[Block]:
        facts = self._facts_of(snapshot, lines)
        if facts is None:
            return ()
        self._take_open(documents, facts.path)
        self._reads_left = _MOST_READ_ANEW
        opened = {slashed(path): text.lines for path, text in documents.items()}

        def lines_of(path: str) -> Sequence[str]:
            here = opened.get(path)
            return here if here is not None else self._current(path)

        scene = Scene(self.graph, facts, lines, snapshot.line)
        self._rest()
        items = ranked_items(scene, self._rest)
        self._rest()
        shelf = self._shelves.pop(snapshot.uri, None)
        if shelf is None or shelf.budget_tokens != room:
            shelf = Shelf(room)
        self._shelves[snapshot.uri] = shelf
        while len(self._shelves) > _MOST_SHELVES:
            self._shelves.popitem(last=False)
        shelf.update(items, lines_of, self.label)
        return tuple(shelf.blocks)

    def _facts_of(self, snapshot: Snapshot, lines: Sequence[str]) -> FileFacts | None:
        """Read the document's facts; typing inside a line changes none that matter.

        A long document is read again when its imports or many of its lines changed.
        """
        grammar = grammar_of(snapshot.language, snapshot.path)
        if grammar is None or grammar.name not in TABLES:
            return None
        kept = self._facts.pop(snapshot.uri, None)
        if kept is None or kept[0] != _mark(lines, kept[1]):
            source = "\n".join(lines).encode("utf-8", "replace")
            if len(source) > 4 * MAX_FILE_BYTES:
                return None
            tree = self._syntax.tree(snapshot.uri, grammar, source)
            path = slashed(snapshot.path or snapshot.uri)
            facts = read_tree(self._syntax, grammar, path, source, tree)
            kept = (_mark(lines, facts), facts)
            self._rest()
        self._facts[snapshot.uri] = kept
        while len(self._facts) > _MOST_SHELVES:
            self._facts.popitem(last=False)
        return kept[1]

    def _take_open(self, documents: Mapping[str, OpenText], here: str) -> None:
        """Let the graph see other open documents as they are."""
        for path, text in documents.items():
            name = slashed(path)
            if name == here or not text.at or self._taken.get(name) is text.lines:
                continue
            self._taken[name] = text.lines
            self._read_anew(name, text.lines)

    def _current(self, path: str) -> Sequence[str]:
        """Give a file's lines; where they are not those that the graph knows, it reads them."""
        lines = self._texts.lines(path)
        node = self.graph.files.get(path)
        if node and lines and self._reads_left:
            stamp = stamp_of(path)
            if stamp is not None and stamp != (node.facts.mtime_ns, node.facts.size):
                self._reads_left -= 1
                self._taken.pop(path, None)
                self._read_anew(path, lines, stamp)
        return lines

    def _read_anew(self, path: str, lines: Sequence[str], stamp: Stamp = (0, 0)) -> None:
        grammar: Grammar | None = grammar_of("", path)
        if grammar is not None and grammar.name in TABLES:
            source = "\n".join(lines).encode("utf-8", "replace")
            facts = read_source(self._syntax, grammar, path, source)
            self.graph.replace(replace(facts, mtime_ns=stamp[0], size=stamp[1]))

    def _snippet(self, block: Block) -> Snippet:
        return Snippet(
            source=block.source,
            path=block.path,
            label=self.label(block.path),
            text=redacted(block.text),
            start_line=block.rows[0],
            end_line=block.rows[-1] + 1,
            score=block.score,
        )


def _mark(lines: Sequence[str], facts: FileFacts) -> tuple[int, int]:
    """Give what changes when a document is to be read again."""
    if len(lines) < _LONG:
        return len(lines), 0
    head = max((taken.end for taken in facts.imports), default=0) + 1
    return len(lines) // _LONG_STEP, hash(tuple(lines[: min(head, _LONG)]))


def _labelled(snippet: Snippet, label: str) -> Snippet:
    return replace(snippet, label=label)

"""The embedded model: open buffers and a workspace index in, the rest of a line or silence out.

Everything here runs on the event loop in well under ten milliseconds; reading files and building
the index is the business of `build` in the worker process.
"""

import re
from collections.abc import Sequence

from refact_lsp.core.text import Snapshot
from refact_lsp.features.completion.values import Guess
from refact_lsp.features.completion.workspace.buffers import Buffer
from refact_lsp.features.completion.workspace.confidence import DEFAULT_THRESHOLD, probability
from refact_lsp.features.completion.workspace.index import WorkspaceIndex, empty_index, folder_of
from refact_lsp.features.completion.workspace.places import Context, Place, Source, collect
from refact_lsp.features.completion.workspace.tokens import (
    MAX_LINE_CHARS,
    indentation,
    newline_token,
    unfinished_words,
)
from refact_lsp.features.completion.workspace.vote import MAX_MATCH, Rest, Situation, vote

MIN_CHARS = 3
MAX_BUFFERS = 32
_ASKED_BUFFERS = 8
_OTHER_ROWS = 100
"""Rows of another buffer that one question may read, at about 15 microseconds each."""
_SAME_FILE, _OPEN_FILE, _CLOSED_FILE = 6.0, 2.0, 1.0
_WORD_END = re.compile(r"\w+$")
_CLOSERS = frozenset(")]}>\"'`;,: ")


class WorkspaceModel:
    """Finishes lines from the user's own code. Paths are absolute; a buffer may go by its URI."""

    def __init__(self) -> None:
        self._index = empty_index()
        self._buffers: dict[str, Buffer] = {}
        self._excluded: set[str] = set()
        self._asked: tuple[str, int] = ("", 0)
        self._offered: dict[str, int] = {}

    @property
    def tokens(self) -> int:
        """Tokens of the workspace that the model knows, open buffers aside."""
        return len(self._index.stream.ids)

    def use(self, index: WorkspaceIndex) -> None:
        """Take a newly built or loaded index; buffers are read again as they are asked for."""
        for path in self._excluded:
            index.forget(path)
        self._index = index
        # Buffers speak in the numbers of the old vocabulary; files speak until they are read again.
        for path, buffer in self._buffers.items():
            fresh = Buffer(index.vocabulary)
            fresh.sync(buffer.lines)
            self._buffers[path] = fresh

    def set_buffer(self, path: str, lines: Sequence[str]) -> None:
        """Take an open document as it is now; only what changed since the last call is read."""
        if path in self._excluded:
            return
        buffer = self._buffers.pop(path, None)
        if buffer is None:
            buffer = Buffer(self._index.vocabulary)
            while len(self._buffers) >= MAX_BUFFERS:
                self._buffers.pop(next(iter(self._buffers)))
        self._buffers[path] = buffer  # last used is last
        buffer.sync(lines)

    def close_buffer(self, path: str) -> None:
        """Close the document: what the index knows of its file counts again."""
        self._buffers.pop(path, None)

    def forget(self, path: str) -> None:
        """Exclude a file: nothing comes from it or for it any more, at once."""
        self._excluded.add(path)
        self._index.forget(path)
        self.close_buffer(path)

    def allow(self, path: str) -> None:
        """Lift an exclusion; the file is known again with the next index or buffer."""
        self._excluded.discard(path)

    @property
    def excluded(self) -> frozenset[str]:
        """The paths that nothing may come from."""
        return frozenset(self._excluded)

    def paths(self) -> set[str]:
        """Every path that something is known of."""
        return {*self._buffers, *(file.path for file in self._index.files)}

    def complete(self, snapshot: Snapshot, threshold: float = DEFAULT_THRESHOLD) -> Guess | None:
        """Return the rest of the cursor's line where its probability reaches the threshold."""
        path = snapshot.path or snapshot.uri
        head, tail = snapshot.line_prefix, snapshot.line_suffix.rstrip()
        if path in self._excluded or not _may_offer(head, tail):
            return None
        self.set_buffer(path, snapshot.lines)
        rest = self.best(path, snapshot.line, head)
        if rest is None:
            return None
        text = _without_tail(rest.text, tail)
        likely = probability(rest.features)
        if text is None or len(text.strip()) < MIN_CHARS or likely < threshold:
            return None
        if self._stands_below(snapshot, head + rest.text) or self._was_passed_over(snapshot, text):
            return None
        return Guess(text, likely)

    def best(self, path: str, line: int, head: str) -> Rest | None:
        """Return the likeliest rest of a line of a known buffer after `head`, however unsure."""
        buffer, vocabulary = self._buffers[path], self._index.vocabulary
        buffer.settle(line)
        sources = self._sources(path, line)  # first, since reading other buffers teaches words
        words = unfinished_words(head)
        context, indent = buffer.before(line)
        context.append(newline_token(indentation(head), indent))
        context += [vocabulary.known(word) for word in words]
        places = _places(Context(context[-MAX_MATCH:], None), sources)
        part = match.group() if (match := _WORD_END.search(head)) else ""
        if part and (longer := vocabulary.continuations(part)).any():
            places += _places(Context(context[:-1][-MAX_MATCH:], longer), sources)
        if not places:
            return None
        situation = Situation(
            folder=folder_of(path),
            joins_text=bool(words),
            after_blank=head[-1:].isspace(),
            recent=buffer.recent(line),
            below=buffer.below(line),
        )
        return vote(vocabulary, places, part, situation)

    def _sources(self, path: str, line: int) -> list[Source]:
        """Where to look, nearest first: this buffer, the buffers used last, the workspace."""
        here = self._buffers[path]
        start, end = here.hidden(line)

        def outside(place: int) -> bool:
            return not start <= place < end

        sources = [Source(here.stream, _SAME_FILE, outside if end > start else None, None)]
        others = [buffer for buffer in reversed(self._buffers.values()) if buffer is not here]
        if unread := [buffer for buffer in others[:_ASKED_BUFFERS] if not buffer.is_read]:
            unread[0].settle_more(_OTHER_ROWS)
        read = (key for key, buffer in self._buffers.items() if buffer.is_read)
        self._index.hide({path, *read})
        sources += [
            Source(buffer.stream, _OPEN_FILE, None, None) for buffer in others[:_ASKED_BUFFERS]
        ]
        index = self._index
        usable = index.usable if index.has_hidden() else None
        sources.append(Source(index.stream, _CLOSED_FILE, usable, index.folder))
        return sources

    def _stands_below(self, snapshot: Snapshot, line: str) -> bool:
        """Whether the finished line would repeat one of the next two: then it was just moved."""
        nearby = (text.strip() for text in snapshot.lines[snapshot.line + 1 :][:4])
        return line.strip() in [text for text in nearby if text][:2]

    def _was_passed_over(self, snapshot: Snapshot, text: str) -> bool:
        """Whether the user typed past this very text on this line; it is not offered again."""
        asked = (snapshot.path or snapshot.uri, snapshot.line)
        if self._asked != asked:
            self._asked, self._offered = asked, {}
        return self._offered.setdefault(text, snapshot.column) < snapshot.column


def _places(context: Context, sources: list[Source]) -> list[Place]:
    return [place for source in sources for place in collect(context, source)]


def _may_offer(head: str, tail: str) -> bool:
    """Never inside a word or before more code; only at a line's end or before closing signs."""
    return len(head) <= MAX_LINE_CHARS and _CLOSERS.issuperset(tail)


def _without_tail(text: str, tail: str) -> str | None:
    """Return what to insert before the closing signs that already follow the cursor."""
    if not tail:
        return text
    return text[: -len(tail)] if text.endswith(tail) else None

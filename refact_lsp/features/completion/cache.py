"""Answers given before, asked first of all: exact, typed through, deleted back, prefetched.

An answer A made at prefix P and suffix S (of which it replaces the first r characters) stands for
one document: P + A + S[r:]. It is served at another place only where accepting what is left of it
gives that very document, and only in the same file, model and parameters (`scope`). The prefix is
known by the lines above it (a hash of the last 256, so that a window that scrolled is the same) and
a radix trie over what stands on the line; the suffix is hashed whole.
"""

from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from refact_lsp.core.text import Snapshot, split_lines
from refact_lsp.features.completion import trie
from refact_lsp.features.completion.trace import ContextUse
from refact_lsp.features.completion.typed import LINES_BACK, MOST_CLOSERS, Closed, closings
from refact_lsp.features.completion.values import Answer, CacheUse, Lines, Origin

WINDOW_LINES = 256  # lines above that make up a prefix's identity
DELETED_BACK = 24  # characters that may have been deleted since an answer
ENTRY_OVERHEAD = 600  # bytes, roughly: slot, nodes, dictionary rows

BucketKey = tuple[str, int, int]  # file, scope, suffix
SlotKey = tuple[BucketKey, str, int, str]  # bucket, line above, head, text of the line


class Entry(msgspec.Struct):
    """What was found at one place; no answers means that there is nothing to show, and why.

    `served` says that a client has it, `followed` that what comes after it was asked for, `rounds`
    how often further candidates were.
    """

    answers: tuple[Answer, ...]
    model: str
    origin: Origin
    at_s: float
    reason: str | None = None
    raw: str = ""
    prompt: str = ""
    context: Sequence[ContextUse] = ()
    served: bool = False
    followed: bool = False
    rounds: int = 0
    slots: list["SlotKey"] = msgspec.field(default_factory=list["SlotKey"])
    size: int = 0

    @property
    def lines(self) -> int:
        """How many lines the longest of the answers has."""
        return max((len(split_lines(answer.text)) for answer in self.answers), default=1)


class Hit(msgspec.Struct, frozen=True):
    """An entry that fits, and what is left of its answers here (none: known to be nothing)."""

    use: CacheUse
    entry: Entry
    answers: tuple[Answer, ...]


class _Slot(msgspec.Struct, frozen=True):
    """An entry as one bucket knows it: `overtyped` is the start of the suffix typed over since."""

    entry: Entry
    overtyped: str = ""


Tries = dict[int, trie.Node[_Slot]]
"""By the hash of the lines above."""


class _Bucket(msgspec.Struct):
    """Tries by the line above, which is a cheap way to say no; no answer here has more lines."""

    heads: dict[str, Tries] = msgspec.field(default_factory=dict[str, Tries])
    lines: int = 1


class Cache:
    """Bounded by entries and bytes; the least recently used goes first."""

    def __init__(self, *, max_entries: int = 4000, max_bytes: int = 16_000_000) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._buckets: dict[BucketKey, _Bucket] = {}
        self._recent: OrderedDict[int, Entry] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._recent)

    def put(self, snapshot: Snapshot, scope: int, entry: Entry) -> None:
        """Keep what was found at a snapshot; it replaces what was known there."""
        tail = snapshot.lines[snapshot.line]
        key = tail[: snapshot.column]
        above, head = _above(snapshot.lines, snapshot.line)
        rest = snapshot.below_hash
        right = tail[snapshot.column :]
        replaced = max((answer.replaced for answer in entry.answers), default=0)
        entry.size = ENTRY_OVERHEAD + 2 * (
            len(key)
            + len(entry.raw)
            + len(entry.prompt)
            + sum(len(answer.text) for answer in entry.answers)
        )
        for over in range(min(replaced, MOST_CLOSERS) + 1):
            bucket = (snapshot.uri, scope, hash((right[over:], rest)))
            self._place((bucket, above, head, key), _Slot(entry, right[:over]))
        self._recent[id(entry)] = entry
        self.bytes += entry.size
        while len(self._recent) > self._max_entries or self.bytes > self._max_bytes:
            self._drop(next(iter(self._recent.values())))

    def find(self, snapshot: Snapshot, scope: int, *, not_before_s: float) -> Hit | None:
        """Look for an answer that still holds here and is no older than `not_before_s`."""
        typed = snapshot.lines[snapshot.line][: snapshot.column]
        nothing: Hit | None = None
        for closed in closings(snapshot):
            suffix = hash((closed.right, _lines_hash(snapshot, closed.next_line)))
            bucket = self._buckets.get((snapshot.uri, scope, suffix))
            if bucket is None:
                continue
            for hit in _in_bucket(bucket, snapshot, typed, closed):
                if hit.entry.at_s < not_before_s:
                    continue
                if hit.answers:
                    self._recent.move_to_end(id(hit.entry))
                    return hit
                nothing = nothing or hit
        return nothing

    def exact(self, snapshot: Snapshot, scope: int) -> Entry | None:
        """Give what was found at this very place."""
        tail = snapshot.lines[snapshot.line]
        right = hash((tail[snapshot.column :], snapshot.below_hash))
        bucket = self._buckets.get((snapshot.uri, scope, right))
        above, head = _above(snapshot.lines, snapshot.line)
        root = bucket.heads.get(above, {}).get(head) if bucket else None
        slot = trie.get(root, tail[: snapshot.column]) if root else None
        return slot.entry if slot and not slot.overtyped else None

    def forget(self, uri: str) -> None:
        """Drop everything of one file."""
        for entry in list(self._recent.values()):
            if entry.slots and entry.slots[0][0][0] == uri:
                self._drop(entry)

    def clear(self) -> None:
        self._buckets.clear()
        self._recent.clear()
        self.bytes = 0

    def _place(self, slot_key: SlotKey, slot: _Slot) -> None:
        bucket, above, head, key = slot_key
        found = self._buckets.setdefault(bucket, _Bucket())
        found.lines = max(found.lines, slot.entry.lines)
        tries = found.heads.setdefault(above, {})
        root = tries.setdefault(head, trie.Node[_Slot]())
        old = trie.get(root, key)
        if old is not None and slot.overtyped and not old.overtyped:
            return
        trie.put(root, key, slot)
        slot.entry.slots.append(slot_key)
        if old is not None:
            old.entry.slots.remove(slot_key)
            if not old.overtyped:
                self._drop(old.entry)

    def _drop(self, entry: Entry) -> None:
        if self._recent.pop(id(entry), None) is None:
            return
        self.bytes -= entry.size
        for bucket, above, head, key in entry.slots:
            heads = self._buckets[bucket].heads
            tries = heads[above]
            root = tries[head]
            trie.remove(root, key)
            if not root.children and root.value is None:
                del tries[head]
            if not tries:
                del heads[above]
            if not heads:
                del self._buckets[bucket]
        entry.slots.clear()


def _above(lines: Lines, line: int) -> tuple[str, int]:
    """Identify the lines above `line`; strings keep their hash, so this costs microseconds."""
    return lines[line - 1] if line else "", hash(tuple(lines[max(0, line - WINDOW_LINES) : line]))


def _in_bucket(bucket: _Bucket, snapshot: Snapshot, typed: str, closed: Closed) -> list[Hit]:
    """Hits in the order of preference: the answer begun nearest to the cursor first."""
    hits: list[Hit] = []
    tail = typed
    for line in range(snapshot.line, max(-1, snapshot.line - min(LINES_BACK, bucket.lines)), -1):
        if line < snapshot.line:
            tail = snapshot.lines[line] + tail
        tries = bucket.heads.get(snapshot.lines[line - 1] if line else "")
        if tries:
            hits += _in_tries(tries, snapshot, line, tail, closed)
    return hits


def _in_tries(
    tries: Tries, snapshot: Snapshot, line: int, tail: str, closed: Closed
) -> Sequence[Hit]:
    """Hits among the answers that were begun on one line; `tail` is what stands from there on."""
    root = tries.get(_above(snapshot.lines, line)[1])
    if root is None:
        return ()
    hits = [
        hit
        for depth, slot in trie.beginnings(root, tail)
        if (hit := _typed_through(slot, tail[depth:], closed))
    ]
    if line == snapshot.line and not closed.text:
        hits += [
            hit
            for added, slot in trie.continuations(root, tail, DELETED_BACK)
            if (hit := _deleted_back(slot, added))
        ]
    return hits


def _lines_hash(snapshot: Snapshot, start: int) -> int:
    if start == snapshot.line + 1:
        return snapshot.below_hash
    return hash(tuple(snapshot.lines[start:]))


def _typed_through(slot: _Slot, typed: str, closed: Closed) -> Hit | None:
    entry = slot.entry
    if not entry.answers:
        plain = not typed and not slot.overtyped and not closed.text
        return Hit("exact", entry, ()) if plain else None
    if slot.overtyped and not _within(slot.overtyped, typed):
        return None
    if not closed.opened_in(typed):
        return None
    found = (
        _rest_of(answer, slot.overtyped, typed, closed)
        for answer in entry.answers
        if len(answer.text) > len(typed) and answer.text.startswith(typed)
    )
    answers = tuple(answer for answer in found if answer is not None)
    if not answers:
        return None
    use: CacheUse = "typedThrough" if typed else "exact"
    return Hit("prefetched" if entry.origin == "prefetch" else use, entry, answers)


def _rest_of(answer: Answer, overtyped: str, typed: str, closed: Closed) -> Answer | None:
    """Give what is left of an answer; closers that the editor added are its own, or it is none."""
    rest = answer.text[len(typed) :]
    if answer.replaced < len(overtyped):
        return None
    if closed.below_cursor:
        body = rest.removesuffix(closed.text)
        fits = body != rest and body.strip() and not answer.replaced
        return Answer(body) if fits else None
    if not _within(closed.text, rest):
        return None
    return Answer(rest, answer.replaced - len(overtyped) + len(closed.text))


def _deleted_back(slot: _Slot, deleted: str) -> Hit | None:
    entry = slot.entry
    if slot.overtyped or not entry.answers or not entry.served:
        return None
    answers = tuple(Answer(deleted + answer.text, answer.replaced) for answer in entry.answers)
    return Hit("typedThrough", entry, answers)


def _within(part: str, text: str) -> bool:
    """Say whether the characters of `part` occur in `text`, in order."""
    rest = iter(text)
    return all(char in rest for char in part)

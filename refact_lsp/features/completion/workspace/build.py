"""Build the workspace index in the worker process: files in, one index file in the cache out.

Only the paths handed in are read. Files whose time and size are as the last index knew them are
not read again; the vocabulary and the chains are always made anew, so nothing stays of a file that
is gone.
"""

import math
import os
import stat
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from refact_lsp.features.completion.workspace.index import (
    MAX_FILE_BYTES,
    MAX_TOKENS,
    IndexedFile,
    WorkspaceIndex,
)
from refact_lsp.features.completion.workspace.saved import load_index, save_index
from refact_lsp.features.completion.workspace.stream import Stream
from refact_lsp.features.completion.workspace.tokens import (
    FIRST_WORD,
    Vocabulary,
    is_name,
    text_tokens,
)

Report = Callable[[float, str], None]

_SHARED_BY_FILES = 3
_SHARED_BY_SHARE = 0.04
"""A name in so many files belongs to the project, not to one file: it survives blanking."""
_MIN_BITS = 12
_REMEMBERED_LINES = 50_000
_REPORT_EVERY = 64


class FileTokens(NamedTuple):
    """A file as read, with ids of the vocabulary it was read with."""

    path: str
    mtime_ns: int
    size: int
    ids: Sequence[int]
    blanks: bytes


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """What a build did; `changed` is false where the saved index already was right."""

    changed: bool
    files: int
    read: int
    tokens: int


class _Found(NamedTuple):
    path: str
    mtime_ns: int
    size: int


def build_index(report: Report, root: str, saved_path: str, paths: list[str]) -> Built:
    """Bring the index file of a workspace up to date with `paths`, and say what was done."""
    target = Path(saved_path)
    old = load_index(target, root)
    found = _existing(paths)
    if old and [(f.path, f.mtime_ns, f.size) for f in old.files] == found:
        return Built(changed=False, files=len(found), read=0, tokens=len(old.stream.ids))
    vocabulary = Vocabulary(remembered_lines=_REMEMBERED_LINES)
    known = _known_files(old, vocabulary) if old else {}
    kept: list[FileTokens] = []
    read = total = 0
    for number, file in enumerate(reversed(found)):  # the newest first, up to the limit
        tokens = known.get(file)
        if tokens is None:
            tokens = _read(file, vocabulary)
            read += 1
        if tokens and total + len(tokens.ids) <= MAX_TOKENS:
            kept.append(tokens)
            total += len(tokens.ids)
        if number % _REPORT_EVERY == 0:
            report(number / len(found), f"{number} of {len(found)} files")
    index = assemble(vocabulary, kept[::-1])
    save_index(index, target, root)
    return Built(changed=True, files=len(kept), read=read, tokens=total)


def assemble(vocabulary: Vocabulary, files: Sequence[FileTokens]) -> WorkspaceIndex:
    """Sort the words that are used, number them anew, and chain all places."""
    files_with = Counter[int]()
    for file in files:
        files_with.update(set(file.ids))
    used = sorted(
        (number for number in files_with if number >= FIRST_WORD), key=vocabulary.words.__getitem__
    )
    words = [vocabulary.words[number] for number in used]
    shared = max(_SHARED_BY_FILES, _SHARED_BY_SHARE * len(files))
    common = bytes(
        files_with[number] >= shared or not is_name(word)
        for number, word in zip(used, words, strict=True)
    )
    renumbered = list(range(len(vocabulary.words)))
    for new, number in enumerate(used, FIRST_WORD):
        renumbered[number] = new
    total = sum(len(file.ids) for file in files)
    fresh = Vocabulary(words, common)
    stream = Stream(fresh.common, max(_MIN_BITS, round(math.log2(total or 1))))
    indexed: list[IndexedFile] = []
    for file in files:
        start = stream.append([renumbered[number] for number in file.ids], file.blanks)
        indexed.append(IndexedFile(file.path, start, file.mtime_ns, file.size))
    return WorkspaceIndex(fresh, stream, indexed)


def _existing(paths: list[str]) -> list[_Found]:
    """Find regular files of a fitting size, oldest change first: new places are asked first."""
    found: list[_Found] = []
    for path in paths:
        try:
            status = os.lstat(path)
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode) and 0 < status.st_size <= MAX_FILE_BYTES:
            found.append(_Found(path, status.st_mtime_ns, status.st_size))
    return sorted(found, key=lambda file: (file.mtime_ns, file.path))


def _known_files(old: WorkspaceIndex, vocabulary: Vocabulary) -> dict[_Found, FileTokens]:
    """Return the files of the last index, in the numbers of the new vocabulary."""
    renumbered = list(range(FIRST_WORD))
    renumbered += [vocabulary.add(word) for word in old.vocabulary.words[FIRST_WORD:]]
    known: dict[_Found, FileTokens] = {}
    ends = [file.start for file in old.files[1:]] + [len(old.stream.ids)]
    for file, end in zip(old.files, ends, strict=True):
        ids = [renumbered[number] for number in old.stream.ids[file.start : end]]
        blanks = bytes(old.stream.blanks[file.start : end])
        key = _Found(file.path, file.mtime_ns, file.size)
        known[key] = FileTokens(*key, ids, blanks)
    return known


def _read(file: _Found, vocabulary: Vocabulary) -> FileTokens | None:
    """Return a file's tokens; None for one that is gone, grew, or is not text."""
    try:
        with open(file.path, "rb") as handle:  # noqa: PTH123  — ten thousand times in a row
            data = handle.read(MAX_FILE_BYTES + 1)
    except OSError:
        return None
    if len(data) > MAX_FILE_BYTES or b"\0" in data:
        return None
    text = data.decode("utf-8-sig", errors="replace")
    return FileTokens(*file, *text_tokens(vocabulary, text.splitlines()))

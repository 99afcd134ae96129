"""The workspace as one stream: which file a place belongs to, and which files may not be used."""

import bisect
import os
from collections.abc import Iterable

import msgspec

from refact_lsp.features.completion.workspace.stream import Stream
from refact_lsp.features.completion.workspace.tokens import Vocabulary

MAX_FILE_BYTES = 200_000
MIN_FILE_BYTES = 1
MAX_TOKENS = 2_000_000


class IndexedFile(msgspec.Struct, frozen=True):
    """A file as it was read: where its tokens begin, and what tells that it changed."""

    path: str
    start: int
    mtime_ns: int
    size: int


class WorkspaceIndex:
    """A vocabulary, a stream over all files, and the files in the order of their places."""

    def __init__(self, vocabulary: Vocabulary, stream: Stream, files: list[IndexedFile]) -> None:
        self.vocabulary = vocabulary
        self.stream = stream
        self.files = files
        self._starts = [file.start for file in files]
        self._folders = [folder_of(file.path) for file in files]
        self._numbers: dict[str, list[int]] = {}
        for number, file in enumerate(files):
            self._numbers.setdefault(file.path, []).append(number)
        self._closed = bytearray(b"\1") * len(files)
        self._open: set[str] = set()

    def hide(self, open_paths: Iterable[str]) -> None:
        """Leave files aside while buffers stand for them."""
        wanted = {path for path in open_paths if path in self._numbers}
        for path in wanted ^ self._open:
            for number in self._numbers[path]:
                self._closed[number] = path not in wanted
        self._open = wanted

    def has_hidden(self) -> bool:
        """Whether any file is left aside."""
        return bool(self._open)

    def usable(self, place: int) -> bool:
        """Whether the file of a place is not open in a buffer."""
        return bool(self._closed[bisect.bisect_right(self._starts, place) - 1])

    def folder(self, place: int) -> str:
        """Return the folder of the file that a place belongs to."""
        return self._folders[bisect.bisect_right(self._starts, place) - 1]

    def forget(self, path: str) -> None:
        """Overwrite every token of a file."""
        for number in self._numbers.get(path, ()):
            last = number + 1 == len(self._starts)
            end = len(self.stream.ids) if last else self._starts[number + 1]
            self.stream.bury(self._starts[number], end)


def folder_of(path: str) -> str:
    """Return the folder part of a path; a file's paths come by the ten thousand."""
    return os.path.dirname(path)  # noqa: PTH120  — twenty times as fast as Path.parent


def empty_index() -> WorkspaceIndex:
    """Return what a model knows before any workspace was read."""
    vocabulary = Vocabulary()
    return WorkspaceIndex(vocabulary, Stream(vocabulary.common, 1), [])

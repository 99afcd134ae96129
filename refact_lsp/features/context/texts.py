"""Lines of workspace files, from open documents or from disk. For one thread at a time."""

import os
from collections import OrderedDict
from collections.abc import Sequence

from refact_lsp.features.context.build import MAX_FILE_BYTES

_MOST_KEPT = 200

Stamp = tuple[int, int]


class Texts:
    """Reads files when asked and keeps the newest of them, each checked against its stamp."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[Stamp, Sequence[str]]] = OrderedDict()

    def lines(self, path: str) -> Sequence[str]:
        """Give a file's lines as they are on disk now; none where it cannot be read."""
        stamp = stamp_of(path)
        if stamp is None:
            self._kept.pop(path, None)
            return ()
        kept = self._kept.pop(path, None)
        if kept is None or kept[0] != stamp:
            kept = (stamp, _read(path))
        self._kept[path] = kept
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return kept[1]

    def forget(self, path: str) -> None:
        """Let go of a file's text."""
        self._kept.pop(path, None)


def stamp_of(path: str) -> Stamp | None:
    """Give time and size of a file; None where there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116  — asked a hundred times for one list
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _read(path: str) -> Sequence[str]:
    try:
        with open(path, "rb") as file:  # noqa: PTH123  — as above
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError:
        return ()
    if len(data) > MAX_FILE_BYTES or b"\0" in data:
        return ()
    return data.decode("utf-8-sig", "replace").replace("\r\n", "\n").split("\n")

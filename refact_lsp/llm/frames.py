"""Where the body of an HTTP/1.1 answer ends, and what of the bytes is body; pure.

RFC 9112, sections 6 and 7. What came together is given together: a server's tokens are chunks of
their own, and whoever reads them wants the text.
"""

import re
from collections.abc import Mapping
from typing import Protocol

_SIZE = re.compile(rb"([0-9a-fA-F]{1,16})[ \t]*(?:;[^\r\n]*)?\r\n")
_LONGEST_LINE = 16 << 10
_BODILESS = (204, 304)


class FramingError(Exception):
    """The bytes are not what the head of the answer announced; `body` was well before that."""

    def __init__(self, why: str, body: bytes = b"") -> None:
        super().__init__(why)
        self.body = body


class Frames(Protocol):
    """Is fed the bytes behind the head until `ended`; `rest` is what came behind the body."""

    ended: bool
    rest: bytes

    def feed(self, data: bytes) -> bytes:
        """Give the body's bytes in `data`; raises `FramingError`."""
        ...

    def close(self) -> None:
        """Take the end of the connection; raises `FramingError` where more was announced."""
        ...


def frames_of(status: int, headers: Mapping[bytes, bytes]) -> Frames:
    """Choose by the head of an answer; `headers` by their names in lower case."""
    if status in _BODILESS:
        return Counted(0)
    if b"transfer-encoding" in headers:
        return Chunked()
    length = headers.get(b"content-length")
    return UntilClosed() if length is None else Counted(int(length))


class Counted:
    """A body of a length told ahead."""

    def __init__(self, length: int) -> None:
        self._left = length
        self.ended = length == 0
        self.rest = b""

    def feed(self, data: bytes) -> bytes:
        body, self.rest = data[: self._left], data[self._left :]
        self._left -= len(body)
        self.ended = self._left == 0
        return body

    def close(self) -> None:
        if not self.ended:
            raise FramingError(f"{self._left} bytes of the body did not come")


class UntilClosed:
    """A body that ends with its connection."""

    def __init__(self) -> None:
        self.ended = False
        self.rest = b""

    def feed(self, data: bytes) -> bytes:
        return data

    def close(self) -> None:
        self.ended = True


class Chunked:
    """A body in chunks, each behind its size."""

    def __init__(self) -> None:
        self._held = b""  # of a line that has not come whole
        self._left = 0  # bytes of the present chunk, with the line break behind it
        self._last = False  # only trailers may follow
        self.ended = False
        self.rest = b""

    def feed(self, data: bytes) -> bytes:
        pieces: list[bytes] = []
        try:
            self._read(self._held + data, pieces)
        except FramingError as error:
            error.body = b"".join(pieces)
            raise
        return b"".join(pieces)

    def close(self) -> None:
        if not self.ended:
            raise FramingError("the last chunk did not come")

    def _read(self, data: bytes, pieces: list[bytes]) -> None:
        self._held = b""
        at = 0
        while at < len(data) and not self.ended:
            if self._left:
                at = self._chunk(data, at, pieces)
            else:
                line = data.find(b"\r\n", at) + 2
                if line == 1:
                    self._held = data[at:]
                    break
                self._line(data, at, line)
                at = line
        if self.ended:
            self.rest = data[at:]
        if len(self._held) > _LONGEST_LINE:
            raise FramingError("a line between chunks is too long")

    def _chunk(self, data: bytes, at: int, pieces: list[bytes]) -> int:
        """Take what there is of the present chunk; the line break at its end is no part of it."""
        stop = min(at + self._left, len(data))
        break_at = at + self._left - 2
        end = max(at, min(break_at, stop))
        pieces.append(data[at:end])
        if end < stop and data[end:stop] != b"\r\n"[end - break_at : stop - break_at]:
            raise FramingError("a chunk is longer than its size")
        self._left -= stop - at
        return stop

    def _line(self, data: bytes, at: int, end: int) -> None:
        """Read the size of a chunk, or one of the trailers."""
        if self._last:
            self.ended = data[at:end] == b"\r\n"
            return
        found = _SIZE.fullmatch(data, at, end)
        if found is None:
            raise FramingError("a chunk has no size")
        size = int(found[1], 16)
        self._last = size == 0
        self._left = size + 2 if size else 0

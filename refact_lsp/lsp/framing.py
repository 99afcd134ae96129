"""LSP's base protocol: a header with the length, an empty line, a body. Pure; no I/O.

Tolerant in what it takes: header names in any case, unknown and broken header lines, blocks
without a length. Bounded in what it keeps: neither an endless header nor an absurd length fills
the memory.
"""

from collections.abc import Iterator

HEADER_LIMIT_BYTES = 64 * 1024
BODY_LIMIT_BYTES = 256 * 1024 * 1024


class Oversized(Exception):  # noqa: N818  — a state of the stream, told once and passed over
    """A body beyond the limit; its bytes are skipped as they come."""


class Frames:
    """Cuts a stream of bytes into bodies."""

    __slots__ = ("_buffer", "_missing", "_skip")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._missing = -1  # length of the body that is being collected; -1 in the header
        self._skip = 0

    def feed(self, data: bytes) -> Iterator[bytes | Oversized]:
        """Yield every body that is complete with these bytes.

        Whoever stops in the middle loses nothing: the next call goes on from there.
        """
        buffer = self._buffer
        buffer += data
        while True:
            if self._skip:
                skipped = min(self._skip, len(buffer))
                del buffer[:skipped]
                self._skip -= skipped
            if self._missing < 0:
                end = buffer.find(b"\r\n\r\n")
                if end < 0:
                    if len(buffer) > HEADER_LIMIT_BYTES:
                        del buffer[:-3]  # may be the beginning of the empty line
                    return
                length = content_length(bytes(buffer[:end]))
                del buffer[: end + 4]
                if length > BODY_LIMIT_BYTES:
                    self._skip = length
                    yield Oversized(length)
                elif length > 0:
                    self._missing = length
                continue
            if len(buffer) < self._missing:
                return
            body = bytes(buffer[: self._missing])
            del buffer[: self._missing]
            self._missing = -1
            yield body


def content_length(head: bytes) -> int:
    """Read the length; 0 where no line of the header says a usable one."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            value = value.strip()
            if value.isdigit() and len(value) < 19:  # noqa: PLR2004  — more digits than any file
                return int(value)
    return 0


def frame(body: bytes) -> bytes:
    """Put the header before a body."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)

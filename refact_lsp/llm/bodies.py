"""Undoes the compression of an answer, piece by piece and within bounds. Pure."""

import zlib
from collections.abc import Iterator

from refact_lsp.core.problems import refuse

_PIECE_BYTES = 1 << 20
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_RAW_DEFLATE = -zlib.MAX_WBITS  # what some servers mean by "deflate"
_HEAD_BYTES = 2


class Inflater:
    """Decodes `gzip` and `deflate`; a megabyte at a time, so that a bomb is met while small."""

    def __init__(self) -> None:
        self._state = None
        self._start = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Give what `data` adds; raises `badResponse` where it is not compressed as announced."""
        if self._state is None:
            data = self._start = self._start + data
            if len(data) < _HEAD_BYTES:
                return
            self._state = zlib.decompressobj(_GZIP_OR_ZLIB if _has_head(data) else _RAW_DEFLATE)
        while data:
            try:
                piece = self._state.decompress(data, _PIECE_BYTES)
            except zlib.error:
                raise _broken() from None
            if piece:
                yield piece
            data = self._state.unconsumed_tail
            if self._state.eof:
                data = self._state.unused_data
                self._state = zlib.decompressobj(_GZIP_OR_ZLIB)

    def close(self) -> bytes:
        """Give what is left at the end of the body."""
        try:
            return self._state.flush() if self._state else b""
        except zlib.error:
            raise _broken() from None


class Plain:
    """An answer that is not compressed."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        yield data

    def close(self) -> bytes:
        return b""


def decoder(encoding: str) -> Inflater | Plain:
    """Choose by the Content-Encoding header; raises `badResponse` for one nobody asked for."""
    match encoding.strip().lower():
        case "" | "identity":
            return Plain()
        case "gzip" | "x-gzip" | "deflate":
            return Inflater()
        case other:
            raise refuse(
                "badResponse",
                f"The answer is compressed as {other[:20]!r}, which was not asked for.",
                "A proxy or gateway in between seems to do this; turn its compression off.",
            )


def _has_head(data: bytes) -> bool:
    """Tell gzip and zlib (RFC 1952, RFC 1950) from a bare stream by their first two bytes."""
    zlib_head = data[0] & 0x0F == zlib.DEFLATED and int.from_bytes(data[:2]) % 31 == 0
    return zlib_head or data[:2] == b"\x1f\x8b"


def _broken() -> Exception:
    return refuse(
        "badResponse",
        "The answer's compression is broken.",
        "Try again; if it stays so, a proxy or gateway in between damages answers.",
    )

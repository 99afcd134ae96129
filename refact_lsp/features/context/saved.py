"""The definitions index as one file in the cache folder: versioned, written whole or not at all.

A file that another version wrote, or that is damaged, counts as absent.
"""

import hashlib
import os
import zlib
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path

import msgspec

from refact_lsp.core.private_files import write_private
from refact_lsp.features.context.facts import FileFacts
from refact_lsp.features.context.history import Together
from refact_lsp.features.context.resolve import Manifest

_MAGIC = b"refact-definitions-2\n"
_LENGTH_BYTES = 4


class Saved(msgspec.Struct, kw_only=True):
    """Everything that a build found."""

    files: list[FileFacts]
    manifests: list[Manifest]
    together: Together

    @property
    def paths(self) -> set[str]:
        """Every file that something is known of."""
        return {*(file.path for file in self.files), *(one.path for one in self.manifests)}

    def only(self, kept: AbstractSet[str]) -> "Saved":
        """Leave out what is known of any other file."""
        return Saved(
            files=[file for file in self.files if file.path in kept],
            manifests=[one for one in self.manifests if one.path in kept],
            together={
                path: [(other, weight) for other, weight in others if other in kept]
                for path, others in self.together.items()
                if path in kept
            },
        )


class _Header(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    files: int
    manifests: list[Manifest]
    together: Together


def saved_path(cache_folder: Path, name: str) -> Path:
    """Where the index of a set of workspace folders is kept."""
    key = hashlib.sha256(os.path.normcase(name).encode("utf-8", "surrogatepass")).hexdigest()
    return cache_folder / "context" / f"{key[:32]}.definitions"


def write_saved(saved: Saved, target: Path, name: str) -> None:
    """Write an index; raises `OSError`."""
    encoder = msgspec.msgpack.Encoder()
    header = _Header(
        name=name, files=len(saved.files), manifests=saved.manifests, together=saved.together
    )
    body = bytearray()
    for part in (header, *saved.files):
        piece = encoder.encode(part)
        body += len(piece).to_bytes(_LENGTH_BYTES, "big") + piece
    checksum = zlib.crc32(body).to_bytes(_LENGTH_BYTES, "big")
    write_private(target, b"".join((_MAGIC, checksum, body)))


def load_saved(source: Path, name: str, *, rest: Callable[[], None] = lambda: None) -> Saved | None:
    """Read a saved index; None where there is none that fits. `rest` is called after each file."""
    saved: Saved | None = None
    for filled in _read_saved(source, name):
        saved = filled
        rest()
    return saved


def _read_saved(source: Path, name: str) -> Iterator[Saved]:
    """Read a saved index file by file: the same object, ever fuller; nothing where none fits.

    A long decoding at once would keep every other thread waiting.
    """
    try:
        data = source.read_bytes()
    except OSError:
        return
    start = len(_MAGIC) + _LENGTH_BYTES
    body = memoryview(data)[start:]
    if data[: len(_MAGIC)] != _MAGIC or zlib.crc32(body) != int.from_bytes(
        data[len(_MAGIC) : start], "big"
    ):
        return
    pieces = _pieces(body)
    try:
        header = msgspec.msgpack.decode(next(pieces), type=_Header)
        if header.name != name:
            return
        saved = Saved(files=[], manifests=header.manifests, together=header.together)
        decoder = msgspec.msgpack.Decoder(FileFacts)
        yield saved
        for piece in pieces:
            saved.files.append(decoder.decode(piece))
            yield saved
    except (msgspec.DecodeError, StopIteration):
        return


def _pieces(body: memoryview) -> Iterator[memoryview]:
    at = 0
    while at < len(body):
        length = int.from_bytes(body[at : at + _LENGTH_BYTES], "big")
        at += _LENGTH_BYTES
        yield body[at : at + length]
        at += length

"""The index as one file in the cache folder: versioned, written whole or not at all.

Layout: magic, length of the header, header (msgpack), then the raw arrays in the order of `_parts`.
A file that another version, Python build or machine wrote, or that is damaged, counts as absent.
"""

import hashlib
import os
import sys
import zlib
from pathlib import Path

import msgspec

from refact_lsp.core.private_files import write_private
from refact_lsp.features.completion.workspace.index import IndexedFile, WorkspaceIndex
from refact_lsp.features.completion.workspace.stream import CHAINS, Stream, int_array
from refact_lsp.features.completion.workspace.tokens import FIRST_WORD, Vocabulary

_MAGIC = b"refact-workspace-1\n"
_LENGTH_BYTES = 8


class _Header(msgspec.Struct, frozen=True, kw_only=True):
    build: str
    root: str
    bits: int
    files: list[IndexedFile]
    sizes: list[int]
    checksum: int


def saved_index_path(cache_folder: Path, root: str) -> Path:
    """Where the index of a workspace root is kept."""
    name = hashlib.sha256(os.path.normcase(root).encode("utf-8", "surrogatepass")).hexdigest()
    return cache_folder / "workspace" / f"{name[:32]}.index"


def save_index(index: WorkspaceIndex, target: Path, root: str) -> None:
    """Write the index, whole or not at all; raises `OSError`."""
    vocabulary, stream = index.vocabulary, index.stream
    words = "\n".join(vocabulary.words[FIRST_WORD:]).encode("utf-8", "surrogatepass")
    parts = [
        words,
        bytes(vocabulary.common[FIRST_WORD:]),
        bytes(stream.blanks),
        stream.ids.tobytes(),
        *(heads.tobytes() for heads in stream.heads),
        *(older.tobytes() for older in stream.older),
    ]
    header = msgspec.msgpack.encode(
        _Header(
            build=_build(),
            root=root,
            bits=stream.bits,
            files=index.files,
            sizes=[len(part) for part in parts],
            checksum=_checksum(parts),
        )
    )
    length = len(header).to_bytes(_LENGTH_BYTES, "little")
    write_private(target, b"".join([_MAGIC, length, header, *parts]))


def load_index(source: Path, root: str) -> WorkspaceIndex | None:
    """Return the saved index of a workspace root; None where there is none that fits."""
    try:
        data = memoryview(source.read_bytes())
    except OSError:
        return None
    begin = len(_MAGIC) + _LENGTH_BYTES
    if bytes(data[: len(_MAGIC)]) != _MAGIC:
        return None
    end = begin + int.from_bytes(data[len(_MAGIC) : begin], "little")
    try:
        header = msgspec.msgpack.decode(data[begin:end], type=_Header)
    except msgspec.DecodeError:
        return None
    if (header.build, header.root) != (_build(), root):
        return None
    parts: list[memoryview] = []
    for size in header.sizes:
        parts.append(data[end : end + size])
        end += size
    if end != len(data) or _checksum(parts) != header.checksum:
        return None
    return _restored(header, parts)


def _restored(header: _Header, parts: list[memoryview]) -> WorkspaceIndex:
    words, common, blanks, ids, *chains = parts
    text = str(words, "utf-8", "surrogatepass")
    vocabulary = Vocabulary(text.split("\n") if text else (), bytes(common))
    stream = Stream(vocabulary.common, 0)
    stream.bits = header.bits
    stream.blanks = bytearray(blanks)
    stream.ids = int_array(bytes(ids))
    arrays = [int_array(bytes(part)) for part in chains]
    stream.heads, stream.older = arrays[: len(CHAINS)], arrays[len(CHAINS) :]
    return WorkspaceIndex(vocabulary, stream, header.files)


def _build() -> str:
    """Hashes of tuples and raw numbers are only good for the same Python build."""
    return f"{sys.implementation.cache_tag} {sys.maxsize} {sys.byteorder}"


def _checksum(parts: list[bytes] | list[memoryview]) -> int:
    checksum = 0
    for part in parts:
        checksum = zlib.crc32(part, checksum)
    return checksum

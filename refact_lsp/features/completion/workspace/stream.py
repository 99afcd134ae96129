"""An append-only run of tokens in which earlier places with the same context are found by hash.

Per chain, `heads` maps the hash of the last `order` tokens to the newest place after them and
`older` leads from a place to the one before it with the same hash. A hash may lie: whoever asks
compares the tokens. Buried tokens are overwritten, so they match nothing and can never be told.
"""

from array import array
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from refact_lsp.features.completion.workspace.tokens import HOLE


class Chain(NamedTuple):
    """Contexts of `order` tokens; with `renamed`, local names are blanked before hashing."""

    order: int
    renamed: bool = False


CHAINS = (Chain(8), Chain(4), Chain(2), Chain(5, renamed=True))
NO_PLACE = -1
_FOUR_BYTES = 4


def int_array(data: bytes = b"") -> "array[int]":
    """Signed 32-bit numbers; 2 million tokens fit well."""
    return array("i", data)


class Stream:
    """Tokens with their blanks and chains; `common` says which ids survive blanking."""

    def __init__(self, common: bytearray, bits: int) -> None:
        self.common = common
        self.bits = bits
        self.ids = int_array()
        self.blanks = bytearray()
        self.heads = [int_array(b"\xff" * (_FOUR_BYTES << bits)) for _ in CHAINS]
        self.older = [int_array() for _ in CHAINS]

    def append(self, ids: Sequence[int], blanks: bytes, *, context: int = 0) -> int:
        """Add tokens and return where they begin; the first `context` ones are not found again."""
        base, mask, common = len(self.ids), (1 << self.bits) - 1, self.common
        self.ids.extend(ids)
        self.blanks += blanks
        blanked = [number if common[number] else HOLE for number in ids]
        for chain, heads, older in zip(CHAINS, self.heads, self.older, strict=True):
            source = blanked if chain.renamed else ids
            first = max(chain.order, context)
            older.extend([NO_PLACE] * min(first, len(ids)))
            begin = first - chain.order
            windows = zip(*(source[begin + j : -1] for j in range(chain.order)), strict=False)
            # The hash of a tuple of ints is the same in every process of one Python build.
            for place, key in enumerate(map(hash, windows), base + first):
                key &= mask  # noqa: PLW2901  — one name in the innermost loop of the build
                older.append(heads[key])
                heads[key] = place
        return base

    def places(self, number: int, context: Sequence[int], limit: int) -> Iterator[int]:
        """Places whose context may equal `context` on chain `number`, newest first."""
        older = self.older[number]
        place = self.heads[number][hash(tuple(context)) & ((1 << self.bits) - 1)]
        while place >= 0 and limit:
            yield place
            place, limit = older[place], limit - 1

    def bury(self, start: int, end: int) -> None:
        """Overwrite tokens: no context matches there any more and nothing is taken from there."""
        self.ids[start:end] = int_array(bytes(_FOUR_BYTES * (end - start)))

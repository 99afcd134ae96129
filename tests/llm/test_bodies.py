import gzip
import zlib
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refact_lsp.core.problems import RefactError
from refact_lsp.llm.bodies import decoder
from tests.rows import every_row


def raw_deflate(data: bytes) -> bytes:
    squeezer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return squeezer.compress(data) + squeezer.flush()


PACKED = {
    "gzip": (gzip.compress, "gzip"),
    "zlib": (zlib.compress, "deflate"),
    "bare deflate": (raw_deflate, "deflate"),
    "two members": (lambda data: gzip.compress(data[:3]) + gzip.compress(data[3:]), "x-gzip"),
    "nothing": (bytes, "identity"),
}


def unpacked(encoding: str, pieces: Sequence[bytes]) -> bytes:
    decode = decoder(encoding)
    read = b"".join(part for piece in pieces for part in decode.feed(piece))
    return read + decode.close()


@pytest.mark.parametrize("way", PACKED)
@given(data=st.binary(max_size=200), cuts=st.lists(st.integers(0, 250), max_size=5))
def test_any_way_of_splitting_gives_the_same_bytes(way: str, data: bytes, cuts: list[int]):
    pack, encoding = PACKED[way]
    packed = pack(data)
    places = [0, *sorted(cuts), len(packed)]
    pieces = [packed[a:b] for a, b in pairwise(places)]
    assert unpacked(encoding, pieces) == data


def test_a_bomb_comes_in_bounded_pieces():
    pieces = decoder("gzip").feed(gzip.compress(bytes(30_000_000), 1))
    assert max(map(len, pieces)) <= 1 << 20


@every_row("encoding", ["br", "zstd", "gzip, br", "x" * 1000])
def test_a_compression_that_was_not_asked_for_is_named(encoding: str):
    with pytest.raises(RefactError) as caught:
        decoder(encoding)
    assert len(caught.value.problem.message) < 120


@given(data=st.binary(min_size=20, max_size=100))
def test_noise_is_a_problem_or_bytes_and_never_a_crash(data: bytes):
    try:
        unpacked("gzip", [data])
    except RefactError as error:
        broken = error.problem.kind
    else:
        broken = "badResponse"
    assert broken == "badResponse"

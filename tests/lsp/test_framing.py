"""The base protocol's parser: any split of the bytes gives the same bodies, within bounds."""

from hypothesis import given
from hypothesis import strategies as st

from refact_lsp.lsp.framing import (
    BODY_LIMIT_BYTES,
    HEADER_LIMIT_BYTES,
    Frames,
    Oversized,
    frame,
)

bodies = st.lists(st.binary(min_size=1, max_size=30), max_size=6)


@given(bodies, st.lists(st.integers(1, 40), min_size=1))
def test_any_split_gives_the_same_bodies(sent: list[bytes], sizes: list[int]):
    stream = b"".join(frame(body) for body in sent)
    frames, got, at, turn = Frames(), [], 0, 0
    while at < len(stream):
        size = sizes[turn % len(sizes)]
        got += frames.feed(stream[at : at + size])
        at, turn = at + size, turn + 1
    assert got == sent


def test_stopping_in_the_middle_loses_nothing():
    frames = Frames()
    for body in frames.feed(frame(b"one") + frame(b"two") + b"Content-Le"):
        assert body == b"one"
        break
    assert list(frames.feed(b"")) == [b"two"]
    assert list(frames.feed(b"ngth: 5\r\n\r\nthree")) == [b"three"]


def test_an_endless_header_is_not_kept():
    frames = Frames()
    for _ in range(100):
        assert list(frames.feed(b"x" * HEADER_LIMIT_BYTES)) == []
    assert list(frames.feed(b"\r\n\r\n" + frame(b"after"))) == [b"after"]


def test_an_absurd_length_is_told_and_skipped():
    frames = Frames()
    length = BODY_LIMIT_BYTES + 10
    [told] = frames.feed(b"Content-Length: %d\r\n\r\nabc" % length)
    assert isinstance(told, Oversized)
    chunk = b"z" * (1 << 20)
    left = length - 3
    while left > len(chunk):
        assert list(frames.feed(chunk)) == []
        left -= len(chunk)
    assert list(frames.feed(b"z" * left + frame(b"after"))) == [b"after"]

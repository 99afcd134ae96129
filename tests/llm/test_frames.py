import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refact_lsp.llm.frames import Frames, FramingError, frames_of

CHUNKED = {b"transfer-encoding": b"chunked"}
PIECES = st.lists(st.binary(min_size=1, max_size=30), max_size=6)


def fed(frames: Frames, raw: bytes, cuts: list[int]) -> bytes:
    places = sorted(cut % (len(raw) + 1) for cut in cuts)
    return b"".join(
        frames.feed(raw[start:end])
        for start, end in zip([0, *places], [*places, len(raw)], strict=True)
    )


def as_h11_reads(raw: bytes) -> bytes:
    reader = h11.Connection(h11.CLIENT)
    reader.send(h11.Request(method="GET", target="/", headers=[("host", "h")]))
    reader.send(h11.EndOfMessage())
    reader.receive_data(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + raw)
    body = b""
    while not isinstance(event := reader.next_event(), h11.EndOfMessage):
        body += bytes(event.data) if isinstance(event, h11.Data) else b""
    return body


@given(
    pieces=PIECES,
    behind=st.sampled_from([b"", b";name=value", b" "]),
    trailers=st.sampled_from([b"", b"a: b\r\n"]),
    cuts=st.lists(st.integers(0, 400), max_size=8),
)
def test_chunks_are_read_as_h11_reads_them_however_they_come(
    pieces: list[bytes], behind: bytes, trailers: bytes, cuts: list[int]
):
    chunks = [b"%X%b\r\n%b\r\n" % (len(piece), behind, piece) for piece in pieces]
    raw = b"".join(chunks) + b"0\r\n" + trailers + b"\r\n"
    frames = frames_of(200, CHUNKED)
    assert fed(frames, raw, cuts) == as_h11_reads(raw) == b"".join(pieces)
    assert frames.ended
    assert not frames.rest


@pytest.mark.parametrize(
    "broken",
    [b"no size\r\n", b"-1\r\n", b"2\r\nabc\r\n", b"\r\n", b"1" * 17 + b"\r\n", b"1" * 20_000],
)
def test_what_came_before_a_broken_chunk_is_told(broken: bytes):
    frames = frames_of(200, CHUNKED)
    with pytest.raises(FramingError) as caught:
        frames.feed(b"2\r\nok\r\n" + broken)
    assert caught.value.body.startswith(b"ok")


@pytest.mark.parametrize(
    ("headers", "raw"), [(CHUNKED, b"5\r\nabc"), ({b"content-length": b"5"}, b"abc")]
)
def test_a_body_that_ends_early_is_broken(headers: dict[bytes, bytes], raw: bytes):
    frames = frames_of(200, headers)
    assert frames.feed(raw) == b"abc"
    with pytest.raises(FramingError):
        frames.close()


@pytest.mark.parametrize(
    ("headers", "raw"),
    [(CHUNKED, b"3\r\nabc\r\n0\r\n\r\nmore"), ({b"content-length": b"3"}, b"abcmore")],
)
def test_what_comes_behind_a_body_is_no_part_of_it(headers: dict[bytes, bytes], raw: bytes):
    frames = frames_of(200, headers)
    assert (frames.feed(raw), frames.ended, frames.rest) == (b"abc", True, b"more")


def test_a_body_of_unknown_length_ends_with_its_connection():
    frames = frames_of(200, {})
    assert frames.feed(b"abc") == b"abc"
    assert not frames.ended
    frames.close()
    assert frames.ended


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_has_ended_with_its_head(status: int):
    assert frames_of(status, {b"content-length": b"5"}).ended

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refact_lsp.core.problems import RefactError
from refact_lsp.llm import sse
from refact_lsp.llm.sse import EventReader
from tests.rows import every_row


def read(*pieces: bytes) -> list[bytes]:
    reader = EventReader()
    return [event for piece in pieces for event in reader.feed(piece)] + [*reader.close()]


@every_row(
    ("stream", "events"),
    [
        (b"data: a\n\ndata: b\n\n", [b"a", b"b"]),
        (b"data:a\n\n", [b"a"]),
        (b"data:  a\n\n", [b" a"]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", [b"a", b"b"]),
        (b"data: a\r\rdata: b\r\r", [b"a", b"b"]),
        (b"\xef\xbb\xbfdata: a\n\n", [b"a"]),
        (b"data: a\ndata: b\n\n", [b"a\nb"]),
        (b"data\n\n", [b""]),
        (b": hello\n\n: again\ndata: a\n\n", [b"a"]),
        (b"event: x\nid: 1\nretry: 5\ndata: a\n\n", [b"a"]),
        (b"data: a\nevent: x\n\n", [b"a"]),
        (b"id: 7\n\n", []),
        (b"\n\n\ndata: a\n\n\n\ndata: b\n\n", [b"a", b"b"]),
        (b"data: a\n\ndata: b", [b"a", b"b"]),
        (b'error: {"code":500}\n\n', [b'{"error": {"code":500}}']),
        (b"dataset: a\n\n", []),
        (b"", []),
    ],
)
def test_events_are_read_as_the_standard_says(stream: bytes, events: list[bytes]):
    assert read(stream) == events
    assert read(*(bytes([byte]) for byte in stream)) == events


def test_a_line_of_ten_megabytes_passes():
    line = b"x" * 10_000_000
    pieces = [line[i : i + 65_536] for i in range(0, len(line), 65_536)]
    assert read(b"data: ", *pieces, b"\n\n") == [line]


def test_an_event_beyond_the_memory_bound_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 1000)
    with pytest.raises(RefactError) as caught:
        read(*[b"x" * 400] * 3)
    assert caught.value.problem.kind == "badResponse"


@given(
    st.lists(st.sampled_from([b"data: a", b"data:b", b":", b"\n", b"\r\n", b"\r", b"id", b""])),
    st.data(),
)
def test_any_cut_gives_the_same_events(pieces: list[bytes], data: st.DataObject):
    stream = b"".join(pieces)
    cut = data.draw(st.integers(0, len(stream)))
    assert read(stream[:cut], stream[cut:]) == read(stream)

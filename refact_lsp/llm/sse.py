"""Server-sent events out of bytes, cut anywhere; pure.

Follows https://html.spec.whatwg.org/multipage/server-sent-events.html with two departures that real
servers ask for: an event at the very end counts without its blank line, and only `data` is given
out, since every wire format repeats the event's name inside its JSON.
"""

from collections.abc import Sequence

from refact_lsp.core.problems import refuse

MAX_EVENT_BYTES = 64 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"
_CR, _LF = b"\r", b"\n"


class EventReader:
    """Splits a stream into the data of its events; holds what has not ended yet."""

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._started = False
        self._after_cr = False

    def feed(self, data: bytes) -> Sequence[bytes]:
        """Take the next bytes; give the data of every event that they complete."""
        data = self._one_line_end(data)
        if not data:
            return ()
        held = self._held
        end = data.rfind(b"\n\n")
        if end < 0 and not (held and data[0] == _LF[0] and held[-1][-1] == _LF[0]):
            held.append(data)
            self._held_bytes += len(data)
            if self._held_bytes > MAX_EVENT_BYTES:
                raise _too_long()
            return ()
        whole = b"".join((*held, data)) if held else data
        end = whole.rfind(b"\n\n")
        rest = whole[end + 2 :]
        self._held = [rest] if rest else []
        self._held_bytes = len(rest)
        return self._events(whole[:end])

    def close(self) -> Sequence[bytes]:
        """Give the last event where its blank line is missing."""
        whole = b"".join(self._held)
        self._held = []
        return self._events(whole)

    def _events(self, blocks: bytes) -> list[bytes]:
        if not self._started and blocks:
            self._started = True
            blocks = blocks.removeprefix(_BOM)
        found: list[bytes] = []
        for block in blocks.split(b"\n\n"):
            if block[:6] == b"data: " and _LF not in block:  # nearly every event of nearly everyone
                found.append(block[6:])
            elif (data := _data_of(block)) is not None:
                found.append(data)
        return found

    def _one_line_end(self, data: bytes) -> bytes:
        """Turn CRLF and lone CR into LF, also where a CRLF was cut in two."""
        if self._after_cr and data:
            self._after_cr = False
            data = data.removeprefix(_LF)
        if _CR in data:
            self._after_cr = data.endswith(_CR)
            data = data.replace(b"\r\n", _LF).replace(_CR, _LF)
        return data


def _data_of(block: bytes) -> bytes | None:
    """Join the data lines of one event; None where it has none (comments, a lone id)."""
    lines: list[bytes] = []
    for line in block.split(_LF):
        name, _, value = line.partition(b":")
        if name == b"data":
            lines.append(value.removeprefix(b" "))
        elif name == b"error":  # llama.cpp before b4000
            lines.append(b'{"error":' + value + b"}")
    return _LF.join(lines) if lines else None


def _too_long() -> Exception:
    return refuse(
        "badResponse",
        f"One event of the answer is longer than {MAX_EVENT_BYTES // 1024 // 1024} MiB.",
        "Check that the provider's address is one of a model server.",
    )

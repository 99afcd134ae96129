"""Control tokens and stop strings: which go on the wire, and where one begins in a stream."""

import re
from collections.abc import Collection, Iterable, Sequence

# OpenAI and several servers that follow it refuse a request with more.
WIRE_STOP_LIMIT = 4


def wire_stops(
    stops: Sequence[str], extra: Sequence[str] = (), limit: int = WIRE_STOP_LIMIT
) -> tuple[str, ...]:
    """Choose the stop strings to send, the family's own first; the cutter cuts at the rest."""
    return tuple(dict.fromkeys(text for text in (*stops, *extra) if text))[:limit]


def stop_pattern(strings: Iterable[str]) -> re.Pattern[str] | None:
    """One pattern for all of them, longest first; None where there is none."""
    ordered = sorted({text for text in strings if text}, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, ordered))) if ordered else None


def beginnings(strings: Iterable[str]) -> frozenset[str]:
    """Give all that each of them may begin with, short of the whole."""
    return frozenset(text[:length] for text in strings for length in range(1, len(text)))


def undecided_tail(text: str, beginnings: Collection[str]) -> int:
    """How many characters at the end of `text` may be the beginning of a stop string."""
    longest = max(map(len, beginnings), default=0)
    for length in range(min(longest, len(text)), 0, -1):
        if text[-length:] in beginnings:
            return length
    return 0

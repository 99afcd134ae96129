"""How long to wait before a model is asked by itself: rhythm, place, latency, rejections.

Pure arithmetic over numbers that the engine measured; milliseconds throughout.
"""

from collections import deque

import msgspec

from refact_lsp.core.text import Snapshot

FIRST_INTERVAL_MS = 180.0
PAUSE_MS = 1500.0  # longer gaps are thinking, not typing
SHORTEST_MS = 30.0
LONGEST_MS = 800.0
TRIGGERS = frozenset(".([{,=: \t<\"'`/@#")
_SMOOTHING = 0.2
_FEWEST_GAPS = 3


class Rhythm(msgspec.Struct):
    """The gaps between the last keystrokes of a document."""

    _gaps_ms: deque[float] = msgspec.field(default_factory=lambda: deque(maxlen=30))
    _last_ms: float | None = None

    def typed(self, at_ms: float) -> None:
        """Note a keystroke."""
        if self._last_ms is not None and 0 < (gap := at_ms - self._last_ms) < PAUSE_MS:
            self._gaps_ms.append(gap)
        self._last_ms = at_ms

    @property
    def interval_ms(self) -> float:
        """The median of the gaps; `statistics` would take the start a millisecond and a half."""
        if len(self._gaps_ms) < _FEWEST_GAPS:
            return FIRST_INTERVAL_MS
        ordered = sorted(self._gaps_ms)
        half = len(ordered) // 2
        return (ordered[half] + ordered[~half]) / 2


class Smoothed(msgspec.Struct):
    """A running average that forgets."""

    value: float

    def add(self, sample: float) -> None:
        """Let a sample in."""
        self.value += _SMOOTHING * (sample - self.value)


def delay_ms(
    snapshot: Snapshot,
    *,
    interval_ms: float,
    latency_ms: float,
    rejections: int,
    client_ms: float,
    fixed_ms: float | None = None,
) -> float:
    """Give the wait before an automatic request, what the client waited already taken off.

    Somebody who types faster than one and a half of their own gaps is still typing. A place where
    a suggestion is likely wanted asks sooner; a model that answers slowly is asked earlier, since
    its own time is a debounce too; each rejection in a row makes the wait longer.
    """
    if fixed_ms is not None:
        return max(0.0, fixed_ms - client_ms)
    wanted = 1.5 * interval_ms * (1.0 - 0.6 * eagerness(snapshot))
    wanted -= 0.2 * min(latency_ms, LONGEST_MS)
    wanted *= 1.0 + 0.4 * min(rejections, 5)
    return max(0.0, min(max(wanted, SHORTEST_MS), LONGEST_MS) - client_ms)


def eagerness(snapshot: Snapshot) -> float:
    """Say from 0 to 1 how likely a suggestion is wanted at this place."""
    left, right = snapshot.line_prefix, snapshot.line_suffix.strip()
    score = 0.0
    if not left.strip() or left[-1] in TRIGGERS:
        score += 0.6
    if not right:
        score += 0.3
    if snapshot.line == len(snapshot.lines) - 1:
        score += 0.1
    return score

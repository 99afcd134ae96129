"""The cutter: reads a stream piece by piece and says where its useful part ends."""

from refact_lsp.features.completion.cut.context import Cut, CutContext, CutReason
from refact_lsp.features.completion.cut.stops import stop_pattern, undecided_tail

_RIGHT_TEXT_CHARS = 12


class Cutter:
    """Holds the state of one stream. `feed` and `finish` are the whole interface.

    `feed` gives None for "read on" and a `Cut` once the end is decided; after that it must not be
    fed again. `finish` is called where the stream ends by itself.
    """

    def __init__(self, context: CutContext) -> None:
        self._context = context
        self._received = ""
        self._control = stop_pattern(context.cut_strings)
        self._right = context.line_suffix.strip()[:_RIGHT_TEXT_CHARS]

    @property
    def so_far(self) -> str:
        """What may be shown of a stream that goes on."""
        held = undecided_tail(self._received, self._context.cut_strings)
        return self._received[: len(self._received) - held]

    def feed(self, delta: str) -> Cut | None:
        """Read a piece of the stream."""
        self._received += delta
        return self._decide()

    def finish(self) -> Cut:
        """Close a stream that ended by itself."""
        return self._decide() or self._cut(len(self._received), "end")

    def _decide(self) -> Cut | None:
        text = self._received
        found = self._control.search(text) if self._control else None
        cuts: list[tuple[int, CutReason]] = []
        if found:
            cuts.append((found.start(), "controlToken"))
        if self._single_line() and (newline := text.find("\n", self._first_ink())) >= 0:
            cuts.append((newline, "newline"))
        if self._right and (meeting := text.find(self._right)) >= 0:
            cuts.append((meeting, "rightText"))
        return self._cut(*min(cuts)) if cuts else None

    def _single_line(self) -> bool:
        return self._context.multiline == "never" or bool(self._right)

    def _first_ink(self) -> int:
        return len(self._received) - len(self._received.lstrip())

    def _cut(self, at: int, reason: CutReason) -> Cut:
        text = self._received[:at]
        for length in range(min(len(text), len(self._context.suffix)), 7, -1):
            if text.endswith(self._context.suffix[:length]):
                text = text[:-length]
                break
        return Cut(text=text.rstrip(), reason=reason, rest=self._received[at:])

"""Collects a model's events into the message that is stored. Pure: events in, parts out."""

import msgspec

from refact_lsp.core.events import (
    Event,
    Finished,
    ReasoningDelta,
    ReasoningSealed,
    TextDelta,
    ToolCalled,
    UsageReported,
    Vectors,
)
from refact_lsp.core.parts import Part, ReasoningPart, TextPart, ToolCallPart
from refact_lsp.core.types import FinishReason, Usage


class Answer:
    """What came so far; neighbouring pieces of one kind are one part."""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._pieces: list[str] = []
        self._kind: type[TextDelta | ReasoningDelta] | None = None
        self.usage: Usage | None = None
        self.finish: FinishReason | None = None

    def take(self, event: Event) -> None:
        """Add one event."""
        match event:
            case TextDelta() | ReasoningDelta():
                if self._kind is not type(event):
                    self._close()
                    self._kind = type(event)
                self._pieces.append(event.delta)
            case ReasoningSealed(opaque=opaque):
                self._close()
                self._seal(opaque)
            case ToolCalled():
                self._close()
                self._parts.append(
                    ToolCallPart(
                        id=event.id,
                        name=event.name,
                        arguments=event.arguments,
                        invalid=event.invalid,
                        opaque=event.opaque,
                    )
                )
            case UsageReported(usage=usage):
                self.usage = usage
            case Finished(reason=reason):
                self.finish = reason
            case Vectors():
                pass

    def parts(self) -> tuple[Part, ...]:
        """Give the message's parts as they now stand."""
        self._close()
        return tuple(self._parts)

    def _seal(self, opaque: object) -> None:
        """Seal the last thinking if that is open still: some vendors seal it after their text."""
        for number in range(len(self._parts) - 1, -1, -1):
            part = self._parts[number]
            if isinstance(part, ReasoningPart):
                if part.opaque is not None:
                    break
                self._parts[number] = msgspec.structs.replace(part, opaque=opaque)
                return
        self._parts.append(ReasoningPart(text="", opaque=opaque))

    def _close(self) -> None:
        text = "".join(self._pieces)
        if text and self._kind is TextDelta:
            self._parts.append(TextPart(text=text))
        elif text and self._kind is ReasoningDelta:
            self._parts.append(ReasoningPart(text=text))
        self._pieces, self._kind = [], None

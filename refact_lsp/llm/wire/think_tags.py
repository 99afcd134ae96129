"""Splits `<think>…</think>` at the head of an answer off as thinking, for servers that leave it."""

from collections.abc import Sequence
from typing import Literal

from refact_lsp.core.events import Event, ReasoningDelta, TextDelta

_CLOSINGS = {"<think>": "</think>", "<thought>": "</thought>"}  # the second is Gemini's


class ThinkTags:
    """Holds back only what may still become a tag."""

    def __init__(self) -> None:
        self._state: Literal["start", "opened", "thinking", "after", "text"] = "start"
        self._close = ""
        self._held = ""

    def feed(self, text: str) -> Sequence[Event]:
        """Take text; give it as thinking or as answer."""
        if self._state == "text":
            return (TextDelta(delta=text),)
        held = self._held + text
        if self._state == "start":
            shown = held.lstrip()
            tag = next((tag for tag in _CLOSINGS if shown.startswith(tag)), None)
            if tag is None and any(tag.startswith(shown) for tag in _CLOSINGS):
                self._held = held
                return ()
            if tag is None:
                self._state, self._held = "text", ""
                return (TextDelta(delta=held),)
            self._state, self._close = "opened", _CLOSINGS[tag]
            held = shown[len(tag) :]
        return self._think(held)

    def close(self) -> Sequence[Event]:
        """Give what was held back when the answer ended."""
        held, self._held = self._held, ""
        if not held:
            return ()
        is_thinking = self._state in ("opened", "thinking")
        return (ReasoningDelta(delta=held) if is_thinking else TextDelta(delta=held),)

    def _think(self, held: str) -> Sequence[Event]:
        if self._state == "after":
            return self._answer(held)
        if self._state == "opened":
            held = held.lstrip("\n")
            self._state = "thinking" if held else "opened"
        close = self._close
        thought, tag, rest = held.partition(close)
        if tag:
            self._state = "after"
            events: list[Event] = [ReasoningDelta(delta=thought)] if thought else []
            return (*events, *self._answer(rest))
        keep = next((n for n in range(len(close) - 1, 0, -1) if held.endswith(close[:n])), 0)
        self._held = held[len(held) - keep :]
        shown = held[: len(held) - keep]
        return (ReasoningDelta(delta=shown),) if shown else ()

    def _answer(self, rest: str) -> Sequence[Event]:
        """Drop the blank lines that models leave between thinking and answer."""
        self._held = ""
        shown = rest.lstrip("\n")
        if not shown:
            return ()
        self._state = "text"
        return (TextDelta(delta=shown),)

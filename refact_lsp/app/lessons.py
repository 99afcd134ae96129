"""What models refused, remembered in the store: the client's memory across starts."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from refact_lsp.llm.adjustments import Adjustment

_FIELD = "adjustments"

Read = Callable[[str, str], Mapping[str, object]]
Write = Callable[[str, str, dict[str, Any]], None]


class Lessons:
    """Reads what is learned of a model from memory; writes behind."""

    def __init__(self, read: Read, write: Write) -> None:
        self._read = read
        self._write = write

    def recall(self, provider: str, model: str) -> Sequence[Adjustment]:
        """Give the adjustments of a model, oldest first."""
        try:
            stored = self._read(provider, model).get(_FIELD, ())
            return msgspec.convert(stored, tuple[Adjustment, ...])
        except msgspec.ValidationError:
            return ()  # of another version: it is learned again

    def remember(self, provider: str, model: str, adjustment: Adjustment) -> None:
        """Add one; nothing is kept for requests that name no model."""
        if model:
            lessons = (*self.recall(provider, model), adjustment)
            self._write(provider, model, {_FIELD: msgspec.to_builtins(lessons)})

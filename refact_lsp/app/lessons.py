"""What models refused, remembered in the store: the client's memory across starts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from refact_lsp.llm.adjustments import Adjustment
from refact_lsp.store.models import learn

if TYPE_CHECKING:
    from refact_lsp.app.application import App

_FIELD = "adjustments"


class Lessons:
    """Reads from the world in memory and writes behind."""

    def __init__(self, app: "App") -> None:
        self._app = app

    def recall(self, provider: str, model: str) -> Sequence[Adjustment]:
        """Adjustments of a model, oldest first."""
        row = self._app.world.configuration.models.get(provider, {}).get(model)
        stored: object = row.learned.get(_FIELD, []) if row else []
        try:
            return msgspec.convert(stored, tuple[Adjustment, ...])
        except msgspec.ValidationError:
            return ()  # of another version: it is learned again

    def remember(self, provider: str, model: str, adjustment: Adjustment) -> None:
        """Add one; nothing is kept for requests that name no model."""
        if not model:
            return
        lessons = msgspec.to_builtins((*self.recall(provider, model), adjustment))
        self._app.start(
            self._app.change(
                lambda connection: learn(connection, provider, model, {_FIELD: lessons})
            )
        )

"""Counts for inline completion: the same lines again and again, and nothing may be waited for."""

import asyncio
from collections.abc import Callable
from functools import lru_cache, partial

import msgspec

from refact_lsp.app.application import App
from refact_lsp.core.nouns import Model
from refact_lsp.core.tokens import estimate
from refact_lsp.features.counting.counter import calibration, exactly, vocabulary_of

_LINES_COUNTED = 20_000


class LineCount(msgspec.Struct, frozen=True):
    """Counts in units of its own; `factor` makes tokens of the model of them.

    A factor would be lost on single lines, which have few tokens: budgets are divided by it.
    `line` remembers what it has counted, `text` does not.
    """

    text: Callable[[str], int]
    line: Callable[[str], int]
    factor: float = 1.0

    def tokens(self, text: str) -> int:
        """Count a text in the model's own tokens."""
        return round(self.text(text) * self.factor)

    def units(self, tokens: int) -> int:
        """Give what a budget of the model's own tokens is in these units."""
        return int(tokens / self.factor)


class LineCounter:
    """Gives what counts for a model now; a vocabulary on the disk is read in the background."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._line = lru_cache(_LINES_COUNTED)(estimate)
        self._exact: dict[str, LineCount] = {}
        self._sought: set[str] = set()

    def of(self, model: Model) -> LineCount:
        """Give the best count that is ready."""
        encoding = self._app.catalog.tokenizer(model.capabilities.tokenizer).encoding
        if encoding is None or not self._app.vocabularies.is_loaded(encoding):
            self._seek(model)
            return LineCount(estimate, self._line, calibration(self._app, model).factor)
        if encoding not in self._exact:
            text = partial(exactly, self._app, encoding)
            self._exact[encoding] = LineCount(text, lru_cache(_LINES_COUNTED)(text))
        return self._exact[encoding]

    def _seek(self, model: Model) -> None:
        vocabulary = vocabulary_of(self._app, model)
        if vocabulary is not None and vocabulary.encoding not in self._sought:
            self._sought.add(vocabulary.encoding)
            self._app.start(asyncio.to_thread(self._app.vocabularies.load, vocabulary))

"""Counts tokens with what is at hand: a vocabulary, else an estimate that learned from usage.

    counter(app, model)        counts texts right now: no disk, no network
    ready_counter(app, model)  the same, once a vocabulary that is on the disk was read
    told(app, model)           what is in force, as front ends show it

Where a server has a tokenizer route, `counting.server` asks it what an estimate leaves open.
"""

import asyncio
from collections.abc import Callable
from functools import partial

import msgspec

from refact_lsp.app.application import App
from refact_lsp.core.nouns import Model, TokenCounting, VocabularyState
from refact_lsp.core.tokens import Calibration, Vocabulary, estimate
from refact_lsp.features.counting.routes import count_route

_SLICE_CHARS = 16_384
# A vocabulary of single bytes has some 36 tokens for one that is estimated.
_LEAST_FACTOR, _MOST_FACTOR = 0.1, 40.0


class Counter(msgspec.Struct, frozen=True):
    """Counts texts in a model's own tokens; each text is counted once.

    `factor` is what an estimate is multiplied with, None where a vocabulary counts exactly.
    """

    base: Callable[[str], int]
    factor: float | None = None
    _counted: dict[str, int] = msgspec.field(default_factory=dict[str, int])

    @property
    def is_exact(self) -> bool:
        return self.factor is None

    def __call__(self, text: str) -> int:
        plain = self.plain(text)
        return plain if self.factor is None else int(plain * self.factor) + 1

    def plain(self, text: str) -> int:
        """Count before the factor."""
        found = self._counted.get(text)
        if found is None:
            found = self._counted[text] = self.base(text)
        return found

    def corrected(self, told_tokens: int, plain_tokens: int) -> "Counter | None":
        """Take what a server counted for a text for the truth; None where it cannot be true."""
        factor = told_tokens / plain_tokens if plain_tokens else 0.0
        is_possible = _LEAST_FACTOR < factor < _MOST_FACTOR
        return Counter(self.base, factor, self._counted) if is_possible else None


def counter(app: App, model: Model) -> Counter:
    """Give the best counter that is ready."""
    rule = app.catalog.tokenizer(model.capabilities.tokenizer)
    if rule.encoding is not None and app.vocabularies.is_loaded(rule.encoding):
        return Counter(partial(exactly, app, rule.encoding))
    return Counter(_estimated, calibration(app, model).factor)


async def ready_counter(app: App, model: Model) -> Counter:
    """Give the best counter there is; reading a vocabulary takes half a second, once."""
    vocabulary = vocabulary_of(app, model)
    if vocabulary is not None and not app.vocabularies.is_loaded(vocabulary.encoding):
        await asyncio.to_thread(app.vocabularies.load, vocabulary)
    return counter(app, model)


def calibration(app: App, model: Model) -> Calibration:
    """Give what was learned of a model, or the registry's factor on the safe side."""
    prior = app.catalog.tokenizer(model.capabilities.tokenizer).factor
    return app.calibrations.of(model.provider, model.name, prior)


def vocabulary_of(app: App, model: Model) -> Vocabulary | None:
    """Find the vocabulary that is exact for a model; None where nobody published one here."""
    return app.catalog.vocabulary(app.catalog.tokenizer(model.capabilities.tokenizer).encoding)


def told(app: App, model: Model) -> TokenCounting:
    """Say how a model's tokens are counted; reads its vocabulary from the disk."""
    vocabulary = vocabulary_of(app, model)
    state: VocabularyState | None = None
    if vocabulary is not None:
        state = VocabularyState(
            encoding=vocabulary.encoding,
            url=vocabulary.url,
            size_bytes=vocabulary.size_bytes,
            present=app.vocabularies.has(vocabulary),
        )
    learnt = calibration(app, model)
    route = count_route(app, model)
    return TokenCounting(
        by="vocabulary" if state and state.present else "server" if route else "estimate",
        factor=round(learnt.factor, 3),
        samples=learnt.samples,
        route=route,
        vocabulary=state,
    )


def exactly(app: App, encoding: str, text: str) -> int:
    """Count with a vocabulary that is loaded."""
    return app.vocabularies.count(encoding, text) or 0


def _estimated(text: str) -> int:
    # In slices, since the estimate of a long text lets nobody else run meanwhile.
    return sum(estimate(text[at : at + _SLICE_CHARS]) for at in range(0, len(text), _SLICE_CHARS))

"""What was learned of how models count tokens: read from memory, kept behind."""

from collections.abc import Callable, Mapping

from refact_lsp.core.tokens import Calibration, learned

# A factor is written down when it has moved by this share since the last time.
_NOTICEABLE = 0.01

Key = tuple[str, str]
Keep = Callable[[str, str, Calibration], None]


class Calibrations:
    """The factors of all models that were heard of, by provider and name."""

    def __init__(self, known: Mapping[Key, Calibration], keep: Keep) -> None:
        self._known = dict(known)
        self._kept = dict(known)
        self._keep = keep

    def of(self, provider: str, model: str, prior: float) -> Calibration:
        """Give a model's; `prior` is the factor of one that nobody has heard of."""
        return self._known.get((provider, model)) or Calibration(factor=prior)

    def learn(
        self, provider: str, model: str, prior: float, *, estimated: int, reported: int
    ) -> None:
        """Take in what a provider counted for a text; see `core.tokens.learned`."""
        before = self.of(provider, model, prior)
        after = learned(before, estimated, reported)
        if after is before:
            return
        self._known[provider, model] = after
        kept = self._kept.get((provider, model))
        if kept is None or abs(after.factor / kept.factor - 1) > _NOTICEABLE:
            self._write(provider, model, after)

    def forget(self, provider: str) -> None:
        """Forget a provider's models."""
        for key in [key for key in self._known if key[0] == provider]:
            del self._known[key]
            self._kept.pop(key, None)

    def keep_all(self) -> None:
        """Write down what has not been yet."""
        for (provider, model), calibration in self._known.items():
            if self._kept.get((provider, model)) != calibration:
                self._write(provider, model, calibration)

    def _write(self, provider: str, model: str, calibration: Calibration) -> None:
        self._kept[provider, model] = calibration
        self._keep(provider, model, calibration)

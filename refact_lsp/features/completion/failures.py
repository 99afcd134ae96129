"""When a model that failed may be asked again, so that a broken provider is not hammered. Pure."""

import msgspec

from refact_lsp.core.problems import Problem, ProblemKind
from refact_lsp.features.completion.ports import Target

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
UNTIL_CHANGED_S = 600.0
# Waiting does not cure these: somebody has to change a setting first.
LASTING: frozenset[ProblemKind] = frozenset(
    ("authentication", "permission", "billing", "modelNotFound", "notConfigured", "unsupported")
)


class Failures(msgspec.Struct):
    """The failures in a row of the model that serves now."""

    problem: Problem | None = None
    until_s: float = 0.0
    _count: int = 0
    _of: tuple[str, str] = ("", "")

    def note(self, target: Target, problem: Problem, now_s: float) -> None:
        """Take a failure in, and decide how long not to ask by itself."""
        self._follow(target)
        self._count += 1
        self.problem = problem
        pause_s = min(FIRST_PAUSE_S * 2 ** (self._count - 1), LONGEST_PAUSE_S)
        if problem.kind in LASTING:
            pause_s = UNTIL_CHANGED_S
        if problem.retry_after_ms is not None:
            pause_s = max(pause_s, problem.retry_after_ms / 1000)
        self.until_s = now_s + pause_s

    def clear(self) -> None:
        """Forget the failures: an answer came."""
        self.problem, self.until_s, self._count = None, 0.0, 0

    def failing_until_s(self, target: Target) -> float:
        """Give the moment before which this model is not asked by itself."""
        self._follow(target)
        return self.until_s

    def _follow(self, target: Target) -> None:
        of = (target.model, target.revision)
        if of != self._of:
            self.clear()
            self._of = of

"""Whether and when to ask again. Pure: the chance comes in as a number.

Asked only while no event of the answer has reached the caller; that is the client's promise.
"""

import msgspec

from refact_lsp.core.problems import Problem, ProblemKind

# How often a failure of that kind may be tried in all, whatever the patience.
_TRIES: dict[ProblemKind, int] = {
    "rateLimited": 10,
    "overloaded": 10,
    "network": 3,  # a server that is not there will not be there in a minute either
    "timeout": 2,  # the wait was long already
    "badResponse": 2,  # a cut or empty answer is bad luck once
}


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long a caller is willing to wait: tries in all, and the longest single wait."""

    tries: int
    first_wait_ms: int = 500
    longest_wait_ms: int


PATIENT = Patience(tries=4, longest_wait_ms=60_000)  # a person waits for an answer
BRIEF = Patience(tries=2, first_wait_ms=0, longest_wait_ms=300)  # inline completion, lists
NONE = Patience(tries=1, longest_wait_ms=0)  # tests of a provider: the first failure is the answer


def delay_ms(tried: int, problem: Problem, patience: Patience, chance: float) -> int | None:
    """Give the wait before the next try, or None to give up.

    `tried` counts the tries so far and `chance` lies in [0, 1). A wait that the server named is
    kept, plus up to a tenth so that clients do not come back in step; one longer than the caller's
    patience ends it at once. Otherwise waits double, with half of each left to chance.
    """
    if tried >= min(patience.tries, _TRIES.get(problem.kind, 1)):
        return None
    if problem.retry_after_ms is not None:
        wait = problem.retry_after_ms + int(chance * problem.retry_after_ms / 10)
        return wait if problem.retry_after_ms <= patience.longest_wait_ms else None
    wait = min(patience.first_wait_ms << (tried - 1), patience.longest_wait_ms)
    return wait // 2 + int(chance * wait / 2)

"""Runs a role's chain: the model, then its fallbacks, moving on by the class of error.

Moves on only while nothing of an answer has reached the caller; what the next model says would not
fit to what the last one began.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

import msgspec

from refact_lsp.core.events import Event
from refact_lsp.core.problems import Problem, ProblemKind, RefactError

# Failures of this model or provider. What is wrong with the request, forbidden by the user's rules
# or refused for its content would not get better elsewhere, or should not be tried elsewhere.
MOVES_ON: frozenset[ProblemKind] = frozenset(
    {
        "authentication",
        "badResponse",
        "billing",
        "modelNotFound",
        "network",
        "notConfigured",
        "offline",
        "overloaded",
        "permission",
        "rateLimited",
        "timeout",
    }
)


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """One model of the chain and how to ask it."""

    model: str
    stream: Callable[[], AsyncGenerator[Event]]


async def failover(
    chain: Sequence[Link], switched: Callable[[str, str, Problem], None]
) -> AsyncGenerator[Event]:
    """Give the events of the first link that answers; `switched(from, to, why)` at each move.

    Raises the last link's error where none does. Close it (`contextlib.aclosing`) when reading
    stops early.
    """
    for link, following in zip(chain, [*chain[1:], None], strict=True):
        shown = False
        try:
            async with aclosing(link.stream()) as events:
                async for event in events:
                    shown = True
                    yield event
        except RefactError as error:
            if shown or following is None or error.problem.kind not in MOVES_ON:
                raise
            switched(link.model, following.model, error.problem)
        else:
            return

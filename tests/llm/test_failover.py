from collections.abc import AsyncGenerator, Sequence

from refact_lsp.core.events import Event, Finished, TextDelta
from refact_lsp.core.problems import Problem, ProblemKind, RefactError, refuse
from refact_lsp.llm.failover import Link, failover
from tests.rows import every_row

END = Finished(reason="stop")


def link(model: str, events: Sequence[Event], failure: ProblemKind | None = None) -> Link:
    async def stream() -> AsyncGenerator[Event]:
        for event in events:
            yield event
        if failure:
            raise refuse(failure, f"{model} failed")

    return Link(model=model, stream=stream)


async def run(*chain: Link) -> tuple[list[Event], list[tuple[str, str, str]], str | None]:
    events: list[Event] = []
    moves: list[tuple[str, str, str]] = []

    def switched(before: str, after: str, why: Problem) -> None:
        moves.append((before, after, why.kind))

    try:
        async for event in failover(chain, switched):
            events.append(event)  # noqa: PERF401  — what came before a failure counts
    except RefactError as error:
        return events, moves, error.problem.message
    return events, moves, None


@every_row(
    "kind",
    [
        *("rateLimited", "overloaded", "network", "timeout", "billing", "modelNotFound"),
        *("authentication", "permission", "badResponse", "notConfigured", "offline"),
    ],
)
async def test_the_next_model_answers_where_this_one_cannot(kind: ProblemKind):
    chain = (link("a", [], kind), link("b", [], kind), link("c", [END]))
    assert await run(*chain) == ([END], [("a", "b", kind), ("b", "c", kind)], None)


@every_row(
    "kind", ["invalidRequest", "contextTooLong", "contentFilter", "privacy", "budget", "cancelled"]
)
async def test_what_is_no_fault_of_the_model_stays_with_it(kind: ProblemKind):
    assert await run(link("a", [], kind), link("b", [END])) == ([], [], "a failed")


async def test_once_something_was_shown_nobody_else_goes_on():
    text = TextDelta(delta="x")
    assert await run(link("a", [text], "network"), link("b", [END])) == ([text], [], "a failed")


async def test_the_last_failure_is_the_one_that_is_raised():
    chain = (link("a", [], "network"), link("b", [], "billing"))
    assert await run(*chain) == ([], [("a", "b", "network")], "b failed")
